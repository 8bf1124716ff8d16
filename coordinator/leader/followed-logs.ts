/**
 * What live attempts print, for people who read it as it comes. A worker is asked for it only while somebody
 * reads, by asking again and again: whoever ceases to read need not say so. What comes is held here, as
 * much as somebody may be behind, and nowhere else: the store has the end of it once the attempt has ended.
 *
 * Texts are placed by the number of their first byte, so what is said twice (after a reconnect, or under a new
 * leader) is heard once, and what was left out on the way shows as a gap.
 */
import { FEATURE_LOG, type LogText } from '../../proto/messages.js';
import type { EpochKey } from '../../proto/work.js';
import { heldUnder } from './boxes.js';
import type { Attempt, WorkerRun } from './model.js';
import type { TurnNotes } from './notes.js';
import type { WorkerRequestContext } from './worker-requests.js';

/** Who has not asked again for so long reads no more. */
export const READER_GONE_MS = 5_000;
/** So often the worker is asked to go on, and for how long. */
export const RENEW_MS = 3_000;
export const FOLLOW_FOR_MS = 10_000;
/** Held of one attempt: more than two seconds of what a worker tells at most (worker/agent/log-follower.ts). */
const MOST_HELD_BYTES = 256 * 1024;
/** At once: together they are 2 MiB a second at most, on whatever carries them. */
export const MOST_FOLLOWED = 32;

export interface LogPiece {
  /** Bytes that were printed before these. */
  readonly from: number;
  readonly text: Uint8Array;
}

/** Of one attempt. */
export interface LiveLog {
  readonly attempt: string;
  readonly worker: { readonly id: string; readonly name: string };
  readonly kind: 'train' | 'evaluate';
  /** Epochs [from, to). */
  readonly from: number;
  readonly to: number;
  /** `untold`: its worker is of a version that cannot tell; `crowded`: too many others are read; `ended`: nothing follows `pieces`. */
  readonly state: 'live' | 'untold' | 'crowded' | 'ended';
  /** What is held of it, oldest first. What lies between two of them, or before the first, was left out. */
  readonly pieces: readonly LogPiece[];
}

export interface FollowContext extends Pick<WorkerRequestContext, 'now' | 'send'> {
  readonly notes: Pick<TurnNotes, 'stale'>;
}

interface Followed {
  readonly attempt: Attempt;
  readAt: number;
  askedAt: number;
  pieces: LogPiece[];
  /** Number of bytes that were heard, or left out. */
  end: number;
}

export class FollowedLogs {
  readonly #followed = new Map<string, Followed>();

  /** What there is to read of the attempts of `live` that have begun on `path`, and of those that have just ended. */
  follow(context: Pick<FollowContext, 'send'>, live: readonly Attempt[], path: ReadonlySet<EpochKey>, now: number): LiveLog[] {
    const onPath = (attempt: Attempt): boolean => attempt.nodes.some(({ key }) => path.has(key));
    const begun = live.filter((attempt) => attempt.begunAt !== null && onPath(attempt));
    for (const attempt of begun) this.#read(context, attempt, now);
    const ended = [...this.#followed.values()].filter(({ attempt }) => hasEnded(attempt) && onPath(attempt));
    return [...ended.map(({ attempt }) => attempt), ...begun].map((attempt) => this.#told(attempt));
  }

  /** What is said under another lease than the one that is held is not heard. */
  heard(context: FollowContext, { attempt: id, token, from, text }: LogText, worker: WorkerRun): void {
    const attempt = heldUnder(worker, { attempt: id, token });
    if (attempt === undefined) {
      context.notes.stale += 1;
      return;
    }
    const followed = this.#followed.get(id);
    if (followed?.attempt !== attempt) return;
    const known = Math.max(0, followed.end - from);
    if (known >= text.length) return;
    // A copy: what was decoded holds on to its whole frame.
    const kept = text.slice(Math.max(known, text.length - MOST_HELD_BYTES));
    followed.pieces.push({ from: from + text.length - kept.length, text: kept });
    followed.end = from + text.length;
    let held = followed.pieces.reduce((sum, piece) => sum + piece.text.length, 0);
    while (held > MOST_HELD_BYTES && followed.pieces.length > 1) held -= followed.pieces.shift()?.text.length ?? 0;
  }

  /** Its session is new: it follows nothing yet. */
  workerCame(worker: string): void {
    for (const followed of this.#followed.values()) if (followed.attempt.worker.id === worker) followed.askedAt = Number.NEGATIVE_INFINITY;
  }

  /** Lets go of what nobody reads any more. Call in every tick. */
  tick(context: FollowContext): void {
    const { now } = context;
    for (const [id, followed] of this.#followed) {
      const { attempt, end } = followed;
      const { worker, token } = attempt;
      if (now - followed.readAt > READER_GONE_MS) {
        this.#followed.delete(id);
        if (!hasEnded(attempt)) context.send(worker, { kind: 'follow', attempt: id, token, from: end, forMs: 0 });
      }
    }
  }

  #read(context: Pick<FollowContext, 'send'>, attempt: Attempt, now: number): void {
    const { id, token, worker } = attempt;
    if (!worker.features.has(FEATURE_LOG)) return;
    let followed = this.#followed.get(id);
    if (followed === undefined) {
      if (this.#followed.size >= MOST_FOLLOWED) return;
      followed = { attempt, readAt: now, askedAt: Number.NEGATIVE_INFINITY, pieces: [], end: 0 };
      this.#followed.set(id, followed);
    }
    followed.readAt = now;
    if (now - followed.askedAt < RENEW_MS) return;
    followed.askedAt = now;
    context.send(worker, { kind: 'follow', attempt: id, token, from: followed.end, forMs: FOLLOW_FOR_MS });
  }

  #told(attempt: Attempt): LiveLog {
    const { id, worker, kind, nodes } = attempt;
    const followed = this.#followed.get(id);
    const pieces = [...(followed?.pieces ?? [])];
    const state = followed !== undefined ? (hasEnded(attempt) ? 'ended' : 'live') : worker.features.has(FEATURE_LOG) ? 'crowded' : 'untold';
    return { attempt: id, worker: { id: worker.id, name: worker.name }, kind, from: nodes[0]?.epoch ?? 0, to: (nodes.at(-1)?.epoch ?? 0) + 1, state, pieces };
  }
}

/** Its lease is no longer held: nothing of it is heard any more. */
function hasEnded(attempt: Attempt): boolean {
  return attempt.worker.attempts.get(attempt.id) !== attempt;
}

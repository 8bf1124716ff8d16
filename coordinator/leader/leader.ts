/**
 * The leader: a loop of turns over one dispatcher. While a turn commits, messages gather for the next,
 * so batches grow with the load and a lone report waits for nothing but its own commit.
 *
 * Whatever goes wrong with the store ends the reign: memory is thrown away, sessions are closed (the
 * workers train on and say hello again), and leadership is taken anew from what is committed.
 */
import { nanoid } from 'nanoid';
import type { WorkerMessage } from '../../proto/messages.js';
import type { EpochKey } from '../../proto/work.js';
import { newId } from '../../proto/ids.js';
import type { Leased } from '../access/blob-rights.js';
import type { CarrierHandler, Peer } from '../dispatch/carrier.js';
import type { Leadership, Store } from '../store/store.js';
import { DatabaseFull } from '../store/errors.js';
import { Candidacy, NotLeading } from './candidacy.js';
import { Dispatcher, type TurnOutput } from './dispatcher.js';
import type { LiveLog } from './followed-logs.js';
import { fleetFactsOf, type FleetFacts } from './fleet-facts.js';
import { isEmpty, type Proposed, type SweepRun } from './model.js';
import { loadAll, reload } from './loading.js';
import type { LeaderObserver } from './observer.js';
import type { ProposingOf } from './proposing.js';
import { Requests } from './requests.js';
import { snapshotOf, type LeaderSnapshot } from './snapshot.js';
import { stagesInProgress, type StageInProgress } from './stages-in-progress.js';
import type { SessionFacts } from './worker-sessions.js';

export interface LeaderLogger {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
}

export interface LeaderOptions {
  readonly store: Store;
  readonly logger: LeaderLogger;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly leaseTermMs?: number;
  readonly checkpointEveryMs?: number;
  /** Who proposes trials for sweeps that do not know them all at their start. */
  readonly proposingOf: ProposingOf;
  /** Told of each reign's epoch when it begins, and null when it ends: some carriers let only the leader be heard. */
  readonly onReign?: (epoch: number | null) => void;
  readonly observer?: LeaderObserver;
}

type Input =
  | { readonly kind: 'message'; readonly peer: string; readonly message: WorkerMessage; readonly session: SessionFacts; readonly at: number }
  | { readonly kind: 'closed'; readonly peer: string }
  | { readonly kind: 'proposed'; readonly sweep: SweepRun; readonly proposed: Proposed | Error };

/** Long enough for a worker to reconnect after a coordinator's restart, short enough not to idle a box. */
export const LEASE_TERM_MS = 15_000;
/** What a crash may cost on a long stage; writing a checkpoint takes milliseconds. */
export const CHECKPOINT_EVERY_MS = 30_000;
const RELEAD_MS = 250;
/** A turn costs a transaction: so long a report waits for others to share it (no-op trials on 16 slots: 3 ms 386/s, 5 ms 420/s). */
const GATHER_MS = 5;

export class Leader implements CarrierHandler {
  readonly #store: Store;
  readonly #logger: LeaderLogger;
  readonly #now: () => number;
  readonly #leaseTermMs: number;
  readonly #checkpointEveryMs: number;
  readonly #proposingOf: ProposingOf;
  readonly #onReign: (epoch: number | null) => void;
  readonly #observer: LeaderObserver | null;
  readonly #peers = new Map<string, Peer>();
  readonly #stopping = new AbortController();
  #inbox: Input[] = [];
  readonly #requests = new Requests();
  #signal: (() => void) | null = null;
  #reign: { readonly leadership: Leadership; readonly dispatcher: Dispatcher; readonly since: number } | null = null;
  #running: Promise<void> | null = null;
  readonly #candidacy = new Candidacy();
  /** Where workers and commands reach this coordinator. */
  #url: string | null = null;
  /** Where the one that leads is reached, as far as this standby knows. */
  #leaderUrl: string | null = null;
  #problem: string | null = null;

  constructor(options: LeaderOptions) {
    this.#store = options.store;
    this.#logger = options.logger;
    this.#now = options.now ?? (() => performance.now());
    this.#leaseTermMs = options.leaseTermMs ?? LEASE_TERM_MS;
    this.#proposingOf = options.proposingOf;
    this.#onReign = options.onReign ?? (() => undefined);
    this.#observer = options.observer ?? null;
    this.#checkpointEveryMs = options.checkpointEveryMs ?? CHECKPOINT_EVERY_MS;
  }

  /** `url`: this coordinator's HTTP address, which standbys tell to whoever asks them. Idempotent. */
  start(url: string): void {
    this.#url = url;
    this.#running ??= this.#run();
  }

  /** Finishes the turn at hand and gives leadership up. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#signal?.();
    await this.#running;
  }

  /** The fencing number for writes outside turns. Throws NotLeading. */
  get epoch(): number {
    if (this.#reign === null) throw new NotLeading(this.#leaderUrl);
    return this.#reign.leadership.epoch;
  }

  get leads(): boolean {
    return this.#reign !== null;
  }

  /** Resolves once this coordinator leads. Throws NotLeading where another one does, or after `atMostMs`. */
  async leading(atMostMs = Infinity): Promise<void> {
    await this.#candidacy.settled(atMostMs);
    if (this.#reign !== null) return;
    if (this.#candidacy.isStandby) await this.#lookWhoLeads();
    throw new NotLeading(this.#leaderUrl);
  }

  /**
   * Call after a submit or any other change of a sweep; resolves when the change is in force. Leases of
   * `giveBack`, a sweep that was stopped, end at once. Throws NotLeading.
   */
  wake(giveBack?: string): Promise<void> {
    return this.#ask(true, (dispatcher) => {
      if (giveBack !== undefined) dispatcher.giveBack(giveBack);
    });
  }

  /** A worker gives everything back and leaves; false where it is too old to leave. Throws NotLeading, WorkerNotFound, WorkerAmbiguous. */
  async drain(worker: string, actor: string): Promise<boolean> {
    let leaves = false;
    await this.#ask(false, (dispatcher) => (leaves = dispatcher.drain(worker, actor)));
    return leaves;
  }

  /** Ends a worker's quarantine; false where there was none. Throws NotLeading, WorkerNotFound, WorkerAmbiguous. */
  async releaseWorker(worker: string, actor: string): Promise<boolean> {
    let released = false;
    await this.#ask(false, (dispatcher) => (released = dispatcher.release(worker, actor)));
    return released;
  }

  #ask(reload: boolean, act: (dispatcher: Dispatcher) => void): Promise<void> {
    if (this.#reign === null) return Promise.reject(new NotLeading(this.#leaderUrl));
    const done = this.#requests.ask(reload, act);
    this.#signal?.();
    return done;
  }

  /** Null while another coordinator leads. */
  snapshot(): LeaderSnapshot | null {
    return this.#reign === null ? null : snapshotOf(this.#reign.dispatcher, this.#now());
  }

  /** Of the sweep with this id; none while another coordinator leads. */
  stagesInProgress(sweep: string): readonly StageInProgress[] {
    return this.#reign === null ? [] : stagesInProgress(this.#reign.dispatcher, sweep);
  }

  /** Why nothing can be written, where a person must see to it; else null. */
  get problem(): string | null {
    return this.#problem;
  }

  /** What stands now, in numbers; null while another coordinator leads. */
  facts(): FleetFacts | null {
    return this.#reign === null ? null : fleetFactsOf(this.#reign.dispatcher, this.#now());
  }

  /** As the dispatcher has it; null too while another coordinator leads. */
  leased(token: string): Leased | null {
    return this.#reign?.dispatcher.leased(token) ?? null;
  }

  /**
   * What attempts on a path print. Ask again and again: a worker tells it while somebody does. Null while another
   * coordinator leads.
   */
  followLogs(path: ReadonlySet<EpochKey>): readonly LiveLog[] | null {
    const dispatcher = this.#reign?.dispatcher;
    if (dispatcher === undefined) return null;
    const logs = dispatcher.followLogs(path, this.#now());
    if (dispatcher.speaks) this.#signal?.();
    return logs;
  }

  /** Whether it has led for so long that workers with leases of a former leader have come back, or lost them. */
  get settled(): boolean {
    return this.#reign !== null && this.#now() - this.#reign.since > this.#leaseTermMs;
  }

  opened(peer: Peer): void {
    this.#peers.set(peer.id, peer);
  }

  received(peer: Peer, message: WorkerMessage): void {
    if (this.#reign === null) {
      const { code, message: text } = new NotLeading(this.#leaderUrl);
      peer.send({ kind: 'refused', code, message: text, retry: true });
      peer.close();
      return;
    }
    this.#inbox.push({ kind: 'message', peer: peer.id, message, session: peer, at: this.#now() });
    this.#signal?.();
  }

  closed(peer: Peer): void {
    this.#peers.delete(peer.id);
    if (this.#reign === null) return;
    this.#inbox.push({ kind: 'closed', peer: peer.id });
    this.#signal?.();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#lead(signal);
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        this.#candidacy.set('unsettled');
        this.#leaderUrl = null;
        this.#problem = error instanceof DatabaseFull ? error.message : null;
        this.#logger.warn({ error: messageOf(error) }, 'leadership ended; taking it anew from the store');
        await this.#pause(RELEAD_MS);
      }
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const leadership = await this.#store.lead(signal, { url: this.#url, onStandby: () => this.#stand() });
    const lost = leadership.lost.then(() => {
      throw new NotLeading(null);
    });
    lost.catch(() => this.#signal?.());
    const dispatcher = this.#newDispatcher();
    let code: string | null = null;
    try {
      await loadAll(this.#store, dispatcher, this.#now);
      this.#reign = { leadership, dispatcher, since: this.#now() };
      this.#logger.info({ epoch: leadership.epoch, sweeps: dispatcher.board.sweeps.size }, 'leading');
      this.#leaderUrl = null;
      this.#candidacy.set('leads');
      this.#onReign(leadership.epoch);
      this.#observer?.led(leadership.epoch);
      await Promise.race([lost, this.#turns(leadership, dispatcher, signal)]);
    } catch (error) {
      code = error instanceof Error && 'code' in error ? String(error.code) : 'InternalError';
      throw error;
    } finally {
      if (this.#reign !== null) this.#observer?.ended(code);
      this.#abdicate();
      dispatcher.board.close();
      await leadership.release();
    }
  }

  #stand(): void {
    this.#candidacy.set('standby');
    this.#logger.info({}, 'another coordinator leads; this one stands by');
    void this.#lookWhoLeads();
  }

  /** Known from the store, as far as that answers. */
  async #lookWhoLeads(): Promise<void> {
    const found = await this.#store.leader().catch(() => null);
    if (this.#candidacy.isStandby) this.#leaderUrl = found?.url ?? null;
  }

  #abdicate(): void {
    this.#reign = null;
    this.#candidacy.set('unsettled');
    this.#inbox = [];
    this.#requests.take().failed(new NotLeading(null));
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
    this.#onReign(null);
  }

  async #turns(leadership: Leadership, dispatcher: Dispatcher, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#reign?.leadership === leadership) {
      const requests = this.#requests.take();
      try {
        if (requests.reload) await reload(this.#store, dispatcher);
        requests.act(dispatcher);
        const arrived = this.#inbox.splice(0);
        const output = this.#turn(dispatcher, arrived);
        const startedAt = this.#now();
        if (!isEmpty(output.writes)) {
          await this.#store.commitTurn(leadership.epoch, output.writes);
          this.#problem = null;
        }
        const committedAt = this.#now();
        this.#deliver(output);
        this.#observe(output, arrived, isEmpty(output.writes) ? null : committedAt - startedAt);
        for (const { sweep, count } of dispatcher.proposalsWanted()) void this.#propose(dispatcher, sweep, count);
        requests.committed();
      } catch (error) {
        requests.failed(error instanceof Error ? error : new Error(String(error)));
        throw error;
      }
      if (this.#inbox.length === 0 && this.#requests.count === 0) await this.#pause(this.#leaseTermMs / 10);
    }
  }

  #observe({ writes, notes }: TurnOutput, arrived: readonly Input[], commitMs: number | null): void {
    if (this.#observer === null) return;
    const now = this.#now();
    const reportMs = arrived.flatMap((input) => (input.kind === 'message' && 'seq' in input.message ? [now - input.at] : []));
    this.#observer.turn({ writes, notes, commitMs, reportMs });
  }

  #turn(dispatcher: Dispatcher, arrived: readonly Input[]): TurnOutput {
    const now = this.#now();
    for (const input of arrived) {
      if (input.kind === 'closed') dispatcher.closed(input.peer);
      else if (input.kind === 'proposed') takeProposals(dispatcher, input.sweep, input.proposed);
      else dispatcher.received(input.peer, input.message, now, input.session);
    }
    dispatcher.tick(now);
    dispatcher.settle(now);
    return dispatcher.take();
  }

  /** Proposes aside from the turns; what comes of it joins one of them. */
  async #propose(dispatcher: Dispatcher, sweep: SweepRun, count: number): Promise<void> {
    const { proposing } = sweep;
    if (proposing === null) return;
    proposing.busy = true;
    let proposed: Proposed | Error;
    try {
      const plans = await proposing.propose(count);
      const keys = [...new Set(plans.flatMap((plan) => plan.path))];
      const [epochs, evaluations] = await Promise.all([this.#store.epochsByKey(keys), this.#store.evaluationsByKey(keys)]);
      proposed = { trials: plans.map((plan) => ({ id: newId('trl'), plan })), epochs, evaluations };
    } catch (error) {
      proposed = error instanceof Error ? error : new Error(String(error));
    }
    if (this.#reign?.dispatcher !== dispatcher) return;
    this.#inbox.push({ kind: 'proposed', sweep, proposed });
    this.#signal?.();
  }

  #deliver(output: TurnOutput): void {
    for (const warning of output.warnings) this.#logger.warn({}, warning);
    for (const { peer, message } of output.sends) this.#peers.get(peer)?.send(message);
    for (const peer of output.close) {
      this.#peers.get(peer)?.close();
      this.#peers.delete(peer);
    }
  }

  #newDispatcher(): Dispatcher {
    return new Dispatcher({
      leaseTermMs: this.#leaseTermMs,
      heartbeatMs: this.#leaseTermMs / 5,
      checkpointEveryMs: this.#checkpointEveryMs,
      newId,
      newToken: nanoid,
      proposingOf: this.#proposingOf,
    });
  }

  /** Until something arrives, or `atMost` milliseconds. */
  async #pause(atMost: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, atMost);
      this.#signal = () => {
        clearTimeout(timer);
        // Let what arrives in the same moment join the turn.
        setTimeout(resolve, GATHER_MS);
      };
    });
    this.#signal = null;
  }
}

function takeProposals(dispatcher: Dispatcher, sweep: SweepRun, proposed: Proposed | Error): void {
  if (proposed instanceof Error) dispatcher.trouble(sweep, `no trial could be proposed: ${proposed.message}`);
  else dispatcher.admit(sweep, proposed);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

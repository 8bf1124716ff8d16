/** Attempts that were leased by a former leader. */
import { keepOf } from '../stage/forest.js';
import type { OpenAttempt } from '../store/records.js';
import type { TurnWrites } from '../store/turn-writes.js';
import type { AttemptLedger } from './attempt-ledger.js';
import type { Board } from './board.js';
import { evaluatedBy } from './hand-out.js';
import { blobsAdopted } from './leased-blobs.js';
import { goalOf, type Attempt } from './model.js';
import { Share } from './share.js';
import type { WorkerSessions } from './worker-sessions.js';

export interface AdoptContext {
  readonly board: Board;
  readonly ledger: AttemptLedger;
  readonly sessions: WorkerSessions;
  readonly options: { readonly leaseTermMs: number };
  readonly writes: TurnWrites;
}

/** It gets one full term, whether its worker is heard of or not; what no open sweep wants any more is released. */
export function adoptAttempt(context: AdoptContext, open: OpenAttempt, now: number): void {
  const { board, ledger, options, sessions, writes } = context;
  const nodes = open.keys.map((key) => board.forest.get(key)).filter((node) => node !== undefined);
  if (nodes.length < open.keys.length) {
    writes.ended.push({ attempt: open.attempt, token: open.token, outcome: 'released', message: 'no open sweep wants it any more', log: '', beganAfterMs: 0 });
    return;
  }
  const worker = sessions.worker(open.worker, now);
  const base = { id: open.attempt, token: open.token, kind: open.kind, worker, alone: open.alone, sweep: null, begunAt: now, leasedAt: now, expectedMs: 0 };
  const isTraining = open.kind === 'train';
  const next = isTraining ? nodes.findLastIndex((node) => node.recordedBy === open.attempt) + 1 : 0;
  // What it was told is not known any more: it is taken to keep what it should, for one term.
  const keep = isTraining ? keepOf(nodes) : new Set<number>();
  const due = new Map([...keep].map((epoch) => [epoch, now + options.leaseTermMs]));
  const payers = new Set(open.payers.flatMap((id) => board.sweeps.get(id) ?? []));
  const share = [...payers][0]?.share ?? board.standingAt(goalOf({ nodes }))[0]?.sweep.share ?? new Share();
  const blobs = blobsAdopted({ kind: open.kind, nodes, payers }, board);
  const attempt: Attempt = { ...base, payers, share, blobs, nodes, next, keep, due, evaluate: evaluatedBy(board, nodes), awaitFrom: 0, cancelled: false, progress: null };
  ledger.begin(attempt);
}

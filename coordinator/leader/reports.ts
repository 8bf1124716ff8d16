/** What a worker's reliable message changes, and the answer to it. Null where the message does not fit its lease. */
import type { Answer, CheckpointSaved, EpochReport, EvaluationReport, ReliableMessage } from '../../proto/messages.js';
import type { Outcome, OutcomeClass } from '../../proto/work.js';
import { memoryAsk, type MemoryPeaks } from '../placement/memory.js';
import { addEvaluation, mustKeep, superseded, type EpochNode } from '../stage/forest.js';
import { sameResult } from '../stage/same-result.js';
import type { TurnWrites } from '../store/turn-writes.js';
import type { AttemptLedger } from './attempt-ledger.js';
import type { Board } from './board.js';
import { spentWrite } from './budget.js';
import { goalOf, type Attempt } from './model.js';

/** The part of the context that reports change. */
export interface ReportContext {
  readonly board: Board;
  readonly ledger: AttemptLedger;
  readonly writes: TurnWrites;
  readonly peaks: MemoryPeaks;
  /** On the leader's clock. */
  readonly now: number;
  /** When a checkpoint that was asked for now is not waited for any longer, on the leader's clock. */
  readonly checkpointDue: number;
  /** Its worker has been heard of it. */
  begun(attempt: Attempt): void;
  endAttempt(attempt: Attempt, outcome: OutcomeClass, message: string, log: string): void;
}

export function answerReport(context: ReportContext, attempt: Attempt, message: ReliableMessage): Answer | null {
  const fine: Answer = { kind: 'answer', seq: message.seq, verdict: 'ok', next: 'continue', keep: false, evaluate: false };
  switch (message.kind) {
    case 'epoch':
      return epochReported(context, attempt, message, fine);
    case 'checkpoint':
      return checkpointSaved(context, attempt, message) ? fine : null;
    case 'evaluation':
      return evaluationReported(context, attempt, message) ? fine : null;
    case 'finished':
      learnMemory(context, attempt, message.outcome);
      learnPace(attempt, message.outcome, context.now);
      context.endAttempt(attempt, message.outcome.class, message.outcome.message, message.log);
      return fine;
  }
}

/** Of trainings that ended in peace: the bytes of one that ran out of memory are a prediction, or as far as it had come. */
function learnMemory({ peaks, writes }: ReportContext, attempt: Attempt, { class: outcome, neededBytes }: Outcome): void {
  if (outcome !== 'done' && outcome !== 'released') return;
  const first = attempt.nodes[0];
  const ask = first === undefined || attempt.kind !== 'train' ? null : memoryAsk(first.trajectory, first.settings);
  if (ask === null || neededBytes === null) return;
  const peak = { ...ask, bytes: neededBytes };
  if (peaks.learn(peak)) writes.peaks.push(peak);
}

function learnPace({ kind, sweep, begunAt, next }: Attempt, { class: outcome }: Outcome, now: number): void {
  if (kind === 'train' && outcome === 'done' && begunAt !== null && next > 0) sweep?.pace.learn(now - begunAt, next);
}

/** The node of a report, if it is the attempt's and its turn has come: epoch e only after e-1. */
function nodeOf(attempt: Attempt, message: { readonly epoch: number; readonly key: string }): EpochNode | null {
  const index = message.epoch - (attempt.nodes[0]?.epoch ?? 0);
  const node = attempt.nodes[index];
  if (node?.key !== message.key) return null;
  return node.parent?.result === null ? null : node;
}

function epochReported(context: ReportContext, attempt: Attempt, message: EpochReport, fine: Answer): Answer | null {
  const node = nodeOf(attempt, message);
  if (node === null || attempt.kind !== 'train') return null;
  const index = attempt.nodes.indexOf(node);
  const { board, writes } = context;
  const lease = { attempt: attempt.id, token: attempt.token, key: node.key };
  const repeated = index < attempt.next || node.recordedBy === attempt.id;
  attempt.next = Math.max(attempt.next, index + 1);
  context.begun(attempt);
  if (attempt.keep.has(node.epoch)) attempt.due.set(node.epoch, context.checkpointDue);
  node.lastWorker = attempt.worker.id;
  if (node.result === null) {
    const { seconds, params, msPerImage } = message.cost;
    node.result = message.result;
    node.seconds = seconds;
    node.params = params;
    node.msPerImage = msPerImage;
    node.recordedBy = attempt.id;
    writes.epochs.push({ attempt: attempt.id, token: attempt.token, key: node.key, parent: node.parent?.key ?? null, epoch: node.epoch, result: message.result, seconds, params, msPerImage });
    for (const sweep of attempt.payers) {
      sweep.spent.epochs += 1;
      if (sweep.record.spec.budget.epochs !== undefined) writes.spent.push(spentWrite(sweep));
    }
    board.recorded(node, writes);
  } else if (!repeated) {
    writes.retrained.push(lease);
    if (!sameResult(node.trajectory.numerics, node.result, message.result)) {
      const detail = { key: node.key, epoch: node.epoch, attempt: attempt.id, recorded: node.result, retrained: message.result };
      writes.events.push({ type: 'NonDeterministic', sweep: null, trial: null, detail });
    }
  }
  return { ...fine, ...decide(context, attempt, node) };
}

function decide(context: ReportContext, attempt: Attempt, node: EpochNode): Pick<Answer, 'next' | 'keep' | 'evaluate'> {
  const { board } = context;
  const rest = attempt.nodes.slice(attempt.next);
  const wanted = rest.some((later) => later.wanted > 0) || board.waitingForEvaluation(goalOf(attempt)).length > 0;
  const diverged = node.result?.diverged === true;
  // A worker that runs ahead of its answers has the state of this epoch no more.
  const keep = node.epoch >= attempt.awaitFrom && !diverged && node.checkpoint === null && (node.pins > 0 || mustKeep(node));
  if (keep) {
    attempt.keep.add(node.epoch);
    attempt.due.set(node.epoch, context.checkpointDue);
  }
  const evaluate = node.epoch >= attempt.awaitFrom && board.waitingForEvaluation(node).length > 0 && !attempt.evaluate.has(node.epoch) && node.evaluating === 0;
  if (evaluate) context.ledger.evaluateToo(attempt, node.epoch);
  return { next: wanted && !diverged ? 'continue' : 'stop', keep, evaluate };
}

function checkpointSaved(context: ReportContext, attempt: Attempt, message: CheckpointSaved): boolean {
  const node = nodeOf(attempt, message);
  const result = node?.result ?? null;
  if (node === null || result === null) return false;
  attempt.keep.delete(message.epoch);
  attempt.due.delete(message.epoch);
  if (node.checkpoint !== null) return true;
  const { writes, board } = context;
  node.checkpoint = message.blob;
  writes.checkpoints.push({ attempt: attempt.id, token: attempt.token, key: node.key, blob: message.blob, bytes: message.bytes });
  for (let before = superseded(node); before !== null; before = superseded(node)) {
    before.checkpoint = null;
    writes.dropped.push(before.key);
  }
  board.reconsider(node);
  return true;
}

function evaluationReported(context: ReportContext, attempt: Attempt, message: EvaluationReport): boolean {
  const node = attempt.nodes.find((candidate) => candidate.key === message.key);
  if (node === undefined) return false;
  if (node.evaluations.has(message.part)) return true;
  addEvaluation(node, message.part, message.result);
  const { key, part, result } = message;
  context.writes.evaluations.push({ attempt: attempt.id, token: attempt.token, key, part, result });
  context.board.evaluated(node, context.writes);
  return true;
}

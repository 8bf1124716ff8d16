/**
 * Where the open trials stand, and which work that makes ready. Each stands at one node, its frontier:
 * the first epoch of its path without a result, or the epoch whose evaluation it waits for. A frontier
 * is ready when no live attempt covers it and the state to begin with is at hand, or can be remade.
 */
import { checkpointComes, startFor, type EpochNode } from '../stage/forest.js';
import { mayBeCutShort } from './budget.js';
import type { ReadyItem, SweepRun, TrialRun } from './model.js';

export class Standing {
  /** Open trials by the epoch they stand at, and by the epoch whose evaluation they wait for. */
  readonly #frontiers = new Map<EpochNode, TrialRun[]>();
  readonly #unevaluated = new Map<EpochNode, TrialRun[]>();
  /** Frontiers that wait for what a live attempt does at a node, however far above them. */
  readonly #blocked = new Map<EpochNode, Set<EpochNode>>();

  at(node: EpochNode): readonly TrialRun[] {
    return this.#frontiers.get(node) ?? [];
  }

  waitingForEvaluation(node: EpochNode): readonly TrialRun[] {
    return this.#unevaluated.get(node) ?? [];
  }

  stand(node: EpochNode, trial: TrialRun): void {
    add(this.#frontiers, node, trial);
    this.consider(node);
  }

  awaitEvaluation(node: EpochNode, trial: TrialRun): void {
    add(this.#unevaluated, node, trial);
    this.consider(node);
  }

  leave(node: EpochNode, trial: TrialRun): void {
    remove(this.#frontiers, node, trial);
    remove(this.#unevaluated, node, trial);
  }

  /** Those who stood at the node, which stand nowhere now. */
  takeFrom(node: EpochNode): readonly TrialRun[] {
    const trials = this.at(node);
    this.#frontiers.delete(node);
    return trials;
  }

  consider(node: EpochNode): void {
    const sweeps = new Set([...this.at(node), ...this.waitingForEvaluation(node)].map((trial) => trial.sweep));
    for (const sweep of sweeps) for (const work of this.#workAt(node, sweep)) sweep.ready.push(work);
  }

  /** Queues whatever became possible at a node, right after it, or below it where that waited for this node. */
  reconsider(node: EpochNode): void {
    const blocked = this.#blocked.get(node);
    this.#blocked.delete(node);
    for (const waiting of new Set([node, ...node.children, ...(blocked ?? [])])) this.consider(waiting);
  }

  /** Whether an item taken from the queue is still to be done. */
  isReady(item: ReadyItem): boolean {
    return this.#workAt(item.node, item.sweep).some((work) => work.kind === item.kind);
  }

  /** What can be done at a node now for trials of a running sweep; what waits for another node is noted there. */
  #workAt(node: EpochNode, sweep: SweepRun): ReadyItem[] {
    if (sweep.state !== 'running') return [];
    const isIts = (trial: TrialRun): boolean => trial.sweep === sweep;
    const work: ReadyItem[] = [];
    const unevaluated = this.waitingForEvaluation(node).filter(isIts);
    if (unevaluated.length > 0 && node.evaluating === 0 && !checkpointComes(node)) {
      const place = { sweep, node, promoted: false, ahead: Number.POSITIVE_INFINITY, remaining: 1, order: leastNumber(unevaluated) };
      if (node.checkpoint !== null) work.push({ kind: 'evaluate', ...place });
      else if (this.#canBegin(node)) work.push({ kind: 'train', ...place });
    }
    const standing = this.at(node).filter(isIts);
    if (standing.length > 0 && this.#canBegin(node)) {
      const promoted = standing.some((trial) => sweep.promoted.has(trial));
      const remaining = standing.reduce((most, trial) => Math.max(most, urgency(trial, node)), 0);
      const ahead = standing.reduce((least, trial) => Math.min(least, trial.ahead ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
      work.push({ kind: 'train', sweep, node, promoted, ahead, remaining, order: leastNumber(standing) });
    }
    return work;
  }

  #canBegin(node: EpochNode): boolean {
    const start = startFor(node);
    if (start.kind === 'from') return true;
    const waiting = this.#blocked.get(start.by);
    if (waiting === undefined) this.#blocked.set(start.by, new Set([node]));
    else waiting.add(node);
    return false;
  }
}

function add(places: Map<EpochNode, TrialRun[]>, node: EpochNode, trial: TrialRun): void {
  const there = places.get(node);
  if (there === undefined) places.set(node, [trial]);
  else there.push(trial);
}

function remove(places: Map<EpochNode, TrialRun[]>, node: EpochNode, trial: TrialRun): void {
  const there = places.get(node)?.filter((other) => other !== trial);
  if (there === undefined) return;
  if (there.length === 0) places.delete(node);
  else places.set(node, there);
}

function leastNumber(trials: readonly TrialRun[]): number {
  return trials.reduce((least, trial) => Math.min(least, trial.number), Number.POSITIVE_INFINITY);
}

/**
 * Epochs that a trial still has before it. Where a budget may end the sweep first, trials go by their
 * numbers instead.
 */
function urgency(trial: TrialRun, node: EpochNode): number {
  return mayBeCutShort(trial.sweep) ? Number.MAX_SAFE_INTEGER : trial.length - node.epoch;
}

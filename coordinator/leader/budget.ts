/**
 * What a sweep may still use up. Epochs are exact: an attempt is granted no more new epochs than are left
 * after what live attempts may still record, so that no crash and no late report goes beyond the budget.
 */
import type { BudgetEnd } from '../sweep/spec.js';
import type { SpentWrite } from '../store/turn-writes.js';
import type { EpochNode } from '../stage/forest.js';
import { minimised } from '../trial/rank.js';
import type { Attempt, SweepRun } from './model.js';

/** What of its budget a sweep has used up, the first that is; null for nothing. */
export function usedUp(sweep: SweepRun): BudgetEnd | null {
  const { spent, best } = sweep;
  const { budget, objective } = sweep.record.spec;
  if (budget.wallClockMs !== null && spent.ranMs >= budget.wallClockMs) return 'wallClock';
  if (budget.epochs !== undefined && spent.epochs >= budget.epochs) return 'epochs';
  if (budget.slotMs !== undefined && spent.slotMs >= budget.slotMs) return 'slotHours';
  if (budget.gpuMs !== undefined && spent.slotMs >= budget.gpuMs) return 'gpuHours';
  const reached = (target: number): boolean => best !== null && best.score.shortfall === 0 && minimised(best.score.value, objective.direction) <= minimised(target, objective.direction);
  if (budget.target !== undefined && reached(budget.target)) return 'target';
  return budget.stagnation !== undefined && spent.sinceBest >= budget.stagnation ? 'stagnation' : null;
}

/** Whether the sweep may end before all of its trials do: it should then have some that are finished rather than all begun. */
export function mayBeCutShort({ record }: SweepRun): boolean {
  return Object.entries(record.spec.budget).some(([limit, value]) => limit !== 'trials' && value !== null);
}

/** Whether an epoch is one that nobody has recorded. */
const isNew = (node: EpochNode): boolean => node.result === null;

/** New epochs that the sweep may still begin, beside those that live attempts may still record for it. */
export function epochsLeft(sweep: SweepRun, live: () => readonly Attempt[]): number {
  const limit = sweep.record.spec.budget.epochs;
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  const begun = live().filter(({ kind, payers }) => kind === 'train' && payers.has(sweep)).reduce((sum, { nodes, next }) => sum + nodes.slice(next).filter(isNew).length, 0);
  return limit - sweep.spent.epochs - begun;
}

/** As much of a span as has at most so many new epochs. */
export function withinBudget(nodes: readonly EpochNode[], left: number): readonly EpochNode[] {
  let used = 0;
  const beyond = nodes.findIndex((node) => isNew(node) && (used += 1) > left);
  return beyond < 0 ? nodes : nodes.slice(0, beyond);
}

/** Those of the sweeps that can pay for the span; for the others what these pay for is free. */
export function payersOf(sweeps: Iterable<SweepRun>, nodes: readonly EpochNode[], live: () => readonly Attempt[]): Set<SweepRun> {
  const price = nodes.filter(isNew).length;
  return new Set([...new Set(sweeps)].filter((sweep) => epochsLeft(sweep, live) >= price));
}

/** As the store keeps it. */
export function spentWrite({ record, spent, endedBy }: SweepRun): SpentWrite {
  return { id: record.id, revision: record.revision, ...spent, endedBy };
}

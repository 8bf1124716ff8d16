/** A sweep as the leader begins to hold it, before it has any trials. */
import type { EvaluatedPart } from '../../proto/work.js';
import { Pace } from '../placement/ahead.js';
import { prunerOf } from '../pruner/make.js';
import type { SweepRecord } from '../store/records.js';
import { foldRuleOf } from '../trial/fold.js';
import type { Proposing, SweepRun } from './model.js';
import { SweepPruning } from './pruning.js';
import { ReadyQueue } from './ready-queue.js';
import type { Share } from './share.js';

export function sweepRunOf(record: SweepRecord, proposing: Proposing | null, share: Share): SweepRun {
  const { spec, data } = record;
  const has = (part: EvaluatedPart): boolean => data?.counts[part].some((count) => count > 0) === true;
  const rule = foldRuleOf(spec, data);
  return {
    record,
    rule,
    parts: (['val', 'test'] as const).filter(has),
    dataset: data?.manifest ?? null,
    trials: [],
    proposing,
    pruning: spec.pruner === null ? null : new SweepPruning(prunerOf(spec.pruner), spec.objective, rule),
    held: new Set(),
    promoted: new Set(),
    ready: new ReadyQueue(),
    share,
    state: record.state,
    open: 0,
    queued: 0,
    problem: null,
    replicates: new Map(),
    best: null,
    reports: false,
    pace: new Pace(),
    moved: false,
    movedAt: null,
    spent: { ...record.spent },
    savedMs: record.spent.ranMs + record.spent.slotMs,
    endedBy: record.endedBy,
  };
}

/** Turns a span of the forest into the work that a worker is offered. */
import { isClassifier, type EvaluateWork, type TrainWork } from '../../proto/work.js';
import type { EpochNode } from '../stage/forest.js';
import { earliestStop } from '../trial/fold.js';
import type { Attempt, TrialRun } from './model.js';

export interface WorkLimits {
  readonly memoryBytes: number | null;
  readonly checkpointEveryMs: number;
}

/** `trials`: those of running sweeps that stand at the span's goal, or wait for its evaluation. */
export function trainWork(attempt: Attempt, trials: readonly TrialRun[], limits: WorkLimits): TrainWork {
  const first = attempt.nodes[0];
  if (first === undefined) throw new Error('a span has at least one epoch');
  const sweep = trials[0]?.sweep;
  const { trajectory } = first;
  return {
    kind: 'train',
    trajectory,
    from: first.epoch,
    to: first.epoch + attempt.nodes.length,
    keys: attempt.nodes.map((node) => node.key),
    epochs: attempt.nodes.map((node) => node.settings),
    checkpoint: first.parent?.checkpoint ?? null,
    keep: [...attempt.keep],
    evaluate: [...attempt.evaluate],
    awaitFrom: attempt.awaitFrom,
    dataset: isClassifier(trajectory) ? (sweep?.dataset ?? null) : null,
    memoryBytes: limits.memoryBytes,
    timeoutMs: timeoutOf(trials),
    silenceMs: silenceOf(trials),
    checkpointEveryMs: limits.checkpointEveryMs,
  };
}

export function evaluateWork(node: EpochNode, trials: readonly TrialRun[], limits: WorkLimits): EvaluateWork {
  const sweep = trials[0]?.sweep;
  if (node.checkpoint === null || sweep === undefined || sweep.dataset === null || !isClassifier(node.trajectory)) {
    throw new Error('only a kept checkpoint of a classifier can be evaluated');
  }
  const { trajectory } = node;
  const parts = sweep.parts.filter((part) => !node.evaluations.has(part));
  return {
    ...{ kind: 'evaluate', trajectory, epoch: node.epoch, key: node.key, checkpoint: node.checkpoint, parts },
    ...{ dataset: sweep.dataset, memoryBytes: limits.memoryBytes, timeoutMs: timeoutOf(trials) },
  };
}

/**
 * Trials that keep their best epoch need each answer (it says whether to save); trials that may stop
 * early, or are judged by a pruner before their end, need answers from the first epoch that could end
 * them. All others let the worker run ahead: that their last epoch is kept and evaluated stands in the offer.
 */
export function awaitFrom(end: number, trials: readonly TrialRun[]): number {
  return trials.reduce((least, trial) => {
    const stop = trial.sweep.rule.stop;
    const judged = trial.until < trial.nodes.length ? trial.until - 1 : end;
    return Math.min(least, stop?.restoreBest === true ? 0 : earliestStop(trial.fold, stop), judged);
  }, end);
}

function timeoutOf(trials: readonly TrialRun[]): number | null {
  return trials.reduce<number | null>((longest, trial) => {
    const timeout = trial.sweep.record.spec.stageTimeoutMs;
    return timeout === null ? longest : Math.max(longest ?? 0, timeout);
  }, null);
}

/** The longest that any of them allows. */
function silenceOf(trials: readonly TrialRun[]): number | null {
  return trials.reduce<number | null>((longest, { sweep }) => {
    const { trainable } = sweep.record.spec;
    return 'silenceMs' in trainable ? Math.max(longest ?? 0, trainable.silenceMs) : longest;
  }, null);
}

/** Whether what a trial reports is what its sweep goes by: of a program nobody knows that before it runs. */
import type { EpochResult } from '../../proto/work.js';
import type { SweepSpec } from '../sweep/spec.js';

/** What a person reads of an epoch that lacks such a metric; null where it has all of them, diverged, or could not lack any. */
export function whatIsMissing({ trainable, objective, stop }: SweepSpec, { metrics, diverged }: EpochResult): string | null {
  if (diverged || (trainable.kind !== 'command' && trainable.kind !== 'module')) return null;
  const needed: readonly (readonly [string, string])[] = [
    ...[objective, ...(objective.others ?? [])].map((goal) => ['objective', goal.metric] as const),
    ...Object.keys(objective.floors).map((metric) => ['objective.floors', metric] as const),
    ...Object.keys(objective.ceilings ?? {}).map((metric) => ['objective.ceilings', metric] as const),
    ...(stop === null ? [] : [['stop.monitor', stop.monitor] as const]),
  ];
  const missing = needed.find(([, metric]) => !Object.hasOwn(metrics, metric));
  if (missing === undefined) return null;
  const [field, metric] = missing;
  return `the first epoch reported no ${metric}, which ${field} goes by; it reported ${Object.keys(metrics).join(', ')}: name one of those in the sweep file, and the epochs that are trained count for it`;
}

/** What a Gaussian process is to learn from trials: one number for each, smaller is better, mean zero, variance one. */
import type { Observation } from './sampler.js';

/**
 * Values above the median by more than this many times what it is above the least are cut there: one
 * run that diverged to 1e9 would flatten all others. The median and the least are those of the first
 * trials, which are spread over the whole space; later ones crowd round the best.
 */
const FENCE = 5;
const FIRST = 20;

/** Whether a trial says something to a process; `pending` ones are filled in by what it believes of them. */
export function isInformative({ state, value }: Observation): boolean {
  return state === 'infeasible' || ((state === 'completed' || state === 'pruned') && value !== null);
}

export const keepsFloors = ({ state, shortfall }: Observation): boolean => state !== 'infeasible' && shortfall === 0;

/**
 * `trials` are informative and by rising number. A pruned trial is taken to be no better than the median
 * of those that ran to the end; trials that miss floors are worse than the worst that keeps them, by
 * their shortfall; infeasible ones, and values that are not finite, as bad as the worst.
 */
export function targetsOf(trials: readonly Observation[]): Float64Array {
  const merits = trials.some(keepsFloors) ? withFloors(trials) : Float64Array.from(trials, ({ shortfall }) => shortfall);
  const mean = merits.reduce((sum, merit) => sum + merit, 0) / merits.length;
  const variance = merits.reduce((sum, merit) => sum + (merit - mean) ** 2, 0) / merits.length;
  const scale = variance > 0 ? Math.sqrt(variance) : 1;
  return merits.map((merit) => (merit - mean) / scale);
}

function withFloors(trials: readonly Observation[]): Float64Array {
  const kept = trials.filter((trial) => keepsFloors(trial) && Number.isFinite(trial.value));
  const completed = kept.filter(({ state }) => state === 'completed').map(({ value }) => value ?? 0);
  const middle = completed.length === 0 ? Number.NEGATIVE_INFINITY : medianOf(completed);
  const fence = fenceOf(kept.slice(0, FIRST).map(({ value }) => value ?? 0));
  const finite = kept.map(({ state, value }) => Math.min(fence, state === 'pruned' ? Math.max(middle, value ?? 0) : (value ?? 0)));
  const worst = finite.length === 0 ? 0 : Math.max(...finite);
  const range = finite.length === 0 ? 1 : worst - Math.min(...finite) || 1;
  const merits = new Map(kept.map((trial, index) => [trial, finite[index] ?? worst]));
  const mostMissed = trials.reduce((most, { shortfall }) => Math.max(most, shortfall), 0);
  return Float64Array.from(trials, (trial) => {
    if (trial.shortfall > 0) return worst + range * (trial.shortfall / mostMissed);
    return merits.get(trial) ?? worst;
  });
}

function fenceOf(values: readonly number[]): number {
  if (values.length === 0) return Number.POSITIVE_INFINITY;
  const middle = medianOf(values);
  const spread = middle - Math.min(...values);
  return spread > 0 ? middle + FENCE * spread : Number.POSITIVE_INFINITY;
}

/** The lower one of two middle values: half of the first trials may diverge. */
function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

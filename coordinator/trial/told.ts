import type { Observation } from '../sampler/sampler.js';
import type { ObjectiveSpec } from '../sweep/spec.js';
import { minimisedAll, scoreOf, type MeasuredEpoch } from './rank.js';

/** What a sampler is told of a trial, without its point. */
export type Told = Omit<Observation, 'point'>;

export interface Ended {
  readonly number: number;
  readonly state: 'completed' | 'pruned';
  /** Behind the value. */
  readonly epochs: number;
}

/** By the epoch that stands for a trial; failed where that lacks a value of an objective. */
export function toldOfEpoch(ended: Ended, measured: MeasuredEpoch, objective: ObjectiveSpec, { classes, positive }: { readonly classes: readonly string[]; readonly positive: number }): Told {
  const { number, state, epochs } = ended;
  const score = scoreOf(number, measured, objective, classes, positive);
  const values = minimisedAll(score, objective);
  if (values.some(Number.isNaN)) return { number, state: 'failed', value: null, shortfall: 0, epochs: 0 };
  return { number, state, value: values[0] ?? null, ...(objective.others === undefined ? {} : { values }), shortfall: score.shortfall, epochs };
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { carryTrials } from '../../../coordinator/api/carry.js';
import type { TrialRecord } from '../../../coordinator/store/records.js';
import type { Assignment, SweepSpec, TrialPlan } from '../../../coordinator/sweep/spec.js';
import { newPath, planOf, specOf } from '../store/facts.js';

function planned(number: number, assignment: Assignment): TrialPlan {
  return { ...planOf(number, newPath(Number(assignment.epochs))), assignment };
}

test('proposed trials of lengths that are no more go on as one, under the number of the first', () => {
  const axes = (epochs: number[]): Partial<SweepSpec> => ({ axes: [{ name: 'a', values: [1, 2] }, { name: 'epochs', values: epochs }], sampler: { tpe: { seed: 0 } } });
  const trials = [3, 4, 2].map((epochs, number): TrialRecord => {
    const plan = planned(number, { a: 1, epochs });
    return { id: `trl_${number}`, sweep: 'swp', number, assignment: plan.assignment, plan, state: 'completed', epochs, until: null, bestEpoch: 0, failure: null, ahead: null };
  });
  const { kept, fresh, dropped } = carryTrials({ spec: specOf('merged', axes([2, 3, 4])), trials }, specOf('merged', axes([2, 9])), [], planned);
  assert.deepEqual(fresh.map(({ plan, of }) => [plan.number, plan.assignment, of?.id]), [[0, { a: 1, epochs: 9 }, 'trl_0'], [2, { a: 1, epochs: 2 }, 'trl_2']]);
  assert.deepEqual([kept, dropped.map(({ id }) => id)], [[], ['trl_1']]);
});

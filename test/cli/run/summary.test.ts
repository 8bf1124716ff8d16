import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestLines } from '../../../cli/run/summary.js';
import type { Results } from '../../../coordinator/api/views.js';

function results(withTest: boolean): Results {
  const part = (confusion: number[][]): object => ({ loss: 0.1, accuracy: 0.9, auc: 0.9, f1: 0.9, confusion });
  const trial = { id: 'trl_1', number: 1, state: 'completed', settings: {}, epochs: 2, bestEpoch: 1, val: part([[11, 2], [3, 14]]), test: withTest ? part([[21, 5], [6, 27]]) : null };
  return { sweep: { data: { classes: ['a', 'b'] } }, trials: [trial] } as unknown as Results;
}

test('the confusion matrix of the best trial is that of the test part and says so', () => {
  const lines = bestLines(results(true));
  const at = lines.indexOf('  confusion on test:');
  assert.deepEqual(lines.slice(at + 2).map((line) => line.trim().split(/\s+/)), [['a', '21', '5'], ['b', '6', '27']]);
});

test('without a test part it is that of validation and says so', () => {
  const lines = bestLines(results(false));
  const at = lines.indexOf('  confusion on validation:');
  assert.deepEqual(lines.slice(at + 2).map((line) => line.trim().split(/\s+/)), [['a', '11', '2'], ['b', '3', '14']]);
});

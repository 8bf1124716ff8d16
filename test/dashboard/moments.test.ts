import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryOf } from '../../dashboard/pages/sweep/moments.js';
import { resultText } from '../../dashboard/text/trial-counts.js';

const point = (number: number, value: number, goesOn: { after: number; of: number } | null = null) => ({ id: `trl_${number}`, number, at: '2026-01-01T00:00:00.000Z', value, goesOn });
const AFTER = { after: 2, of: 4 };

test('results from before a sweep was changed are told apart from completed trials', () => {
  const [former, other, completed] = [point(0, 0.5, AFTER), point(1, 0.25, AFTER), point(2, 0.3)];
  assert.equal(summaryOf({ points: [completed], best: [completed], of: 1 }), 'Best 0.3000, of 1 completed');
  assert.equal(summaryOf({ points: [former, other], best: [former, other], of: 2 }), 'Best 0.2500, of 2 results, 2 of them from before the sweep was changed');
  assert.equal(summaryOf({ points: [former, other, completed], best: [former, other], of: 3 }), 'Best 0.2500, of 3 results, 2 of them from before the sweep was changed');
  assert.equal(summaryOf({ points: [former, completed], best: [], of: 5_000 }), 'None keeps to the limits of the objective yet, of 5,000 results, some of them from before the sweep was changed; a sample of 2 of them is drawn');
});

test('a result of a trial that goes on is told with the epochs after which it was', () => {
  assert.equal(resultText(0.25, AFTER), '0.2500 after 2 of 4 epochs');
  assert.equal(resultText(0.25, null), '0.2500');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planLines } from '../../../cli/run/plan-text.js';
import { bestLines, savingLines } from '../../../cli/run/summary.js';
import type { Results } from '../../../coordinator/api/trial-views.js';
import type { Preview } from '../../../coordinator/api/views.js';

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

test('where trials ended early, the closing line says how many epochs were planned', () => {
  const ended = { sweep: { state: 'completed' }, requestedEpochs: 118, trials: [{ plannedEpochs: 144 }] } as unknown as Results;
  assert.match(savingLines(ended, { trained: 118, retrained: 0 }, 1_000)[0] ?? '', /^Epochs: 118 requested \(of 144 planned; trials ended early\), 118 trained/);
});

test('the closing lines count what was pruned', () => {
  const trials = ['completed', 'pruned', 'pruned'].map((state) => ({ state, plannedEpochs: 9 }));
  const ended = { sweep: { state: 'completed' }, requestedEpochs: 11, trials } as unknown as Results;
  const [counts, epochs] = savingLines(ended, { trained: 11, retrained: 0 }, 1_000);
  assert.equal(counts, 'Trials: 1 completed, 2 pruned');
  assert.match(epochs ?? '', /^Epochs: 11 requested \(of 27 planned; trials ended early\)/);
});

test('a sweep of which everything is stored says that nothing is left to train', () => {
  const preview: Preview = { name: 'x', trials: 2, proposed: null, epochs: { requested: 118, distinct: 90, stored: 90, again: 0, budget: null }, existing: null, standing: 'new', differences: [], commands: [], carried: null, warmStart: null, work: [] };
  assert.match(planLines(preview, null).at(-1) ?? '', /of which 90 are stored already: nothing is left to train$/);
});

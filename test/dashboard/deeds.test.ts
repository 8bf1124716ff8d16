import assert from 'node:assert/strict';
import { it } from 'node:test';
import { momentsOf } from '../../dashboard/pages/sweep/moments.js';
import { outcomeText } from '../../dashboard/pages/trial/outcome.js';
import { affectedText, retryText } from '../../dashboard/text/deeds.js';
import { shownLog } from '../../dashboard/text/log-text.js';
import { doneText, otherEnds } from '../../dashboard/text/trial-counts.js';

const trials = { total: 9, done: 4, failed: 2, infeasible: 0, cancelled: 1, running: 1, waiting: 1 };
const epochs = { total: 40, recorded: 22 };

it('what pausing, resuming and stopping would mean is told with its numbers', () => {
  const running = { sweep: { state: 'running' as const }, trials, epochs };
  assert.equal(affectedText('pause', running), 'Open trials: 2, with 18 epochs left to train.');
  assert.equal(affectedText('stop', running), 'Trials that are cancelled: 2, with 18 epochs left to train but for those in progress.');
  assert.equal(affectedText('resume', { ...running, sweep: { state: 'paused' } }), 'Open trials: 2, with 18 epochs left to train.');
  assert.equal(affectedText('resume', { ...running, sweep: { state: 'stopped' } }), 'Trials that go on: 3, of which 1 cancelled.');
});

it('what trying again would mean is told with its numbers, and that there is nothing to be tried again', () => {
  const remembered = [{ number: 3, message: 'the loss ceased to be finite in epoch 0' }];
  assert.equal(retryText({ retried: [1, 2], remembered: [], epochs: 8 }), 'Queued again: 2 trials, with 8 epochs to train.');
  assert.equal(retryText({ retried: [1], remembered, epochs: 1 }), 'Queued again: 1 trial, with 1 epoch to train. Not tried again: 1 trial that failed by the settings, and would again.');
  assert.equal(retryText({ retried: [], remembered, epochs: 0 }), 'Nothing is tried again. Not tried again: 1 trial that failed by the settings, and would again.');
  assert.equal(retryText({ retried: [], remembered: [], epochs: 0 }), 'No trial has failed or was cancelled: there is nothing to be tried again.');
});

it('trials that failed are not counted as done', () => {
  assert.deepEqual([doneText(trials), otherEnds(trials)], ['4 of 9', ['2 failed', '1 cancelled']]);
});

it('the best so far stands at every moment from the first best on', () => {
  const at = (second: number): string => new Date(second * 1_000).toISOString();
  const point = (number: number, second: number, value: number) => ({ number, id: `trl_${number}`, at: at(second), value, goesOn: null });
  const points = [point(0, 1, 0.9), point(1, 2, 0.5), point(2, 3, 0.7), point(3, 4, 0.4), point(4, 5, 0.6)];
  // The first does not keep to a limit.
  const best = [points[1], points[3]].flatMap((one) => one ?? []);
  assert.deepEqual(momentsOf({ points, best }).map((moment) => [moment.seconds, moment.best]), [[1, null], [2, 0.5], [3, 0.5], [4, 0.4], [5, 0.4]]);
});

it('the attempt that reported the epoch in which its trial diverged has not just ended well', () => {
  const failed = { failure: { class: 'Diverged' as const, message: '' }, epochs: 4 };
  assert.deepEqual([outcomeText({ outcome: 'done', to: 2 }, failed), outcomeText({ outcome: 'done', to: 4 }, failed), outcomeText({ outcome: 'WorkerLost', to: 4 }, failed), outcomeText({ outcome: null, to: 4 }, failed)], ['done', 'diverged', 'WorkerLost', null]);
  assert.equal(outcomeText({ outcome: 'done', to: 4 }, { failure: null, epochs: 4 }), 'done');
});

it('of a progress bar in a log that is kept the last state is shown', () => {
  assert.equal(shownLog('progress 10%\rprogress 33%\nepoch 0\tstep 2\r\ndone\n'), 'progress 33%\nepoch 0\tstep 2\ndone');
});

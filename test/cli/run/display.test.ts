import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Display } from '../../../cli/run/display.js';
import { EpochRate, progressLine, progressPanel } from '../../../cli/run/progress-text.js';
import type { ProgressView } from '../../../coordinator/api/views.js';

function view(change: Partial<ProgressView> = {}): ProgressView {
  return {
    sweep: {
      id: 'swp_1',
      name: 'digits',
      project: 'default',
      revision: 1,
      state: 'running',
      createdAt: '2026-01-01T00:00:00.000Z',
      finishedAt: null,
      endedBy: null,
      priority: 0, concurrency: null, budget: { trials: null, wallClockMs: null },
      objective: { metric: 'val.auc', direction: 'maximize', floors: {} },
      replicates: 1,
      ensemble: null,
      restoreBest: false,
      data: null,
      warmStart: null,
      onlyAsked: false,
      tags: [],
    },
    trials: { total: 24, done: 12, failed: 0, infeasible: 0, cancelled: 0, running: 2, waiting: 10 },
    epochs: { total: 80, recorded: 31 },
    best: { trial: 'trl_3', number: 3, value: 0.9312, goesOn: null },
    running: [{ attempt: 'att_1', kind: 'train', sweep: 'swp_1', trials: [3, 4, 5, 6, 7, 8], from: 2, to: 6, epoch: 3, step: 5, steps: 20, loss: 0.5, runningMs: 900, worker: 'box' }],
    workers: [{ name: 'box', slots: 2 }],
    notice: null,
    ...change,
  };
}

function recorder(isTTY: boolean): { text: string; isTTY: boolean; columns: number; write(text: string): void } {
  return {
    text: '',
    isTTY,
    columns: 100,
    write(text) {
      this.text += text;
    },
  };
}

it('one line says trials, epochs, speed, time left and the best', () => {
  assert.equal(progressLine(view(), 3.5), '12 of 24 trials done, 2 running, 10 waiting; 31 of 80 epochs, 3.5/s, about 14 s left; best #3 val.auc 0.9312');
});

it('a best of a trial that goes on is told with the epochs after which it was measured', () => {
  const goesOn = { after: 2, of: 4 };
  assert.match(progressLine(view({ best: { trial: 'trl_3', number: 3, value: 0.9312, goesOn } }), null), /; best #3 val\.auc 0\.9312 after 2 of 4 epochs$/);
});

it('no line of the panel is wider than the terminal', () => {
  for (const width of [20, 40, 80, 200]) {
    for (const line of progressPanel(view(), 3.5, width)) assert.ok(line.length <= width, `${line.length} > ${width}: ${line}`);
  }
});

it('each busy slot has a line with its epoch, step, loss and trials', () => {
  assert.match(progressPanel(view(), null, 200).join('\n'), /slot 1: epoch 3 of 2 to 5, step 5 of 20, loss 0\.5000, for #3 #4 #5 #6 and 2 more/);
});

it('the rate is that of the last while, and unknown until something was recorded', () => {
  const rate = new EpochRate(10_000);
  rate.add(0, 0);
  assert.equal(rate.perSecond, null);
  rate.add(1_000, 10);
  assert.equal(rate.perSecond, 10);
  rate.add(60_000, 20);
  rate.add(61_000, 22);
  assert.equal(rate.perSecond, 2);
});

it('on a terminal the panel is redrawn in place and taken away for lines that stay', () => {
  const output = recorder(true);
  const display = new Display(output, () => 0);
  display.progress(view());
  const height = output.text.split('\n').length - 1;
  display.progress(view());
  display.say('a line');
  const erase = `\u001b[${height}A\u001b[J`;
  assert.equal(output.text.split(erase).length - 1, 2);
  assert.ok(output.text.endsWith(`${erase}a line\n`));
});

it('on a pipe a line comes when a trial has ended, and else every five seconds at most', () => {
  const output = recorder(false);
  let now = 0;
  const display = new Display(output, () => now);
  display.progress(view());
  now = 1_000;
  display.progress(view({ epochs: { total: 80, recorded: 32 } }));
  assert.equal(output.text.split('\n').length - 1, 1);
  now = 1_001;
  display.progress(view({ trials: { total: 24, done: 13, failed: 0, infeasible: 0, cancelled: 0, running: 2, waiting: 9 } }));
  assert.equal(output.text.split('\n').length - 1, 2);
  now = 7_000;
  display.progress(view({ trials: { total: 24, done: 13, failed: 0, infeasible: 0, cancelled: 0, running: 2, waiting: 9 }, epochs: { total: 80, recorded: 40 } }));
  assert.equal(output.text.split('\n').length - 1, 3);
  assert.equal(output.text.includes('\u001b'), false);
});

it('redraws what passes no more often than an eye follows', () => {
  const output = recorder(true);
  let now = 0;
  const display = new Display(output, () => now);
  for (let image = 1; image <= 100; image += 1) {
    now += 1;
    display.passing(`image ${image}`);
  }
  // At 1 ms, and 50 ms later.
  assert.deepEqual(output.text.match(/image \d+/g), ['image 1', 'image 51']);
});

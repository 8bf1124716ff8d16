/** Sweeps that prune and propose, with real processes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { HttpSweepService } from '../../cli/client.js';
import { homeAt } from '../../cli/home.js';
import { readAnnouncement } from '../../cli/host/announcement.js';
import type { ProgressView } from '../../coordinator/api/views.js';
import { until } from '../fault/run.js';
import { temporaryFolder } from '../support/images.js';
import { readDocument } from './run-document.js';
import { processesNaming, Trawl, trawl, type Ended } from './trawl.js';

function fileIn(t: TestContext, name: string, lines: readonly string[]): { file: string; home: string } {
  const folder = temporaryFolder(t);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, [`name: ${name}`, ...lines, 'objective: {minimize: val.loss}', ''].join('\n'));
  return { file, home: join(folder, 'home') };
}

async function progressOf(home: string, sweep: string): Promise<ProgressView | null> {
  const announcement = readAnnouncement(homeAt(home));
  return announcement === null ? null : new HttpSweepService(announcement).progress(sweep).catch(() => null);
}

/** Runs it, with its coordinator killed once so many epochs are recorded. */
async function runThroughDeath(file: string, home: string, sweep: string, epochs: number): Promise<Ended> {
  const run = new Trawl(['run', file, '--home', home, '--slots', '2', '--json']);
  await until(`${epochs} epochs`, async () => (((await progressOf(home, sweep))?.epochs.recorded ?? 0) >= epochs ? true : null));
  const coordinator = processesNaming(home).find(({ command }) => command.includes(join('coordinator', 'main', 'main.js')));
  assert.ok(coordinator !== undefined, 'a coordinator runs');
  process.kill(coordinator.pid, 'SIGKILL');
  return run.ended;
}

// The best of all, 3 x 3 x 3 = 27 trials, is a = b = c = 0, from the first epoch on.
const pruned = [
  "trainable: {synthetic: {epochMs: 20, metrics: {val.loss: 'a * 9 + b * 3 + c + 1 / (epoch + 1)'}}}",
  'space: {a: [0, 1, 2], b: [0, 1, 2], c: [0, 1, 2], epochs: 9}',
  'pruner: {asha: {eta: 3, minEpochs: 1}}',
];

it('asha over a grid trains a part of it, through the death of the coordinator too: losers are pruned, no epoch is trained twice', async (t) => {
  const { file, home } = fileIn(t, 'halving', pruned);
  const { code, stdout, stderr } = await runThroughDeath(file, home, 'halving', 12);
  assert.equal(code, 0, stderr);
  const document = readDocument(stdout);
  assert.equal(document.trials.length, 27);
  assert.deepEqual(new Set(document.trials.map(({ state }) => state)), new Set(['completed', 'pruned']));
  const best = document.trials[0];
  assert.deepEqual([best?.state, best?.settings], ['completed', { a: 0, b: 0, c: 0, epochs: 9 }]);
  assert.equal(document.epochs.trained, document.epochs.requested, 'these trials share nothing');
  assert.ok(document.epochs.trained < (27 * 9) / 2, `${document.epochs.trained} epochs of ${27 * 9}`);
  for (const { state, epochs } of document.trials) assert.ok(state === 'completed' ? epochs === 9 : epochs === 1 || epochs === 3, `${state} after ${epochs} epochs`);
  const again = readDocument((await trawl(['run', file, '--home', home, '--slots', '2', '--json'])).stdout);
  assert.equal(again.epochs.trained, 0, 'asked again, it answers from the store');
});

it('a budget of epochs is kept to through the death of the coordinator, and the run says what ended it', async (t) => {
  const { file, home } = fileIn(t, 'thrifty', [...pruned.slice(0, 2), 'budget: {epochs: 40}']);
  const { code, stdout, stderr } = await runThroughDeath(file, home, 'thrifty', 12);
  assert.equal(code, 0, stderr);
  const document = readDocument(stdout);
  assert.equal(document.epochs.trained, 40);
  assert.equal(document.sweep.endedBy, 'epochs');
  const states = document.trials.map(({ state }) => state);
  assert.ok(states.filter((state) => state === 'completed').length >= 3 && states.every((state) => state === 'completed' || state === 'cancelled'), states.join(' '));
  const shown = await trawl(['show', 'thrifty', '--home', home]);
  assert.match(shown.stdout, /Ended by budget\.epochs: 40 epochs trained for it; \d+ trials cancelled/);
});

it('tpe proposes exactly as many trials as the budget says, through the death of the coordinator too', async (t) => {
  const { file, home } = fileIn(t, 'proposed', [
    "trainable: {synthetic: {epochMs: 10, metrics: {val.loss: '(log10(lr) + 2) ** 2 + (width - 7) ** 2 / 50 + (kernel == \"poly\" ? (kernel.poly.degree - 3) ** 2 / 10 : 0.5) + 1 / (epoch + 1)'}}}",
    'space: {lr: {min: 0.0001, max: 1, scale: log}, width: {min: 1, max: 16, type: int}, flag: [true, false], kernel: [rbf, {poly: {degree: {min: 1, max: 5, type: int}}}], epochs: 4}',
    'sampler: {tpe: {seed: 1}}',
    'budget: {trials: 24}',
  ]);
  const { code, stdout, stderr } = await runThroughDeath(file, home, 'proposed', 20);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /up to 24 trials, proposed while it runs/);
  const document = readDocument(stdout);
  assert.deepEqual(document.trials.map(({ number }) => number).sort((a, b) => a - b), Array.from({ length: 24 }, (_, number) => number));
  assert.ok(document.trials.every(({ state, epochs }) => state === 'completed' && epochs === 4));
  assert.equal(new Set(document.trials.map(({ settings }) => JSON.stringify(settings))).size, 24, 'no settings twice');
  assert.equal(document.epochs.trained, 24 * 4);
  for (const { settings } of document.trials) {
    assert.ok(Number(settings.lr) >= 0.0001 && Number(settings.lr) <= 1 && Number.isInteger(settings.width) && typeof settings.flag === 'boolean');
    const { kernel } = settings;
    const degree = typeof kernel === 'object' && kernel !== null ? (kernel as { readonly poly: { readonly degree: number } }).poly.degree : 3;
    assert.ok((kernel === 'rbf' || typeof kernel === 'object') && Number.isInteger(degree) && degree >= 1 && degree <= 5, JSON.stringify(kernel));
  }
});

it('of two objectives the run shows the Pareto front, and tpe searches along it', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'front.yaml');
  const metrics = "metrics: {loss: '(x - 1) ** 2 + y', size: 'x ** 2 + y'}";
  writeFileSync(file, `trainable: {synthetic: {epochMs: 1, ${metrics}}}\nspace: {x: {min: 0, max: 1}, y: [0, 0.5], epochs: 1}\nsampler: tpe\nbudget: {trials: 40}\nobjective: [{minimize: loss}, {minimize: size, ceilings: {loss: 1.2}}]\n`);
  const home = join(folder, 'home');
  const { code, stdout, stderr } = await trawl(['run', file, '--home', home, '--json']);
  assert.equal(code, 0, stderr);
  const { trials, best } = readDocument(stdout);
  const front = trials.filter((trial) => trial.front === true);
  assert.ok(front.length > 3 && front.every(({ settings, rank }) => settings.y === 0 && rank === 1), 'with y = 0 alone a trial is on the front');
  assert.ok(trials.filter(({ settings }) => settings.y === 0).every((trial) => trial.front === true), 'and every x then is');
  assert.equal(best?.trial, trials[0]?.id);
  assert.equal(trials[0]?.objectives?.[0], Math.min(...trials.map(({ objectives }) => objectives?.[0] ?? Infinity)), 'the best is the best by the first objective');
  const shown = await trawl(['trials', 'front', '--home', home]);
  assert.match(shown.stdout, /Leaderboard of front \(minimize loss, minimize size; loss at most 1\.2\)/);
  assert.match(shown.stdout, new RegExp(`on the Pareto front \\(${front.length} trials\\)`));
});

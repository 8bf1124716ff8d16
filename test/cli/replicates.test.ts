/** Sweeps with replicates, with real processes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryFolder } from '../support/images.js';
import { readDocument, type RunDocument } from './run-document.js';
import { trawl } from './trawl.js';

const rounded = (value: number | null | undefined): number | null => (typeof value === 'number' ? Number(value.toFixed(12)) : null);
const rows = ({ trials }: RunDocument): unknown[] => trials.map(({ settings, replicate, mean, spread }) => [settings.a, replicate, rounded(mean), rounded(spread)]);

it('the mean decides, and a revision from one replicate to three trains the two that are new', async (t) => {
  const folder = temporaryFolder(t);
  const [file, home] = [join(folder, 'twins.yaml'), join(folder, 'home')];
  const written = (replicates: number): void => writeFileSync(file, `trainable: {synthetic: {epochMs: 1, metrics: {val.loss: 'a == 1 ? 0.9 + 0.3 * replicate : 1.05 + 0.1 * replicate'}}}\nspace: {a: [1, 2], epochs: 2}\nreplicates: ${replicates}\nobjective: {minimize: val.loss}\n`);
  const run = async (): Promise<RunDocument> => {
    const { code, stdout, stderr } = await trawl(['run', file, '--home', home, '--slots', '2', '--json']);
    assert.equal(code, 0, stderr);
    return readDocument(stdout);
  };
  written(1);
  const once = await run();
  assert.deepEqual([once.epochs.trained, once.trials.map(({ settings }) => settings.a)], [4, [1, 2]]);
  assert.equal(once.trials[0]?.replicate, undefined);
  written(3);
  const thrice = await run();
  // By hand: 0.9, 1.2, 1.5 and 1.05, 1.15, 1.25.
  assert.deepEqual(rows(thrice), [[2, 0, 1.15, 0.1], [2, 1, 1.15, 0.1], [2, 2, 1.15, 0.1], [1, 0, 1.2, 0.3], [1, 1, 1.2, 0.3], [1, 2, 1.2, 0.3]]);
  assert.equal(thrice.epochs.trained, 8);
  const kept = (document: RunDocument): unknown[] => document.trials.filter(({ replicate = 0 }) => replicate === 0).map(({ id, number, settings }) => [settings.a, id, number]).sort();
  assert.deepEqual(kept(thrice), kept(once));
  assert.equal(thrice.best?.trial, thrice.trials[0]?.id);
  const shown = await trawl(['run', file, '--home', home]);
  assert.match(shown.stdout, /place +trial +val\.loss +mean +spread .*\n +1 +#1 +1\.0500 +1\.1500 +± 0\.1000[^]*Best: trial #1 .*; its settings: 1\.1500 ± 0\.1000 over 3 replicates/);
  assert.match((await trawl(['trials', 'twins', '--home', home, '--csv'])).stdout, /^[^\n]*\bobjective,replicate,mean,spread\b/);
  written(1);
  const back = await run();
  assert.deepEqual([kept(back), back.trials.length, back.epochs.trained], [kept(once), 2, 0]);
});

it('tpe proposes as many assignments as the budget says, each in all replicates; --no-sharing and enqueued settings have theirs', async (t) => {
  const folder = temporaryFolder(t);
  const [file, home] = [join(folder, 'drawn.yaml'), join(folder, 'home')];
  writeFileSync(file, "trainable: {synthetic: {epochMs: 1, metrics: {val.loss: '(x - 0.3) ** 2 + replicate / 10'}}}\nspace: {x: {min: 0, max: 1}, epochs: 2}\nsampler: tpe\nreplicates: 2\nbudget: {trials: 15}\n");
  const { code, stdout, stderr } = await trawl(['run', file, '--home', home, '--slots', '2', '--no-sharing', '--json']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /up to 30 trials/);
  const document = readDocument(stdout);
  assert.deepEqual(document.trials.map(({ number }) => number).sort((a, b) => a - b), Array.from({ length: 30 }, (_, number) => number));
  assert.equal(document.epochs.trained, 60);
  for (const { number, replicate } of document.trials) assert.equal(replicate, number % 2);
  const bySettings = new Map<string, number>();
  for (const { settings } of document.trials) bySettings.set(JSON.stringify(settings), (bySettings.get(JSON.stringify(settings)) ?? 0) + 1);
  assert.deepEqual([...bySettings.values()], Array(15).fill(2));
  const enqueued = await trawl(['enqueue', 'drawn', 'x=0.3', '--home', home, '--json']);
  assert.equal(enqueued.code, 0, enqueued.stderr);
  assert.deepEqual((JSON.parse(enqueued.stdout) as { enqueued: { number: number }[] }).enqueued.map(({ number }) => number), [30, 31]);
  const after = readDocument((await trawl(['run', file, '--home', home, '--slots', '2', '--no-sharing', '--json'])).stdout);
  // 0 and 0.1: mean 0.05.
  assert.deepEqual(after.trials.slice(0, 2).map(({ settings, mean }) => [settings.x, rounded(mean)]), [[0.3, 0.05], [0.3, 0.05]]);
  assert.equal(after.epochs.trained, 4);
});

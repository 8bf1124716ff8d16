import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { niceValues, renderLrChart } from '../../../cli/lr/chart.js';
import { hasDiverged, lrCurve, rateOfStep, smoothed, suggestionOf } from '../../../worker/train/lr-range.js';
import { classFolders, sharedData, temporaryFolder, writeTree } from '../../support/images.js';
import { Trawl, processesNaming, trawl } from '../trawl.js';

test('rates rise by equal ratios from the first to the last', () => {
  const range = { from: 1e-4, to: 1, steps: 5 };
  assert.deepEqual([0, 1, 2, 3, 4].map((step) => rateOfStep(range, step)), [1e-4, 1e-3, 1e-2, 1e-1, 1].map(Math.fround));
});

test('the running mean has no bias at its start', () => {
  // Weights 1, 0.9, 0.81: (8 * 0.81 + 4 * 0.9 + 1) / 2.71.
  assert.deepEqual(smoothed([8]), [8]);
  assert.ok(Math.abs((smoothed([8, 4, 1])[2] ?? NaN) - 11.08 / 2.71) < 1e-12);
  assert.deepEqual(smoothed([3, 3, 3]).map(Math.fround), [3, 3, 3]);
});

/** Flat, falling in a straight line over 40 steps, flat, then rising without end. */
const LOSSES = Array.from({ length: 120 }, (_, step) => (step < 40 ? 1 : step < 80 ? 1 - (step - 40) / 50 : step < 100 ? 0.2 : 0.2 * 1.5 ** (step - 99)));
const RATES = LOSSES.map((_, step) => rateOfStep({ from: 1e-6, to: 1, steps: 120 }, step));

test('the steepest descent and a tenth of the minimum are suggested', () => {
  const end = LOSSES.findIndex((_, step) => hasDiverged(LOSSES.slice(0, step + 1)));
  assert.ok(end > 100 && end < 119, `diverged at step ${end}`);
  const suggestion = suggestionOf(RATES.slice(0, end), LOSSES.slice(0, end)) ?? assert.fail('none');
  const step = RATES.indexOf(suggestion.steepest);
  assert.ok(step > 40 && step < 80, `steepest at step ${step}`);
  const minimum = RATES.indexOf(suggestion.minimum);
  assert.ok(minimum >= 80 && minimum < 101, `minimum at step ${minimum}`);
  assert.equal(suggestion.minimumTenth, suggestion.minimum / 10);
  assert.equal(suggestion.clean, true);
});

test('the curve is the mean with weights falling to both sides, without bias at the ends', () => {
  const curve = lrCurve([1, 2, 1, 3, 3]).slice(0, 1);
  // 1, 2, 1, 2, 2 capping at their mean, 2, with weights 0.85^k: (1 + 1.7 + 0.7225 + 2 * 0.614125 + 2 * 0.52200625) / 3.70863125.
  assert.ok(Math.abs((curve[0] ?? NaN) - 5.6947625 / 3.70863125) < 1e-12, curve.join());
  const shot = lrCurve([...Array.from({ length: 30 }, () => 1), 1e30]);
  assert.ok((shot[29] ?? NaN) < 2, `one loss of 1e30 draws its neighbour to ${shot[29]}`);
});

/** Deterministic scatter of about the standard deviation 1: the sum of 12 uniform numbers less 6. */
function scatter(count: number, seed: number): number[] {
  let state = seed;
  const uniform = (): number => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
  return Array.from({ length: count }, () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6));
}

const STEPS = 200;
const GRID = Array.from({ length: STEPS }, (_, step) => rateOfStep({ from: 1e-6, to: 1, steps: STEPS }, step));
/** Flat up to step 90 (5e-4), least from step 135 (0.012), as binary cross-entropy falls. */
const descent = (step: number): number => 0.69 - 0.45 * Math.min(1, Math.max(0, (step - 90) / 45));
const spike = (step: number, centre: number, height: number): number => height * Math.exp(-(((step - centre) / 5) ** 2));

test('a noisy curve gives the rates of the clean one', () => {
  for (const seed of [1, 2, 3]) {
    const noise = scatter(STEPS, seed);
    const losses = GRID.map((_, step) => descent(step) + 0.1 * (noise[step] ?? 0) + (step > 160 ? 0.05 * (step - 160) : 0));
    const { steepest, minimum, clean } = suggestionOf(GRID, losses) ?? assert.fail('none');
    assert.ok(GRID.indexOf(steepest) > 80 && GRID.indexOf(steepest) < 140, `seed ${seed}: steepest at step ${GRID.indexOf(steepest)}`);
    assert.ok(GRID.indexOf(minimum) > 125 && GRID.indexOf(minimum) < 168, `seed ${seed}: minimum at step ${GRID.indexOf(minimum)}`);
    assert.equal(clean, true);
  }
});

test('what falls on the rebound from a spike is no suggestion, and the curve is told as not clean', () => {
  // Spikes at steps 146 (0.025) and 168 (0.12), between and after which the loss comes down to less than before.
  const noise = scatter(STEPS, 4);
  const losses = GRID.slice(0, 185).map((_, step) => descent(step) - (step > 150 ? 0.05 : 0) + spike(step, 146, 2.5) + spike(step, 168, 4) + 0.05 * (noise[step] ?? 0));
  const { steepest, minimum, minimumTenth, rise, clean } = suggestionOf(GRID, losses) ?? assert.fail('none');
  assert.ok(minimum > 0.002 && minimum < 0.02, `minimum at ${minimum}`);
  assert.ok(steepest <= minimum && minimumTenth < minimum, `steepest at ${steepest}`);
  assert.ok(rise !== null && rise > minimum && rise < 0.03, `rise at ${rise}`);
  assert.equal(clean, false);
});

test('flat curves, noisy or not, and losses that grow from the start suggest nothing', () => {
  assert.equal(suggestionOf(GRID, GRID.map(() => 0.69)), null);
  for (const seed of [5, 6, 7, 8]) assert.equal(suggestionOf(GRID, scatter(STEPS, seed).map((value) => 0.69 + 0.1 * value)), null, `seed ${seed}`);
  assert.equal(suggestionOf(GRID.slice(0, 14), GRID.slice(0, 14).map((_, step) => 0.69 * 1.5 ** step)), null);
});

test('a loss that never falls suggests nothing, and one that is no number ends the test', () => {
  assert.equal(suggestionOf(RATES.slice(0, 40), Array.from({ length: 40 }, (_, step) => 1 + step / 100)), null);
  assert.equal(hasDiverged([1, NaN]), true);
  assert.equal(hasDiverged([1, 100]), false, 'two batches say too little');
});

test('values of an axis are multiples of 1, 2 or 5', () => {
  assert.deepEqual(niceValues(0.1, 1.05).map((value) => Number(value.toFixed(6))), [0.2, 0.4, 0.6, 0.8, 1]);
});

test('the chart has axes, the curve in its place, and a line at each mark', async () => {
  const ink = [110, 190, 250] as const;
  const png = await renderLrChart({ title: 't', rates: [1e-4, 1e-3, 1e-2], losses: [1, 0.5, 0.2], smoothed: [1, 0.6, 0.3], marks: [{ rate: 1e-3, text: 'here', ink }] });
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3)];
  assert.deepEqual([info.width, info.height], [960, 600]);
  // The plot spans x from 96 to 936, so 1e-3 lies in its middle.
  assert.deepEqual(at(516, 90), [...ink]);
  const column = (x: number): number => Array.from({ length: 600 }, (_, y) => y).find((y) => at(x, y).join() === '240,200,90') ?? -1;
  assert.ok(column(97) < column(300) && column(300) < column(700), 'the curve falls to the right');
});

test('a range test of real X-rays finds rates, draws them, and leaves nothing behind', async (t) => {
  const images = sharedData('chest-xray-pneumonia');
  if (images === null) {
    t.skip('no ../shared/data/chest-xray-pneumonia beside the repository');
    return;
  }
  const root = temporaryFolder(t);
  writeTree(root, { 'xray.yaml': `data: {path: ${JSON.stringify(images)}, perClass: 60}\nspace: {imageSize: [100, 32], batch: [30, 16]}\n` });
  const home = join(root, 'home');
  const result = await trawl(['lr', join(root, 'xray.yaml'), '--set', 'imageSize=24', '--steps', '60', '--json', '--engine', 'wasm', '--home', home]);
  assert.equal(result.code, 0, result.stderr);
  const found = JSON.parse(result.stdout) as { imageSize: number; batch: number; rates: number[]; losses: number[]; smoothed: number[]; suggestion: { steepest: number; minimumTenth: number } | null };
  assert.deepEqual([found.imageSize, found.batch], [24, 30]);
  assert.ok(found.rates.length >= 20 && found.losses.length === found.rates.length && found.smoothed.length === found.rates.length);
  assert.equal(found.rates[0], Math.fround(1e-6));
  assert.ok(found.suggestion !== null && found.suggestion.minimumTenth > 1e-6 && found.suggestion.minimumTenth < 1);
  assert.equal((await sharp(readFileSync(join(root, 'xray-lr.png'))).metadata()).width, 960);
  assert.deepEqual(readdirSync(join(home, 'cache', 'data')).filter((name) => name.startsWith('lr-')), []);
});

test('a mistake is one line, and nothing is made', async (t) => {
  const root = temporaryFolder(t);
  await classFolders(join(root, 'images'), ['a', 'b'], 12);
  writeTree(root, { 'sweep.yaml': 'data: ./images\nspace: {imageSize: 12}\n', 'formula.yaml': 'trainable: {synthetic: {metrics: {a: epoch}}}\nspace: {epochs: 2}\n' });
  const run = (...args: string[]) => trawl(['lr', ...args, '--home', join(root, 'home')]);
  const cases: [string[], RegExp][] = [
    [[join(root, 'sweep.yaml'), '--set', 'batch=0'], /^--set: space\.batch: found 0, expected a whole number from 1 to 65536\n$/],
    [[join(root, 'sweep.yaml'), '--set', 'lr=0.1', '--set', 'epochs=3'], /^--set: found lr=0\.1, expected another axis than lr: the test tries rates from --from to --to in its place\n--set: found epochs=3, .*\n$/],
    [[join(root, 'sweep.yaml'), '--set', 'batch'], /found batch, expected AXIS=VALUE/],
    [[join(root, 'sweep.yaml'), '--from', '1', '--to', '0.1'], /^--from: found 1, expected a rate below --to, which is 0\.1\n$/],
    [[join(root, 'nowhere.yaml')], /found no such file/],
    [[join(root, 'sweep.yaml'), '--out', join(root, 'no', 'a.png')], /a\.png: found no folder .*, expected one to write into \(mkdir -p .*\); name another file with --out FILE\n$/],
    [[join(root, 'formula.yaml')], /found a trainable without learning rates/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
  assert.ok(!existsSync(join(root, 'home')));
});

test('Ctrl-C ends it at once with 130, its child too, and leaves no pixels', async (t) => {
  const root = temporaryFolder(t);
  await classFolders(join(root, 'images'), ['a', 'b'], 40);
  writeTree(root, { 'sweep.yaml': 'data: ./images\nspace: {imageSize: 128, batch: 32}\n' });
  const home = join(root, 'home');
  const command = new Trawl(['lr', join(root, 'sweep.yaml'), '--steps', '10000', '--engine', 'wasm', '--home', home]);
  await command.said(/training up to 10000 steps with wasm/);
  command.signal('SIGINT');
  const { code } = await command.ended;
  assert.deepEqual(processesNaming('lr-range-main.js'), []);
  assert.equal(code, 130);
  assert.deepEqual(readdirSync(join(home, 'cache', 'data')).filter((name) => name.startsWith('lr-')), []);
});

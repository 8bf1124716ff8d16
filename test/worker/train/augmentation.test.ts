/** Augmentation by hand, and what may not change it; test/golden compares it with Keras and scipy. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Augmentation, ImageEpochSettings } from '../../../proto/work.js';
import type { Executable, ImageSource } from '../../../worker/engine/engine.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { ARENA_BASE, instantiateKernels, PAGE_BYTES } from '../../../worker/engine/wasm/kernels.js';
import { applyEffects } from '../../../worker/engine/pixel-effects.js';
import { inferenceState } from '../../../worker/engine/state.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { affineOf, type Draw, pixelTransform } from '../../../worker/train/augmentation.js';
import { soleModel } from '../../../worker/train/models.js';
import { ImageClassifier } from '../../../worker/train/image-classifier.js';
import { trainingSubset } from '../../../worker/train/order.js';
import { garthTrajectory, SIZE } from '../agent/data-set.js';
import { imageSettings } from '../../support/settings.js';
import { images, range } from '../engine/support.js';

const STILL: Draw = {
  rotation: 0, shiftRows: 0, shiftColumns: 0, shear: 0, zoomRows: 1, zoomColumns: 1, flipRows: false, flipColumns: false, window: 1, windowRow: 0,
  windowColumn: 0, contrast: 1, brightness: 1,
};
const FILLS = ['constant', 'nearest', 'reflect', 'wrap'] as const;

/** Of gray images. */
function transformed(pixels: Uint8Array, height: number, width: number, draw: Draw, fill: Augmentation['fill']): Float32Array {
  const memory = new WebAssembly.Memory({ initial: ARENA_BASE / PAGE_BYTES + 1, maximum: 65_536 });
  const [from, matrix, to] = [ARENA_BASE, ARENA_BASE + 1024, ARENA_BASE + 2048];
  new Uint8Array(memory.buffer).set(pixels, from);
  new Float64Array(memory.buffer).set(affineOf(draw, { height, width }), matrix / 8);
  instantiateKernels(memory).augment(from, to, height, width, 1, matrix, FILLS.indexOf(fill), 0, draw.contrast, draw.brightness);
  return new Float32Array(memory.buffer, to, height * width).slice();
}

const HEIGHT = 6;
const WIDTH = 6;
const IMAGE = Uint8Array.from({ length: HEIGHT * WIDTH }, (_, at) => {
  const [r, c] = [Math.floor(at / WIDTH), at % WIDTH];
  return (r * 37 + c * 53 + r * c * 11) % 256;
});

test('flips mirror exactly', () => {
  const at = (r: number, c: number): number => IMAGE[r * WIDTH + c] ?? NaN;
  const both = transformed(IMAGE, HEIGHT, WIDTH, { ...STILL, flipRows: true, flipColumns: true }, 'constant');
  assert.deepEqual([...both], [...IMAGE].reverse());
  const columns = transformed(IMAGE, HEIGHT, WIDTH, { ...STILL, flipColumns: true }, 'constant');
  assert.deepEqual([columns[0], columns[WIDTH]], [at(0, WIDTH - 1), at(1, WIDTH - 1)]);
});

test('a crop stretches its window: edges of pixels stay on the edges of the image', () => {
  // Half of 4 columns from the left: columns 0 and 1, each 2 wide, so centres lie at -0.25, 0.25, 0.75, 1.25.
  const row = Uint8Array.of(0, 100, 200, 255);
  const cropped = transformed(row, 1, 4, { ...STILL, window: 0.5 }, 'nearest');
  assert.deepEqual([...cropped], [0, 25, 75, 125]);
  assert.deepEqual([...transformed(row, 1, 4, { ...STILL, window: 0.5, windowColumn: 1 }, 'nearest')], [175, 213.75, 241.25, 255].map(Math.fround).map((value, at) => (at === 0 ? 175 : value)));
});

test('contrast multiplies the distance from the mean, brightness the value, and both are cut to 0..255', () => {
  const row = Uint8Array.of(0, 100, 200, 100); // mean 100
  assert.deepEqual([...transformed(row, 1, 4, { ...STILL, contrast: 1.5 }, 'nearest')], [0, 100, 250, 100]);
  assert.deepEqual([...transformed(row, 1, 4, { ...STILL, brightness: 1.5 }, 'nearest')], [0, 150, 255, 150]);
});

const ALL: Augmentation = {
  rotation: 40, shiftHorizontal: 0.2, shiftVertical: 0.1, shear: 20, zoom: 0.2, flip: 'both', contrast: 0.3, brightness: 0.2, crop: 0.2, noise: 0.1, cutout: 0.3,
  mixup: 0.4, fill: 'reflect',
};

test('what is drawn depends on seed, replicate, epoch and image, and one knob leaves the draws of the others alone', () => {
  const size = { height: 20, width: 30 };
  const drawn = (more: Partial<Augmentation>, ...path: [number, number, number, number]) => pixelTransform({ ...ALL, ...more }, size, ...path, range(9));
  assert.deepEqual(drawn({}, 1, 0, 2, 3), drawn({}, 1, 0, 2, 3));
  const others: [number, number, number, number][] = [[2, 0, 2, 3], [1, 1, 2, 3], [1, 0, 3, 3], [1, 0, 2, 4]];
  for (const path of others) assert.notDeepEqual(drawn({}, ...path), drawn({}, 1, 0, 2, 3));
  assert.equal(drawn({ rotation: 0, zoom: 0, flip: 'none' }, 1, 0, 2, 3).brightness, drawn({}, 1, 0, 2, 3).brightness);
  const whole = drawn({}, 1, 0, 2, 3);
  const { noise, cutout, mixed } = drawn({ rotation: 0, contrast: 0, crop: 0 }, 1, 0, 2, 3);
  assert.deepEqual({ noise, cutout, image: mixed?.image, share: mixed?.share }, { noise: whole.noise, cutout: whole.cutout, image: whole.mixed?.image, share: whole.mixed?.share });
  for (const off of ['noise', 'cutout', 'mixup'] as const) {
    const others = Object.fromEntries(Object.entries(ALL).filter(([name]) => name !== off)) as typeof ALL;
    const without = pixelTransform(others, size, 1, 0, 2, 3, range(9));
    assert.equal(without[off === 'mixup' ? 'mixed' : off], undefined);
    assert.deepEqual({ ...without, [off === 'mixup' ? 'mixed' : off]: null }, { ...whole, [off === 'mixup' ? 'mixed' : off]: null, ...(off === 'mixup' ? {} : { mixed: without.mixed }) }, off);
    if (off !== 'mixup') assert.deepEqual([without.mixed?.image, without.mixed?.share], [whole.mixed?.image, whole.mixed?.share]);
  }
});

test('the image that is mixed in is drawn from the whole epoch, looks as it does by itself, and never has the larger share', () => {
  const size = { height: 20, width: 30 };
  const mixed = Array.from({ length: 400 }, (_, image) => pixelTransform(ALL, size, 1, 0, 2, image, range(400)).mixed ?? assert.fail('not mixed'));
  assert.ok(new Set(mixed.map(({ image }) => image)).size > 200);
  assert.ok(mixed.every(({ share }) => share >= 0.5 && share <= 1));
  const [first] = mixed;
  const itself = pixelTransform(ALL, size, 1, 0, 2, first?.image ?? 0, range(400));
  assert.deepEqual({ ...first?.transform, mixed: itself.mixed }, itself);
  // scipy 1.17.1: beta(.4, .4).expect(lambda x: max(x, 1 - x)).
  const mean = mixed.reduce((sum, { share }) => sum + share, 0) / mixed.length;
  assert.ok(Math.abs(mean - 0.8398) < 0.02, String(mean));
});

test('a hole has its share of the sides, its centre anywhere in the image, and ends at the border', () => {
  const holes = Array.from({ length: 400 }, (_, image) => pixelTransform(ALL, { height: 20, width: 30 }, 1, 0, 2, image, range(9)).cutout ?? assert.fail('no hole'));
  // 0.3 of 20 and 30: 6 rows and 9 columns.
  assert.equal(Math.max(...holes.map(({ top, bottom }) => bottom - top)), 6);
  assert.equal(Math.max(...holes.map(({ left, right }) => right - left)), 9);
  assert.ok(holes.every(({ top, bottom, left, right }) => top >= 0 && left >= 0 && bottom <= 20 && right <= 30 && top < bottom && left < right));
  assert.deepEqual([Math.min(...holes.map(({ bottom }) => bottom)), Math.max(...holes.map(({ left }) => left))], [3, 25]);
});

test('noise has mean 0 and its standard deviation', () => {
  const pixels = new Float32Array(40_000).fill(128);
  applyEffects(pixels, { height: 200, width: 200, channels: 1 }, { matrix: [], fill: 'nearest', contrast: 1, brightness: 1, noise: { deviation: 20, seed: 3, seed2: 4 } });
  const mean = pixels.reduce((sum, value) => sum + value - 128, 0) / pixels.length;
  const deviation = Math.sqrt(pixels.reduce((sum, value) => sum + (value - 128) ** 2, 0) / pixels.length);
  // Of 40,000 draws the mean scatters by 0.1, the deviation by 0.07.
  assert.ok(Math.abs(mean) < 0.4 && Math.abs(deviation - 20) < 0.3, `${mean} ${deviation}`);
});

test('draws fill their ranges and no more', () => {
  const factors = Array.from({ length: 400 }, (_, image) => pixelTransform(ALL, { height: 20, width: 20 }, 0, 0, 0, image, range(1)).contrast);
  assert.ok(Math.min(...factors) >= 0.7 && Math.min(...factors) < 0.72, String(Math.min(...factors)));
  assert.ok(Math.max(...factors) <= 1.3 && Math.max(...factors) > 1.28, String(Math.max(...factors)));
});

const SOURCE: ImageSource = images(20, [SIZE, SIZE, 1], 2, 5);
const WATCH = { interrupted: () => false, interruption: new Promise<void>(() => undefined), release: new Promise<void>(() => undefined), step: () => undefined };

async function classifier(maxBatch = 4): Promise<{ readonly trainer: ImageClassifier; readonly load: (state: Uint8Array) => void }> {
  const trajectory = garthTrajectory({ manifest: { format: 1, digest: 'noise', classes: ['a', 'b'], packs: [], files: [] }, blob: '' });
  const { optimizer, classes, initSeed, replicate } = trajectory;
  const room = { maxBatch, accumulate: 1, clips: true, augments: true, memoryBytes: null };
  const training = { optimizer, classes, initSeed, replicate, normalisation: { mean: null, deviation: null }, ...room };
  const executable = await (await createWasmEngine()).compile(buildModel(trajectory.model, trajectory.input, classes), training, SOURCE);
  const trainer = new ImageClassifier(trajectory, soleModel(executable, SOURCE), { train: range(14), val: range(6, 14), test: range(0) });
  return { trainer, load: (state) => executable.load(state) };
}

const TRICKS: ImageEpochSettings = imageSettings({
  batch: 4, dataSeed: 3, augment: ALL, l2: 0.001, labelSmoothing: 0.1, clipNorm: 1, trainFraction: 0.8, lrFrom: 0,
});

test('a run with every trick, cut after any epoch and gone on with elsewhere, ends in the same bytes', async () => {
  const whole = await classifier();
  const states: Uint8Array[] = [];
  for (const epoch of [0, 1, 2]) {
    await whole.trainer.train(epoch, TRICKS, WATCH);
    states.push(whole.trainer.state().slice());
  }
  for (const cut of [1, 2]) {
    const rest = await classifier(9);
    rest.load(states[cut - 1] ?? new Uint8Array());
    for (let epoch = cut; epoch < 3; epoch++) await rest.trainer.train(epoch, TRICKS, WATCH);
    assert.deepEqual(rest.trainer.state(), states[2], `cut after ${cut}`);
  }
});

test('augmentation changes what is trained on, and neither batch-norm statistics nor evaluation', async () => {
  // At rate 0 the weights stay, so that statistics and validation depend on the images that they see alone.
  const results = await Promise.all(
    [null, ALL].map(async (augment) => {
      const { trainer } = await classifier();
      const { result } = await trainer.train(0, imageSettings({ batch: 4, lr: 0, dropout: 0, augment }), WATCH) ?? assert.fail('interrupted');
      return { validation: result.metrics['val.loss'], training: result.metrics['train.loss'], state: inferenceState(trainer.state()) };
    }),
  );
  assert.equal(results[0]?.validation, results[1]?.validation);
  assert.notEqual(results[0]?.training, results[1]?.training);
  assert.deepEqual(results[0]?.state, results[1]?.state);
});

test('a training fraction takes its share of each class, and smaller shares lie inside larger ones', () => {
  const labels = Uint16Array.from({ length: 100 }, (_, image) => (image < 70 ? 0 : 1));
  const subsets = [0.001, 0.1, 0.5, 1].map((fraction) => trainingSubset(range(100), labels, fraction, 9, 0));
  const counts = subsets.map((subset) => [0, 1].map((label) => subset.filter((image) => labels[image] === label).length));
  assert.deepEqual(counts, [[1, 1], [7, 3], [35, 15], [70, 30]]);
  subsets.slice(1).forEach((larger, index) => assert.ok(subsets[index]?.every((image) => larger.includes(image))));
  assert.notDeepEqual(trainingSubset(range(100), labels, 0.5, 10, 0), subsets[2]);
});

test('an image is mixed with any of those that are trained on, and with no other', async () => {
  const source = images(20, [SIZE, SIZE, 1], 2, 3);
  const parts = { train: range(10), val: range(5, 10), test: range(5, 15) };
  const mixed = new Set<number>();
  const unused = (): never => assert.fail('not asked for');
  const executable: Executable = {
    params: 0, learnables: 0, memoryBytes: 0, recalibrate: () => undefined, predict: (indices) => new Float32Array(2 * indices.length), state: unused, load: unused, restart: unused, dispose: unused,
    step: (indices, { augment }) => {
      for (const [position, { mixed: other }] of (augment ?? []).entries()) if (other?.image !== indices[position]) mixed.add(other?.image ?? assert.fail('not mixed'));
      return { loss: 1, correct: 0 };
    },
  };
  const trajectory = garthTrajectory({ manifest: { format: 1, digest: 'noise', classes: ['a', 'b'], packs: [], files: [] }, blob: '' });
  const trainer = new ImageClassifier(trajectory, soleModel(executable, source), parts);
  const subset = new Set(trainingSubset(parts.train, source.labels, 0.5, 0, 0));
  for (const [trainFraction, expected] of [[0.5, subset], [1, new Set(range(10))]] as const) {
    mixed.clear();
    for (let epoch = 0; epoch < 20; epoch++) await trainer.train(epoch, imageSettings({ batch: 4, augment: ALL, trainFraction }), WATCH);
    assert.deepEqual(mixed, expected);
  }
});

/**
 * An executor against the numbers of expected.json, zoo.json and modern.json, which expected.py, zoo.py and modern.py make with Keras and scipy. Losses,
 * moves of weights and predictions agree to 1e-4 relative (float32, other orders of addition), of deep networks to 1e-3.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ratesOf, type Schedule, type Warmup } from '../../coordinator/space/schedule.js';
import { packageRoot } from '../../proto/package-root.js';
import type { Json, OptimizerChoice } from '../../proto/work.js';
import type { Engine, Executable, Fill, ImageSource, Noise, PixelTransform } from '../../worker/engine/engine.js';
import type { Topology } from '../../worker/model/topology.js';
import { buildModel } from '../../worker/model/zoo.js';
import { affineOf, type Draw } from '../../worker/train/augmentation.js';
import { generator, images, range, sequential, stepSettings, tensorsOf, training, withTensor } from '../worker/engine/support.js';

const TOLERANCE = 1e-4;
/** Of losses and logits of whole networks of fifty layers, whose roundings add up: of the logits' own size, since one near 0 is the difference of large ones. */
const DEEP_TOLERANCE = 1e-3;
/** Of the largest mean move of a parameter: below it there is nothing but rounding. */
const STILL_SHARE = 1e-3;

interface Move {
  readonly count: number;
  /** Euclidean, of the whole move. */
  readonly norm: number;
  /** Every so-manieth element is in `values`. */
  readonly stride: number;
  readonly values: readonly number[];
}

interface Case {
  readonly name: string;
  readonly topology?: Topology;
  /** Of one of the zoo: its parameters in Keras' order. */
  readonly parameters?: readonly string[];
  readonly zoo?: { readonly name: string; readonly knobs: { readonly [knob: string]: Json } };
  readonly input: readonly [number, number, number];
  readonly classes: number;
  readonly batch: number;
  readonly seed: number;
  readonly optimizer: OptimizerChoice;
  /** One per step; step s takes the first `batch` images where s is even, else those after them. */
  readonly rates: readonly number[];
  readonly settings: { readonly l2: number; readonly labelSmoothing: number; readonly clipNorm: number | null; readonly classWeights: readonly number[] | null; readonly mixed?: true };
  /** Momentum of the average of weights. */
  readonly ema?: number;
  /** Parameters whose names end so begin with so much of what others do. */
  readonly damped?: { readonly what: string; readonly by: number };
  readonly losses: readonly number[];
  /** Of each parameter over all steps. */
  readonly moves: readonly Move[];
  /** Of all images, with batch-norm statistics over all of them. */
  readonly logits: readonly number[];
}

interface Transform {
  readonly name: string;
  readonly fill: Fill;
  readonly draw: Partial<Draw>;
  readonly noise?: Noise;
  readonly cutout?: NonNullable<PixelTransform['cutout']>;
  readonly pixels: readonly number[];
  readonly tolerance: number;
}

interface Expected {
  readonly versions: { readonly [library: string]: string };
  readonly layers: readonly Case[];
  readonly tricks: readonly Case[];
  readonly optimizers: readonly Case[];
  readonly schedules: readonly (Case & { readonly schedule: Schedule | Warmup })[];
  readonly models: readonly Case[];
  readonly augmentation: { readonly size: number; readonly seed: number; readonly transforms: readonly Transform[] };
}

interface ExpectedZoo {
  readonly versions: { readonly [library: string]: string };
  readonly heads: readonly Case[];
  readonly blocks: readonly Case[];
  readonly models: readonly Case[];
}

interface ExpectedModern {
  readonly versions: { readonly [library: string]: string };
  readonly layers: readonly Case[];
  readonly blocks: readonly Case[];
  readonly models: readonly Case[];
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot(), 'test', 'golden', file), 'utf8'));
}

/** Registers the tests. */
export function testAgainstKeras(name: string, engine: () => Promise<Engine>): void {
  const expected = read('expected.json') as Expected;
  const zoo = read('zoo.json') as ExpectedZoo;
  const modern = read('modern.json') as ExpectedModern;
  const keras = `Keras ${expected.versions.keras ?? ''}`;
  const groups = { layer: [...expected.layers, ...modern.layers], setting: expected.tricks, optimizer: expected.optimizers, schedule: expected.schedules, model: expected.models, head: zoo.heads, block: [...zoo.blocks, ...modern.blocks], network: zoo.models, 'deep network': modern.models };
  for (const [group, cases] of Object.entries(groups)) {
    for (const wanted of cases) {
      test(`${name}: ${group} ${wanted.name} trains and predicts as ${keras}`, async () => compare(await engine(), wanted, group === 'deep network' ? DEEP_TOLERANCE : TOLERANCE));
    }
  }
  for (const { name: schedule, schedule: written, rates } of expected.schedules) {
    test(`the rates of ${schedule} are ${keras}'`, () => {
      closeTo(rates.map((_, epoch) => ratesOf(written, epoch, rates.length).to), rates, 'rate');
    });
  }
  for (const transform of expected.augmentation.transforms) {
    test(`${name}: augmentation ${transform.name} gives ${keras}' pixels`, async () => {
      const { size, seed } = expected.augmentation;
      const found = await pixelsSeen(await engine(), size, seed, transform);
      transform.pixels.forEach((value, at) => {
        assert.ok(Math.abs((found[at] ?? NaN) - value) <= transform.tolerance, `pixel ${at}: ${found[at]}, expected ${value}`);
      });
    });
  }
}

interface Started {
  readonly executable: Executable;
  readonly source: ImageSource;
  /** The parameters of the model, without the state of optimizer and batch norm, in its order. */
  readonly parameters: readonly string[];
}

async function started(engine: Engine, wanted: Case): Promise<Started> {
  const [height, width, channels] = wanted.input;
  const input = { height, width, channels };
  const topology = wanted.topology ?? buildModel(wanted.zoo ?? assert.fail(wanted.name), input, wanted.classes);
  const source = images(2 * wanted.batch, wanted.input, wanted.classes, wanted.seed);
  const options = training(wanted.classes, { optimizer: { ...wanted.optimizer, ...(wanted.ema === undefined ? {} : { ema: wanted.ema }) }, maxBatch: 2 * wanted.batch, clips: wanted.settings.clipNorm !== null, augments: wanted.settings.mixed === true });
  const executable = await engine.compile(topology, options, source);
  let state = executable.state();
  const known = tensorsOf(state);
  const parameters = wanted.parameters ?? [...known.keys()].filter((name) => !/:|\/moving_/.test(name));
  parameters.forEach((name, index) => {
    const damping = wanted.damped !== undefined && name.endsWith(wanted.damped.what) ? wanted.damped.by : 1;
    state = withTensor(state, name, initial(name, known.get(name)?.shape ?? assert.fail(`no parameter ${name}`), index, damping));
  });
  executable.load(state);
  return { executable, source, parameters };
}

/** As expected.py's. */
function initial(name: string, shape: readonly number[], index: number, damping: number): Float32Array {
  const draw = generator(1000 + index);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const kind = name.slice(name.lastIndexOf('/') + 1);
  const inputs = shape.slice(0, kind === 'depthwise_kernel' ? 2 : -1).reduce((product, extent) => product * extent, 1);
  return Float32Array.from({ length: count }, () => {
    const value = draw();
    if (kind === 'gamma') return damping * (0.5 + value);
    return (2 * value - 1) * (kind.endsWith('kernel') ? Math.sqrt(3 / inputs) : 0.1);
  });
}

async function compare(engine: Engine, wanted: Case, tolerance: number): Promise<void> {
  const { executable, parameters } = await started(engine, wanted);
  try {
    const before = tensorsOf(executable.state());
    const losses = wanted.rates.map((lr, step) => {
      const batch = range(wanted.batch, wanted.batch * (step % 2));
      return executable.step(batch, stepSettings({ ...wanted.settings, lr: Math.fround(lr), dropoutSeed: step, augment: wanted.settings.mixed === true ? mixtures(batch, wanted) : null })).loss;
    });
    closeTo(losses, wanted.losses, 'loss of step', tolerance);
    const after = tensorsOf(executable.state());
    assert.equal(parameters.length, wanted.moves.length);
    const largest = Math.max(0, ...wanted.moves.map(({ norm, count }) => norm / Math.sqrt(count)));
    wanted.moves.forEach((move, index) => {
      const name = parameters[index] ?? '';
      const [old, now] = [before.get(name)?.values ?? assert.fail(name), after.get(name)?.values ?? assert.fail(name)];
      compareMove(name, Float64Array.from(now, (value, at) => value - (old[at] ?? NaN)), move, largest);
    });
    // In one batch: each batch norm gets what it gets in inference, as expected.py calibrates it.
    executable.recalibrate(range(2 * wanted.batch), 2 * wanted.batch);
    closeTo([...executable.predict(range(2 * wanted.batch))], wanted.logits, 'logit', tolerance);
  } finally {
    executable.dispose();
  }
}

/** As expected.py's. */
function mixtures(batch: Int32Array, { batch: size, input: [height, width] }: Case): PixelTransform[] {
  const transform: PixelTransform = { matrix: affineOf(STILL, { height, width }), fill: 'nearest', contrast: 1, brightness: 1 };
  return Array.from(batch, (image, position) => ({ ...transform, mixed: { image: (image + 5) % (2 * size), share: 0.5 + (0.5 * position) / size, transform } }));
}

/**
 * Each value, relative to the parameter's largest. A parameter that hardly moves has no gradient but for
 * rounding (a bias before a batch norm): it may not move in our hands either. Differences of weights
 * have the step size of float32 weights, 1.2e-7.
 */
function compareMove(name: string, found: Float64Array, { count, norm, stride, values }: Move, largest: number): void {
  assert.equal(found.length, count, name);
  const mean = Math.sqrt(found.reduce((sum, value) => sum + value * value, 0) / count);
  const expected = norm / Math.sqrt(count);
  if (expected < STILL_SHARE * largest) {
    assert.ok(mean < STILL_SHARE * largest, `${name} moved by ${mean}, expected nothing but rounding`);
    return;
  }
  assert.ok(Math.abs(mean - expected) <= TOLERANCE * expected + 1.2e-7, `${name} moved by ${mean} on average, expected ${expected}`);
  const allowed = TOLERANCE * Math.max(...values.map(Math.abs)) + 1.2e-7;
  values.forEach((value, index) => {
    const move = found[index * stride] ?? NaN;
    assert.ok(Math.abs(move - value) <= allowed, `${name}[${index * stride}] moved by ${move}, expected ${value} within ${allowed}`);
  });
}

function closeTo(found: readonly number[], expected: readonly number[], what: string, tolerance = TOLERANCE): void {
  assert.equal(found.length, expected.length);
  const scale = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0) / expected.length);
  expected.forEach((value, index) => {
    const difference = Math.abs((found[index] ?? NaN) - value);
    assert.ok(difference <= tolerance * Math.max(Math.abs(value), (tolerance === TOLERANCE ? 0.1 : 1) * scale), `${what} ${index}: ${found[index]}, expected ${value}`);
  });
}

const STILL: Draw = {
  rotation: 0, shiftRows: 0, shiftColumns: 0, shear: 0, zoomRows: 1, zoomColumns: 1, flipRows: false, flipColumns: false, window: 1, windowRow: 0,
  windowColumn: 0, contrast: 1, brightness: 1,
};

/**
 * The transformed pixels (0 to 255), read off a gradient: with two classes and a kernel of zeros both
 * probabilities are 1/2, so one step of rate 1 leaves half the image in the kernel's column of its label.
 */
async function pixelsSeen(engine: Engine, size: number, seed: number, { draw, fill, noise, cutout }: Transform): Promise<number[]> {
  const source = { ...images(1, [size, size, 1], 2, seed), labels: Uint16Array.of(0) };
  const topology = sequential([size, size, 1], ['Flatten', {}], ['Dense', { units: 2 }]);
  const executable = await engine.compile(topology, training(2, { optimizer: { name: 'sgd' }, maxBatch: 1, augments: true }), source);
  try {
    executable.load(withTensor(executable.state(), 'layer1/kernel', new Float32Array(2 * size * size)));
    const whole = { ...STILL, ...draw };
    const transform: PixelTransform = { matrix: affineOf(whole, { height: size, width: size }), fill, contrast: whole.contrast, brightness: whole.brightness, ...(noise === undefined ? {} : { noise }), ...(cutout === undefined ? {} : { cutout }) };
    executable.step(range(1), stepSettings({ lr: 1, augment: [transform] }));
    const kernel = tensorsOf(executable.state()).get('layer1/kernel')?.values ?? assert.fail('no kernel');
    return Array.from({ length: size * size }, (_, pixel) => (kernel[2 * pixel] ?? NaN) * 2 * 255);
  } finally {
    executable.dispose();
  }
}

/**
 * `npm run bench -- engine`: one training step and one epoch of garth-cnn at its published settings
 * (batch 30, momentum, dropout 0.5) on one thread, feeding of images included; what a training child
 * takes at its peak, and how long a fresh one needs from its start to the end of its first step.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../proto/package-root.js';
import type { Executable, ImageSource, StepSettings } from '../../worker/engine/engine.js';
import { createWasmEngine } from '../../worker/engine/wasm/engine.js';
import { buildModel } from '../../worker/model/zoo.js';
import { type BenchOptions, type Emit, median, progress, timed } from './bench.js';

const SIZES = [28, 64, 100];
const BATCH = 30;
const IMAGES = 1000;
const CLASSES = 2;
/** Small, so that no run diverges: the time of a step does not depend on its rate. */
const RATE = 1e-4;

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  const runs = options.quick ? { steps: 5, epochs: 1, starts: 1 } : { steps: 20, epochs: 5, starts: 5 };
  for (const size of SIZES) {
    const name = `garth-cnn-${size}`;
    progress(`${name}: steps`);
    const executable = await compiled(size);
    const steps = await measure(runs.steps, 5, (nth) => executable.step(batch(nth * BATCH, BATCH), settings(nth)));
    progress(`${name}: epochs`);
    const epochs = await measure(runs.epochs, 0, () => epoch(executable));
    executable.dispose();
    progress(`${name}: cold starts`);
    const starts: ColdStart[] = [];
    for (let start = 0; start < runs.starts; start += 1) starts.push(await inFreshProcess(size));
    const step = median(steps);
    const whole = median(epochs);
    emit({ case: name, metric: 'msPerStep', value: rounded(step), unit: 'ms', runs: steps.length, engine: 'wasm' });
    emit({ case: name, metric: 'msPerEpoch', value: rounded(whole), unit: 'ms', runs: epochs.length, engine: 'wasm' });
    emit({ case: name, metric: 'peakBytes', value: median(starts.map((start) => start.peakBytes)), unit: 'bytes', runs: starts.length, engine: 'wasm' });
    emit({ case: name, metric: 'coldStartMs', value: rounded(median(starts.map((start) => start.ms))), unit: 'ms', runs: starts.length, engine: 'wasm' });
    if (options.against !== null) await compare(options.against, name, size, { step, epoch: whole }, emit);
  }
}

interface ColdStart {
  /** From the start of the process to the end of its first step. */
  readonly ms: number;
  readonly peakBytes: number;
}

/** In a fresh process: one step, its time, then a few more for the peak of memory. Prints a ColdStart. */
export async function coldStart(size: number): Promise<void> {
  const executable = await compiled(size, 5 * BATCH);
  executable.step(batch(0, BATCH), settings(0));
  const ms = performance.now();
  for (let nth = 1; nth < 5; nth += 1) executable.step(batch(nth * BATCH, BATCH), settings(nth));
  const start: ColdStart = { ms, peakBytes: process.resourceUsage().maxRSS * 1024 };
  process.stdout.write(JSON.stringify(start));
}

async function inFreshProcess(size: number): Promise<ColdStart> {
  const code = `import { coldStart } from ${JSON.stringify(import.meta.url)}; await coldStart(${size});`;
  return (await outputOf(process.execPath, ['--input-type=module', '-e', code])) as ColdStart;
}

/** Keras on one thread, the same model and data, in the same minute. */
async function compare(python: string, name: string, size: number, ours: { readonly step: number; readonly epoch: number }, emit: Emit): Promise<void> {
  progress(`${name}: Keras`);
  const script = join(packageRoot(), 'test', 'bench', 'keras-garth-cnn.py');
  const keras = (await outputOf(python, [script, String(size)])) as { readonly step: number; readonly epoch: number; readonly version: string; readonly runs: number };
  const versions = { keras: keras.version };
  emit({ case: name, metric: 'msPerStep', value: rounded(keras.step), unit: 'ms', runs: keras.runs, engine: 'keras', versions });
  emit({ case: name, metric: 'ratio', value: rounded(ours.step / keras.step), unit: '1', runs: keras.runs, engine: 'wasm', versions });
  emit({ case: name, metric: 'epochRatio', value: rounded(ours.epoch / keras.epoch), unit: '1', runs: keras.runs, engine: 'wasm', versions });
}

/** The JSON document that a program prints. */
function outputOf(program: string, args: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`${program} ended with ${String(code)}`));
    });
  });
}

async function measure(runs: number, warmUps: number, work: (nth: number) => unknown): Promise<number[]> {
  for (let nth = 0; nth < warmUps; nth += 1) work(nth);
  const times: number[] = [];
  for (let nth = 0; nth < runs; nth += 1) times.push(await timed(() => work(nth)));
  return times;
}

function epoch(executable: Executable): void {
  for (let from = 0; from < IMAGES; from += BATCH) executable.step(batch(from, Math.min(BATCH, IMAGES - from)), settings(from));
}

function settings(seed: number): StepSettings {
  return { lr: RATE, dropout: 0.5, classWeights: null, l2: 0, labelSmoothing: 0, clipNorm: null, augment: null, dropoutSeed: seed };
}

function batch(from: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => (from + index) % IMAGES);
}

async function compiled(size: number, images = IMAGES): Promise<Executable> {
  const topology = buildModel({ name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 100 } }, { height: size, width: size, channels: 1 }, CLASSES);
  const engine = await createWasmEngine();
  const training = {
    optimizer: { name: 'sgdm', momentum: 0.9 }, classes: CLASSES, normalisation: { mean: null, deviation: null }, initSeed: 0,
    replicate: 0, maxBatch: BATCH, accumulate: 1, clips: false, augments: false, memoryBytes: null,
  } as const;
  return engine.compile(topology, training, noise(size, images));
}

/** Gray noise, the images of class 1 brighter; the values do not matter to the time. */
function noise(size: number, images: number): ImageSource {
  const bytes = size * size;
  const labels = Uint16Array.from({ length: images }, (_, image) => image % CLASSES);
  const pixels = new Uint8Array(images * bytes);
  let state = 1;
  for (let index = 0; index < pixels.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[index] = (state >>> 25) + 64 * (labels[Math.floor(index / bytes)] ?? 0);
  }
  return {
    count: images, height: size, width: size, channels: 1, labels,
    read: (indices, into) => {
      indices.forEach((image, position) => into.set(pixels.subarray(image * bytes, (image + 1) * bytes), position * bytes));
    },
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * A process that trains one model of the benches `engine` and `zoo`: `node engine-child.js MODEL PIXELS ENGINE [MS]`,
 * the engine as JSON. It reads the pixels, compiles, takes a step and says so; then each line on its stdin asks for something,
 * and each line on its stdout is the answer, as JSON; keras-engine.py is its counterpart. With MS it steps
 * for that long instead and its last line is how many steps it took per second.
 */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ensureFeatures, openFeatures } from '../../worker/data/features.js';
import { openImageSource } from '../../worker/data/image-source.js';
import type { PixelTable } from '../../worker/data/pixel-table.js';
import type { Engine, Executable, ImageSource, StepSettings, Training } from '../../worker/engine/engine.js';
import type { UsableEngine } from '../../worker/engine/choose.js';
import { openEngine } from '../../worker/engine/open.js';
import type { Topology } from '../../worker/model/topology.js';
import { frozenTopology, type TransferModel } from '../../worker/model/transfer.js';
import { splitTransfer } from '../../worker/train/open-transfer.js';
import { RECALIBRATION_IMAGES } from '../../worker/train/order.js';
import { median } from './bench.js';
import { benchModel, CLASSES, type BenchModel } from './engine-models.js';
import { IMAGES, pixelTable } from './engine-pixels.js';

/** On the CPU. */
export type BenchEngine = Pick<UsableEngine, 'kind' | 'native'>;

const VALIDATION = 200;
/** Small, so that no run diverges: the time of a step does not depend on its rate. */
const RATE = 1e-4;

function settings(seed: number): StepSettings {
  return { lr: RATE, dropout: 0.5, classWeights: null, l2: 0, labelSmoothing: 0, clipNorm: null, augment: null, dropoutSeed: seed };
}

function batch(from: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => (from + index) % IMAGES);
}

class Child {
  readonly #model: BenchModel;
  readonly #compile: () => Promise<Executable>;
  #executable: Executable;
  #steps = 1;

  constructor(model: BenchModel, compile: () => Promise<Executable>, executable: Executable) {
    this.#model = model;
    this.#compile = compile;
    this.#executable = executable;
  }

  async answer(asked: string): Promise<unknown> {
    if (asked === 'step') return { ms: this.#timed(() => this.step()) };
    if (asked === 'epoch') return { ms: this.#timed(() => { this.#epoch(); }) };
    if (asked === 'again') return { ms: await this.#beyondStep(() => { this.#executable.restart(this.#steps, 0); }) };
    if (asked === 'anew') return { ms: await this.#beyondStep(async () => { this.#executable.dispose(); this.#executable = await this.#compile(); }) };
    return { peakBytes: process.resourceUsage().maxRSS * 1024 };
  }

  stepsPerSecond(ms: number): number {
    const began = performance.now();
    let steps = 0;
    for (; performance.now() - began < ms; steps += 1) this.step();
    return (1000 * steps) / (performance.now() - began);
  }

  step(): void {
    this.#executable.step(batch(this.#steps * this.#model.batch, this.#model.batch), settings(this.#steps));
    this.#steps += 1;
  }

  #timed(work: () => void): number {
    const began = performance.now();
    work();
    return performance.now() - began;
  }

  /** One pass over all images, then what the trainer does for an epoch's numbers: statistics, and predictions of the validation part. */
  #epoch(): void {
    const { batch: size } = this.#model;
    for (let from = 0; from < IMAGES; from += size) this.#executable.step(batch(from, Math.min(size, IMAGES - from)), settings(from));
    this.#executable.recalibrate(batch(0, RECALIBRATION_IMAGES), size);
    this.#executable.predict(batch(0, VALIDATION));
  }

  /** What a warm process needs beyond the step itself to step after `prepare`: an executor may put work off to its first step. */
  async #beyondStep(prepare: () => void | Promise<void>): Promise<number> {
    const steady = median(Array.from({ length: 5 }, () => this.#timed(() => this.step())));
    const began = performance.now();
    await prepare();
    this.step();
    return performance.now() - began - steady;
  }
}

interface Kept {
  readonly head: Topology;
  readonly source: ImageSource;
  /** What computing them took; null where another process had. */
  readonly ms: number | null;
}

/** What the first epoch over a frozen base does (worker/train/transfer-models.ts): features of all images, in a file that the engine's processes share. */
async function keptFeatures(engine: Engine, training: Training, source: ImageSource, { transfer, pixels }: { readonly transfer: TransferModel; readonly pixels: PixelTable }): Promise<Kept> {
  const { halves, shape } = splitTransfer(transfer, engine.numerics);
  const path = `${pixels.path}.${engine.numerics.replace(/\W+/g, '-')}.features`;
  const compute = async (): Promise<void> => {
    const topology = frozenTopology(halves.features, halves.features.config.layers.length);
    const network = await engine.compile(topology, { ...training, classes: shape.height * shape.width * shape.channels, maxBatch: 16 }, source);
    await ensureFeatures(path, IMAGES, shape, (indices) => network.predict(indices), () => Promise.resolve(false));
    network.dispose();
  };
  const began = performance.now();
  const isThere = existsSync(path);
  if (!isThere) await compute();
  return { head: halves.head, source: openFeatures(path, shape, pixels), ms: isThere ? null : performance.now() - began };
}

async function main(): Promise<void> {
  const [name = '', pixels = '', chosen = '', span] = process.argv.slice(2);
  const model = benchModel(name);
  const source = openImageSource(pixelTable(model, pixels));
  const engine = await openEngine({ ...(JSON.parse(chosen) as BenchEngine), gpus: [] });
  const training = {
    optimizer: model.optimizer, classes: CLASSES, normalisation: { mean: null, deviation: null }, initSeed: 0,
    replicate: 0, maxBatch: model.batch, accumulate: 1, clips: false, augments: false, memoryBytes: null,
  } as const;
  const kept = model.transfer === undefined ? null : await keptFeatures(engine, training, source, { transfer: model.transfer, pixels: pixelTable(model, pixels) });
  const compile = (): Promise<Executable> => (kept === null ? engine.compile(model.topology, training, source) : engine.compile(kept.head, { ...training, features: true }, kept.source));
  const child = new Child(model, compile, await compile());
  child.step();
  if (span !== undefined) {
    process.stdout.write(`${child.stepsPerSecond(Number(span))}\n`);
    return;
  }
  process.stdout.write(`${JSON.stringify({ ready: engine.numerics, ...(kept === null ? {} : { featuresMs: kept.ms }) })}\n`);
  for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(await child.answer(line))}\n`);
}

await main();

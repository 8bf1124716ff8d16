import { JoinedMoments } from '../joined-moments.js';
import { batchParts, recalibrationBatches } from '../parts.js';
import type { Executable, Fill, ImageSource, PixelTransform, StepResult, StepSettings, Training } from '../engine.js';
import { fillInitial } from '../initial-weights.js';
import { noiseFactor } from '../pixel-effects.js';
import type { Program } from '../program.js';
import { DATA_TYPE, type NativeTensorFlow } from '../native/native.js';
import { AVERAGE, stepRates } from '../optimizer.js';
import { decodeState, encodeState, type Tensor } from '../state.js';
import type { AugmentKind } from './augmentation.js';
import { activationBytes } from './estimate.js';
import { dropoutDraw } from './operations/activate.js';
import { elements } from './operations/lowering.js';
import { type Feed, Session } from './session.js';
import { buildTrainingGraph, FEED, MIXED, type Residence, ROOM_BLOCK, type Scalars, SCALARS, storedTensors, type TrainingGraph, type Variant, wordsPerImage } from './training-graph.js';

/** A graph in TensorFlow, and which one it is. */
interface Loaded {
  readonly session: Session;
  readonly graph: TrainingGraph;
  readonly variant: Variant | null;
}

/**
 * Runs a training's graph. The graph is made when it is first needed, for what is then asked of it: one
 * that only predicts has no gradients, one without dropout draws no masks. When an epoch asks for more
 * than the epoch before, another graph takes its place and the weights move over. Between graphs, and
 * before the first, the state lies in `tensors`.
 */
export class GraphExecutable implements Executable {
  readonly params: number;
  readonly learnables: number;
  readonly memoryBytes: number;
  private readonly native: NativeTensorFlow;
  private readonly program: Program;
  private readonly training: Training;
  private readonly source: ImageSource;
  private readonly residence: Residence;
  /** Images that are in a run at a time. */
  private readonly most: number;
  private readonly tensors: readonly Tensor[];
  private loaded: Loaded | null = null;
  private steps = 0;

  constructor(native: NativeTensorFlow, program: Program, training: Training, source: ImageSource, residence: Residence, memoryBytes: number) {
    this.native = native;
    this.program = program;
    this.training = training;
    this.source = source;
    this.residence = residence;
    this.memoryBytes = memoryBytes;
    this.most = Math.ceil(training.maxBatch / training.accumulate);
    this.learnables = program.layers.reduce((sum, layer) => sum + layer.learnables, 0);
    this.params = program.layers.reduce((sum, layer) => sum + layer.params, 0);
    this.tensors = storedTensors(program, training.optimizer).map(({ name, shape }) => ({ name, shape, values: new Float32Array(shape.reduce((product, size) => product * size, 1)) }));
    this.fillInitial(training.initSeed, training.replicate);
  }

  step(indices: Int32Array, settings: StepSettings): StepResult {
    const count = indices.length;
    const { maxBatch, accumulate, optimizer } = this.training;
    if (count < 1 || count > maxBatch) throw new RangeError(`a step takes 1 to ${String(maxBatch)} images, not ${String(count)}`);
    const { graph, session } = this.trainer(this.variantOf(settings));
    const trainStep = graph.step;
    if (trainStep === null) throw new RangeError('this graph predicts only');
    const rates = stepRates(optimizer, settings.lr, this.steps + 1);
    const kept: Feed[] = rates.kept === null ? [] : [{ name: FEED.kept, type: DATA_TYPE.float, shape: [], values: Float32Array.of(rates.kept) }];
    const scalars = [this.scalars(settings, count, rates), ...this.baseRates(settings)];
    let loss = 0;
    let correct = 0;
    batchParts(count, accumulate).forEach(({ from, to }) => {
      const chosen = indices.subarray(from, to);
      const augment = settings.augment?.slice(from, to) ?? null;
      const feeds = [...this.imageFeeds(chosen), ...this.stepFeeds(chosen, settings, augment, from), ...scalars, ...(graph.apply === null ? kept : [])];
      const [values] = session.run('train', feeds, [trainStep]);
      loss += values?.[0] ?? NaN;
      correct += values?.[1] ?? 0;
    });
    if (graph.apply !== null) {
      const [values] = session.run('update the weights', [...scalars, ...kept], [graph.apply]);
      loss += values?.[0] ?? NaN;
    }
    this.steps++;
    return { loss, correct };
  }

  /** As in the wasm executor. All statistics of a batch come as one vector, since each tensor that is fetched costs. */
  recalibrate(indices: Int32Array, batch: number): void {
    const batches = recalibrationBatches(indices.length, batch, this.most);
    const { graph, session } = this.ready();
    const { calibration } = graph;
    if (calibration === null) return;
    const joined = calibration.norms.map(({ input }) => new JoinedMoments(input.channels));
    for (const { from, to } of batches) {
      const [moments = new Float32Array()] = session.run('recalibrate', this.imageFeeds(indices.subarray(from, to)), [calibration.moments]);
      let at = 0;
      calibration.norms.forEach(({ input: { height, width, channels } }, index) => {
        const count = (to - from) * height * width;
        const unbiased = moments.subarray(at + channels, at + 2 * channels);
        joined[index]!.take(moments.subarray(at, at + channels), Float64Array.from(unbiased, (variance) => variance * Math.max(count - 1, 1)), count);
        at += 2 * channels;
      });
    }
    const feeds = calibration.norms.flatMap(({ input: { channels }, meanFeed, varianceFeed }, index): Feed[] => [
      { name: meanFeed, type: DATA_TYPE.float, shape: [channels], values: joined[index]!.mean() },
      { name: varianceFeed, type: DATA_TYPE.float, shape: [channels], values: joined[index]!.variance() },
    ]);
    session.run('set statistics', feeds, [calibration.assigned]);
  }

  predict(indices: Int32Array): Float32Array {
    const { classes } = this.program;
    const { graph, session } = this.ready();
    const logits = new Float32Array(indices.length * classes);
    this.eachChunk(indices, (chunk, first) => {
      const [values = []] = session.run('predict', this.imageFeeds(chunk), [graph.logits]);
      logits.set(values, first * classes);
    });
    return logits;
  }

  state(): Uint8Array {
    this.pull();
    return encodeState(this.training.optimizer.name, this.steps, this.tensors);
  }

  load(state: Uint8Array): void {
    this.pull();
    this.steps = decodeState(state, this.training.optimizer.name, this.tensors).steps;
    if (this.loaded !== null) this.push(this.loaded);
  }

  restart(initSeed: number, replicate: number): void {
    this.fillInitial(initSeed, replicate);
    this.steps = 0;
    if (this.loaded !== null) this.push(this.loaded);
  }

  dispose(): void {
    this.loaded?.session.dispose();
    this.loaded = null;
  }

  private variantOf({ dropout, l2, clipNorm, augment }: StepSettings): Variant {
    const { clips, augments } = this.training;
    if (clipNorm !== null && !clips) throw new RangeError('this training was compiled without room for clipping');
    if (augment !== null && !augments) throw new RangeError('this training was compiled without room for augmentation');
    return {
      dropout: dropout > 0 && this.program.operations.some(({ kind }) => kind === 'dropout'),
      l2: l2 !== 0,
      clip: clipNorm !== null,
      augment: augment === null ? null : this.kindOf(augment),
    };
  }

  /** Contrast and brightness, once met, stay: a batch in which they happen to be 1 needs no graph of its own. */
  private kindOf(transforms: readonly PixelTransform[]): AugmentKind {
    const fills = new Set<Fill>(transforms.map(({ fill }) => fill));
    const [fill = 'constant'] = fills;
    if (fills.size > 1) throw new RangeError(`the images of a step have one fill, not ${[...fills].join(' and ')}`);
    const before = this.loaded?.variant?.augment ?? null;
    return {
      fill,
      contrast: before?.contrast === true || transforms.some(({ contrast }) => contrast !== 1),
      brightness: before?.brightness === true || transforms.some(({ brightness }) => brightness !== 1),
      noise: transforms.some(({ noise }) => noise !== undefined),
      cutout: transforms.some(({ cutout }) => cutout !== undefined),
      mixed: transforms.some(({ mixed }) => mixed !== undefined),
    };
  }

  private trainer(variant: Variant): Loaded {
    if (this.loaded !== null && JSON.stringify(this.loaded.variant) === JSON.stringify(variant)) return this.loaded;
    return this.replace(variant);
  }

  private ready(): Loaded {
    return this.loaded ?? this.replace(null);
  }

  private replace(variant: Variant | null): Loaded {
    this.pull();
    this.dispose();
    const { program, training, residence } = this;
    const graph = buildTrainingGraph({
      program, optimizer: training.optimizer, normalisation: training.normalisation, accumulates: training.accumulate > 1, baseLayers: training.baseLayers ?? 0, residence, variant,
    });
    const session = new Session(this.native.binding, graph.savedModel);
    const loaded = { session, graph, variant };
    try {
      this.push(loaded);
      this.pushData(loaded);
    } catch (error) {
      session.dispose();
      throw error;
    }
    this.loaded = loaded;
    return loaded;
  }


  /** From TensorFlow to `tensors`. */
  private pull(): void {
    if (this.loaded === null) return;
    const { session, graph } = this.loaded;
    const values = session.run('read the weights', [], graph.stored.map(({ value }) => value));
    this.tensors.forEach((tensor, index) => tensor.values.set(values[index] ?? []));
  }

  /**
   * From `tensors` to TensorFlow. On a CPU its oneDNN kernels end the process (SIGSEGV, seen in 2.21) where an
   * allocation fails, while its own operations say so: hence what a step will need is asked for in the same
   * run, without being touched. Throws OutOfMemoryError.
   */
  private push({ session, graph, variant }: Loaded): void {
    const feeds = graph.stored.map(({ feed, tensor }, index): Feed => ({ name: feed, type: DATA_TYPE.float, shape: tensor.shape, values: this.tensors[index]?.values ?? new Float32Array() }));
    const fetches = [graph.restored, graph.reset];
    if (this.native.device === 'cpu') {
      const blocks = Math.ceil(activationBytes(this.program, this.training, variant !== null) / (4 * ROOM_BLOCK));
      feeds.push({ name: FEED.room, type: DATA_TYPE.int32, shape: [], values: Int32Array.of(blocks) });
      fetches.push(graph.room);
    }
    session.run('begin the training', feeds, fetches);
  }

  /** The whole data set, an image padded to whole words. */
  private pushData({ session, graph }: Loaded): void {
    if (graph.dataSet === null) return;
    const { source, program } = this;
    const words = wordsPerImage(program);
    const size = elements(program.input);
    const bytes = new Uint8Array(source.count * 4 * words);
    const one = new Int32Array(1);
    for (let image = 0; image < source.count; image++) {
      one[0] = image;
      source.read(one, bytes.subarray(image * 4 * words, image * 4 * words + size));
    }
    session.run('hold the data set', [{ name: FEED.data, type: DATA_TYPE.float, shape: [source.count, words], values: new Float32Array(bytes.buffer) }], [graph.dataSet]);
  }

  private eachChunk(indices: Int32Array, visit: (chunk: Int32Array, first: number) => void): void {
    for (let first = 0; first < indices.length; first += this.most) visit(indices.subarray(first, Math.min(indices.length, first + this.most)), first);
  }

  private imageFeeds(indices: Int32Array, prefix = ''): Feed[] {
    if (this.residence.kind === 'resident') return [{ name: prefix + FEED.indices, type: DATA_TYPE.int32, shape: [indices.length], values: indices.slice() }];
    const { height, width, channels } = this.program.input;
    const shape = [indices.length, height, width, channels];
    if (this.residence.kind === 'features') {
      const features = new Float32Array(indices.length * elements(this.program.input));
      this.source.read(indices, new Uint8Array(features.buffer));
      return [{ name: FEED.pixels, type: DATA_TYPE.float, shape, values: features }];
    }
    const pixels = new Uint8Array(indices.length * elements(this.program.input));
    this.source.read(indices, pixels);
    return [{ name: prefix + FEED.pixels, type: DATA_TYPE.uint8, shape, values: pixels }];
  }

  private stepFeeds(indices: Int32Array, { classWeights, dropout, dropoutSeed }: StepSettings, augment: readonly PixelTransform[] | null, first: number): Feed[] {
    const { classes } = this.program;
    const feeds: Feed[] = [
      this.labelFeed(indices),
      { name: FEED.classWeights, type: DATA_TYPE.float, shape: [classes], values: classWeights === null ? new Float32Array(classes).fill(1) : Float32Array.from(classWeights) },
    ];
    if (this.loaded?.variant?.dropout === true) feeds.push({ name: FEED.draws, type: DATA_TYPE.int32, shape: [3], values: Int32Array.of(dropoutSeed, first, dropoutDraw(dropout).threshold) });
    const kind = this.loaded?.variant?.augment ?? null;
    if (augment === null || kind === null) return feeds;
    feeds.push(...augmentFeeds(augment, kind, ''));
    if (kind.mixed) feeds.push(...this.mixedFeeds(indices, augment, kind));
    return feeds;
  }

  private baseRates({ lr, baseLr = lr }: StepSettings): Feed[] {
    const { optimizer, baseLayers = 0 } = this.training;
    if (baseLayers === 0) return [];
    const { rate, decay } = stepRates(optimizer, baseLr, this.steps + 1);
    return [{ name: FEED.baseRates, type: DATA_TYPE.float, shape: [2], values: Float32Array.of(rate, decay) }];
  }

  /** An image that is mixed with none is mixed with itself. */
  private mixedFeeds(indices: Int32Array, augment: readonly PixelTransform[], kind: AugmentKind): Feed[] {
    const others = Int32Array.from(indices, (index, position) => augment[position]?.mixed?.image ?? index);
    const shares = Float32Array.from(augment, ({ mixed }) => mixed?.share ?? 1);
    return [
      ...this.imageFeeds(others, MIXED),
      this.labelFeed(others, MIXED),
      ...augmentFeeds(augment.map((own) => own.mixed?.transform ?? own), kind, MIXED),
      { name: FEED.share, type: DATA_TYPE.float, shape: [shares.length], values: shares },
    ];
  }

  private labelFeed(indices: Int32Array, prefix = ''): Feed {
    return { name: prefix + FEED.labels, type: DATA_TYPE.int32, shape: [indices.length], values: Int32Array.from(indices, (index) => this.source.labels[index] ?? 0) };
  }

  private scalars(settings: StepSettings, count: number, { rate, decay }: { readonly rate: number; readonly decay: number }): Feed {
    const other = settings.labelSmoothing / this.program.classes;
    const scalars: Scalars = {
      rate, decay, other, own: 1 - settings.labelSmoothing + other, dropoutScale: dropoutDraw(settings.dropout).scale,
      share: 1 / count, l2: settings.l2, clipNorm: settings.clipNorm ?? Infinity,
    };
    return { name: FEED.scalars, type: DATA_TYPE.float, shape: [SCALARS.length], values: Float32Array.from(SCALARS, (name) => scalars[name]) };
  }

  private fillInitial(initSeed: number, replicate: number): void {
    const parameters = new Map(this.program.parameters.map((parameter) => [parameter.name, parameter]));
    for (const { name, values } of this.tensors) {
      const parameter = parameters.get(name.replace(`:${AVERAGE}`, ''));
      if (parameter === undefined) values.fill(name.endsWith('/moving_variance') ? 1 : 0);
      else fillInitial(parameter, initSeed, replicate, values);
    }
  }
}

export function augmentFeeds(augment: readonly PixelTransform[], kind: Pick<AugmentKind, 'noise' | 'cutout'>, prefix: string): Feed[] {
  const matrices = augment.flatMap(({ matrix }) => matrix);
  const high = Float32Array.from(matrices);
  const low = Float32Array.from(matrices, (value, index) => value - (high[index] ?? 0));
  const count = augment.length;
  const floats = (name: string, values: Float32Array): Feed => ({ name: prefix + name, type: DATA_TYPE.float, shape: [count, values.length / count], values });
  const feeds = [floats(FEED.high, high), floats(FEED.low, low), floats(FEED.factors, Float32Array.from(augment.flatMap(({ contrast, brightness }) => [contrast, brightness])))];
  if (kind.noise) {
    const seeds = Int32Array.from(augment.flatMap(({ noise }) => [noise?.seed ?? 0, noise?.seed2 ?? 0]));
    feeds.push({ name: prefix + FEED.seeds, type: DATA_TYPE.int32, shape: [count, 2], values: seeds });
    feeds.push(floats(FEED.noise, Float32Array.from(augment, ({ noise }) => (noise === undefined ? 0 : noiseFactor(noise)))));
  }
  if (kind.cutout) feeds.push(floats(FEED.holes, Float32Array.from(augment.flatMap(({ cutout }) => (cutout === undefined ? [0, 0, 0, 0] : [cutout.top, cutout.bottom, cutout.left, cutout.right])))));
  return feeds;
}

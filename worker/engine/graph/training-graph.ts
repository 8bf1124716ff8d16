/**
 * The whole of a training as one graph: what is fed, what is fetched, and the variables between. A run
 * computes what its fetches need and no more, so that a step, a prediction and the statistics of one
 * batch norm are runs of the same graph.
 */
import type { OptimizerChoice } from '../../../proto/work.js';
import type { Normalisation } from '../engine.js';
import type { Parameter, Shape } from '../parameter.js';
import type { Operation, Program } from '../program.js';
import { AVERAGE, momentNames, stateNames } from '../optimizer.js';
import { augmented, type AugmentKind } from './augmentation.js';
import { attribute, TYPE } from './graph-def.js';
import { GraphBuilder, type Ref, type Variable } from './graph-builder.js';
import { softmaxCrossEntropy } from './loss.js';
import { Network } from './network.js';
import { elements, type ParameterGradient, type Pass } from './operations/lowering.js';
import { averages, penalty, type TrainedParameter, type UpdateInputs, updates } from './updates.js';

/** Raised with every change of the nodes, or of what is fed to them, that moves numbers: part of `numerics`. A test pins the graphs. */
export const GRAPH_FORMAT = 3;

/** What a step may ask for; each costs nodes, so that a graph has those that are used and no others. */
export interface Variant {
  readonly dropout: boolean;
  readonly l2: boolean;
  readonly clip: boolean;
  readonly augment: AugmentKind | null;
}

/** Where the images come from: fed with each run, as pixels or as features; or gathered from a variable by their indices. */
export type Residence = { readonly kind: 'fed' } | { readonly kind: 'features' } | { readonly kind: 'resident'; readonly count: number };

export interface GraphChoice {
  readonly program: Program;
  readonly optimizer: OptimizerChoice;
  readonly normalisation: Normalisation;
  readonly accumulates: boolean;
  /** Of the topology's first layers, which have a rate of their own; 0 for none. */
  readonly baseLayers: number;
  readonly residence: Residence;
  /** Null for a graph that predicts and does not train. */
  readonly variant: Variant | null;
}

/** Floats in a block of memory that is asked for at a trial. */
export const ROOM_BLOCK = 2 ** 18;

/** Names of what is fed. */
export const FEED = {
  pixels: 'pixels', indices: 'indices', labels: 'labels', classWeights: 'class_weights', scalars: 'scalars', draws: 'draws',
  high: 'matrix_high', low: 'matrix_low', factors: 'factors', seeds: 'noise_seeds', noise: 'noise_factors', holes: 'holes', share: 'own_share', data: 'data_in', room: 'room', baseRates: 'base_rates', kept: 'average_kept',
} as const;

/** Before the name of what is fed of the images that are mixed in. */
export const MIXED = 'mixed_';

/** The scalars of a step, in the order in which they are fed together. */
export const SCALARS = ['rate', 'decay', 'dropoutScale', 'share', 'own', 'other', 'l2', 'clipNorm'] as const;
export type Scalars = { readonly [name in (typeof SCALARS)[number]]: number };

type NormOperation = Extract<Operation, { kind: 'batchNorm' }>;

export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Of all batch norms, in the order of the program. */
export interface Calibration {
  /** For each: mean and unbiased variance of its input in a training's forward pass, [2 * channels], one after another. */
  readonly moments: Ref;
  readonly norms: readonly { readonly input: Shape; readonly meanFeed: string; readonly varianceFeed: string }[];
  /** To be fetched: sets the statistics of inference from their feeds. */
  readonly assigned: Ref;
}

export interface TrainingGraph {
  readonly savedModel: Uint8Array;
  readonly nodes: number;
  /** In the order of a checkpoint: weights, optimizer state, statistics of inference. */
  readonly stored: readonly { readonly tensor: StoredTensor; readonly value: Ref; readonly feed: string }[];
  /** To be fetched: they set the stored values from their feeds, and everything else to zeros. */
  readonly restored: Ref;
  readonly reset: Ref;
  readonly dataSet: Ref | null;
  /** Takes as many blocks of ROOM_BLOCK floats as are fed, without touching them, and gives them back. */
  readonly room: Ref;
  /** [loss, images that are right]; the update done, or with `accumulates` the gradients added. */
  readonly step: Ref | null;
  /** [penalty]; updates from the gradients that were added, and clears them. */
  readonly apply: Ref | null;
  /** [batch, classes] */
  readonly logits: Ref;
  /** Null for a model without batch norms. */
  readonly calibration: Calibration | null;
}

/** Bytes of an image in the data set's variable: float32 words, since TensorFlow's kernels on GPUs gather no bytes. */
export function wordsPerImage(program: Program): number {
  return Math.ceil(elements(program.input) / 4);
}

/** The tensors of a checkpoint, in its order. */
export function storedTensors(program: Program, optimizer: OptimizerChoice): StoredTensor[] {
  const states = stateNames(optimizer).flatMap((state) => program.parameters.filter(({ frozen }) => !frozen).map(({ name, shape }) => ({ name: `${name}:${state}`, shape })));
  const statistics = normsOf(program).flatMap(({ name, input }) => [
    { name: `${name}/moving_mean`, shape: [input.channels] },
    { name: `${name}/moving_variance`, shape: [input.channels] },
  ]);
  return [...program.parameters.map(({ name, shape }) => ({ name, shape })), ...states, ...statistics];
}

export function normsOf(program: Program): NormOperation[] {
  return program.operations.filter((operation) => operation.kind === 'batchNorm');
}

function averageOf({ name }: Parameter): string {
  return `${name}:${AVERAGE}`;
}

export function buildTrainingGraph(choice: GraphChoice): TrainingGraph {
  return new Assembly(choice).build();
}

class Assembly {
  private readonly graph = new GraphBuilder();
  private readonly choice: GraphChoice;
  private readonly variables = new Map<string, Variable>();
  private readonly assigned: { tensor: StoredTensor; value: Ref; feed: string; set: Ref }[] = [];
  private readonly cleared: Ref[] = [];
  private data: Variable | null = null;
  private dataSet: Ref | null = null;

  constructor(choice: GraphChoice) {
    this.choice = choice;
    for (const tensor of storedTensors(choice.program, choice.optimizer)) this.store(tensor);
  }

  build(): TrainingGraph {
    const { graph, choice } = this;
    const raw = this.images();
    const plain = this.normalised(raw);
    const inference = new Network(choice.program, this.pass(null, true, true), plain);
    const logits = graph.node('Identity', [inference.logits], { T: attribute.type(TYPE.float) }, { name: 'logits' });
    const calibration = this.calibration(plain);
    const trained = choice.variant === null ? { step: null, apply: null } : this.training(raw, plain, choice.variant);
    const restored = this.done(this.assigned.map(({ set }) => set));
    const reset = this.done(this.cleared);
    const room = this.room();
    return {
      savedModel: graph.savedModel(), nodes: graph.size, logits, restored, reset, dataSet: this.dataSet, room, calibration, ...trained,
      stored: this.assigned.map(({ tensor, value, feed }) => ({ tensor, value, feed })),
    };
  }

  private calibration(plain: Ref): Calibration | null {
    const { graph, choice } = this;
    const norms = normsOf(choice.program).filter(({ frozen }) => !frozen);
    if (norms.length === 0) return null;
    const { moments } = new Network(choice.program, this.pass(null, false, true), plain);
    const assigned = norms.map(({ name, input }) => ({ input, mean: this.assignedOf(`${name}/moving_mean`), variance: this.assignedOf(`${name}/moving_variance`) }));
    return {
      moments: graph.concat(moments.flatMap(({ mean, variance }) => [mean, variance])),
      norms: assigned.map(({ input, mean, variance }) => ({ input, meanFeed: mean.feed, varianceFeed: variance.feed })),
      assigned: this.done(assigned.flatMap(({ mean, variance }) => [mean.set, variance.set])),
    };
  }

  /** A scalar to fetch, there once all of `after` have run. */
  private done(after: readonly Ref[]): Ref {
    return this.graph.node('Identity', [this.graph.scalar(1)], { T: attribute.type(TYPE.float) }, { after });
  }

  /**
   * A variable that is filled from a feed. The feed's memory is JavaScript's, so the variable gets a copy:
   * otherwise an update would free it from one of TensorFlow's threads.
   */
  private store(tensor: StoredTensor): void {
    const { graph } = this;
    const variable = graph.variable(tensor.name, tensor.shape);
    const feed = `in_${String(this.assigned.length)}`;
    const copy = graph.op('DeepCopy', [graph.placeholder(feed, TYPE.float, tensor.shape)]);
    this.variables.set(tensor.name, variable);
    this.assigned.push({ tensor, value: variable.value, feed, set: graph.assign(variable, copy) });
  }

  private assignedOf(name: string): { readonly feed: string; readonly set: Ref } {
    const found = this.assigned.find(({ tensor }) => tensor.name === name);
    if (found === undefined) throw new RangeError(`no tensor ${name}`);
    return found;
  }

  private variable(name: string): Variable {
    const variable = this.variables.get(name);
    if (variable === undefined) throw new RangeError(`no variable ${name}`);
    return variable;
  }

  /** A variable of zeros that no checkpoint holds. */
  private scratch(name: string, shape: readonly number[]): Variable {
    const variable = this.graph.variable(name, shape);
    this.cleared.push(this.graph.assign(variable, this.zeros(shape)));
    return variable;
  }

  private zeros(shape: readonly number[], after: readonly Ref[] = []): Ref {
    const { graph } = this;
    return graph.node('Fill', [graph.integers(...shape), graph.scalar(0)], { T: attribute.type(TYPE.float), index_type: attribute.type(TYPE.int32) }, { after });
  }

  private room(): Ref {
    const { graph } = this;
    const shape = graph.pack([graph.placeholder(FEED.room, TYPE.int32, []), graph.scalar(ROOM_BLOCK, TYPE.int32)], TYPE.int32);
    const empty = graph.node('Empty', [shape], { dtype: attribute.type(TYPE.float), init: attribute.flag(false) });
    return graph.slice(empty, [0, 0], [1, 1]);
  }

  /** uint8 [batch, height, width, channels]; float32 of features */
  private images(prefix = ''): Ref {
    const { graph, choice } = this;
    const { height, width, channels } = choice.program.input;
    if (choice.residence.kind === 'features') return graph.placeholder(FEED.pixels, TYPE.float, [-1, height, width, channels]);
    if (choice.residence.kind === 'fed') return graph.placeholder(prefix + FEED.pixels, TYPE.uint8, [-1, height, width, channels]);
    const words = wordsPerImage(choice.program);
    const data = this.resident([choice.residence.count, words]);
    const indices = graph.placeholder(prefix + FEED.indices, TYPE.int32, [-1]);
    const gathered = graph.node('ResourceGather', [data.handle, indices], { dtype: attribute.type(TYPE.float), Tindices: attribute.type(TYPE.int32), batch_dims: attribute.int(0) });
    const bytes = graph.reshape(graph.op('Bitcast', [gathered], { type: attribute.type(TYPE.uint8) }), [-1, 4 * words], TYPE.uint8);
    const size = elements(choice.program.input);
    const whole = 4 * words === size ? bytes : graph.slice(bytes, [0, 0], [-1, size], TYPE.uint8);
    return graph.reshape(whole, [-1, height, width, channels], TYPE.uint8);
  }

  /** The data set, as words. */
  private resident(shape: readonly number[]): Variable {
    const { graph } = this;
    if (this.data !== null) return this.data;
    this.data = graph.variable('data', shape);
    this.dataSet = this.done([graph.assign(this.data, graph.op('DeepCopy', [graph.placeholder(FEED.data, TYPE.float, shape)]))]);
    return this.data;
  }

  /** From uint8, or from float32 in 0..255 with `floats`. */
  private normalised(images: Ref, floats = false): Ref {
    const { graph, choice } = this;
    const { height, width, channels } = choice.program.input;
    const { mean, deviation } = choice.normalisation;
    if (choice.residence.kind === 'features') return images;
    let x = graph.divide(floats ? images : graph.cast(images, TYPE.uint8, TYPE.float), graph.scalar(255));
    if (mean !== null) x = graph.subtract(x, graph.constant(mean, [height, width, channels]));
    if (deviation !== null) x = graph.divide(x, graph.constant(deviation, [height, width, channels]));
    return x;
  }

  /** `averaged`: by the averages of weights, where there are any. */
  private pass(dropout: Pass['dropout'], inference: boolean, averaged = false): Pass {
    return {
      graph: this.graph,
      weight: (parameter: Parameter) => ((averaged ? this.variables.get(averageOf(parameter)) : undefined) ?? this.variable(parameter.name)).value,
      dropout,
      statistics: ({ name, frozen }) => (inference || frozen ? { mean: this.variable(`${name}/moving_mean`).value, variance: this.variable(`${name}/moving_variance`).value } : null),
    };
  }

  private training(raw: Ref, plain: Ref, variant: Variant): { step: Ref; apply: Ref | null } {
    const { graph, choice } = this;
    const { program } = choice;
    const values = graph.unpack(graph.placeholder(FEED.scalars, TYPE.float, [SCALARS.length]), SCALARS.length);
    const scalar = (name: (typeof SCALARS)[number]): Ref => values[SCALARS.indexOf(name)]!;
    const [seed = '', first = '', threshold = ''] = variant.dropout ? graph.unpack(graph.placeholder(FEED.draws, TYPE.int32, [3]), 3, TYPE.int32) : [];
    const dropout = variant.dropout ? { scale: scalar('dropoutScale'), threshold, seed, first } : null;
    const mixed = variant.augment?.mixed === true ? { labels: graph.placeholder(MIXED + FEED.labels, TYPE.int32, [-1]), share: graph.placeholder(FEED.share, TYPE.float, [-1]) } : null;
    const network = new Network(program, this.pass(dropout, false), variant.augment === null ? plain : this.augmentedImages(raw, variant.augment, mixed?.share ?? null));
    const labels = graph.placeholder(FEED.labels, TYPE.int32, [-1]);
    const classWeights = graph.placeholder(FEED.classWeights, TYPE.float, [program.classes]);
    const loss = softmaxCrossEntropy(graph, network.logits, program.classes, { labels, classWeights, share: scalar('share'), own: scalar('own'), other: scalar('other'), mixed });
    const gradients = new Map(network.backward(loss.gradient).map((one) => [one.parameter.name, one]));
    const inputs: UpdateInputs = { rate: scalar('rate'), decay: scalar('decay'), ...this.baseRates(), l2: scalar('l2'), clipNorm: scalar('clipNorm') };
    const parameters = this.trained();
    const punished = variant.l2 ? penalty(graph, parameters, inputs.l2) : graph.scalar(0);
    const result = (values: readonly Ref[], after: readonly Ref[]): Ref => graph.node('Identity', [graph.pack(values)], { T: attribute.type(TYPE.float) }, { after });
    const updated = (from: ReadonlyMap<string, ParameterGradient>): Ref[] => {
      const done = updates(graph, choice.optimizer, from, parameters, inputs, variant);
      return choice.optimizer.ema === undefined ? done : averages(graph, parameters, done, graph.placeholder(FEED.kept, TYPE.float, []));
    };
    if (!choice.accumulates) {
      const done = updated(gradients);
      return { step: result([variant.l2 ? graph.add(loss.value, punished) : loss.value, loss.correct], done), apply: null };
    }
    const { added, sums, clear } = this.accumulated(gradients);
    const done = updated(sums);
    return { step: result([loss.value, loss.correct], added), apply: result([punished], clear(done)) };
  }

  /** A feed of their own, so that graphs without a base stay as they are. */
  private baseRates(): { readonly baseRate: Ref; readonly baseDecay: Ref } {
    const { graph, choice } = this;
    const [baseRate = '', baseDecay = ''] = choice.baseLayers === 0 ? [] : graph.unpack(graph.placeholder(FEED.baseRates, TYPE.float, [2]), 2);
    return { baseRate, baseDecay };
  }

  private augmentedImages(raw: Ref, kind: AugmentKind, share: Ref | null): Ref {
    const { graph } = this;
    const own = this.transformed(raw, kind, '');
    if (share === null) return this.normalised(own, true);
    const other = this.transformed(this.images(MIXED), kind, MIXED);
    return this.normalised(graph.add(other, graph.multiply(graph.reshape(share, [-1, 1, 1, 1]), graph.subtract(own, other))), true);
  }

  /** float32, 0..255 */
  private transformed(raw: Ref, kind: AugmentKind, prefix: string): Ref {
    const { graph, choice } = this;
    const floats = (name: string, columns: number): Ref => graph.placeholder(prefix + name, TYPE.float, [-1, columns]);
    const inputs = {
      ...{ high: floats(FEED.high, 6), low: floats(FEED.low, 6), factors: floats(FEED.factors, 2) },
      noise: kind.noise ? { seeds: graph.placeholder(prefix + FEED.seeds, TYPE.int32, [-1, 2]), factors: floats(FEED.noise, 1) } : null,
      holes: kind.cutout ? floats(FEED.holes, 4) : null,
    };
    return augmented(graph, graph.cast(raw, TYPE.uint8, TYPE.float), choice.program.input, kind, inputs);
  }

  private trained(): TrainedParameter[] {
    const { program, optimizer } = this.choice;
    return program.parameters.filter(({ frozen }) => !frozen).map((parameter) => ({
      parameter,
      inBase: parameter.layer < this.choice.baseLayers,
      value: this.variable(parameter.name),
      average: this.variables.get(averageOf(parameter)) ?? null,
      state: momentNames(optimizer).map((state) => this.variable(`${parameter.name}:${state}`)),
      scratch: optimizer.name === 'rmsprop' ? this.scratch(`${parameter.name}:scratch`, parameter.shape) : null,
    }));
  }

  /** Gradients added to sums from part to part; the sums as gradients; and what clears them once they were used. */
  private accumulated(gradients: ReadonlyMap<string, ParameterGradient>): { added: Ref[]; sums: Map<string, ParameterGradient>; clear: (after: readonly Ref[]) => Ref[] } {
    const { graph } = this;
    const added: Ref[] = [];
    const sums = new Map<string, ParameterGradient>();
    const all: Variable[] = [];
    for (const { parameter, gradient } of gradients.values()) {
      const sum = this.scratch(`${parameter.name}:sum`, parameter.shape);
      added.push(graph.node('AssignAddVariableOp', [sum.handle, gradient], { dtype: attribute.type(TYPE.float) }));
      sums.set(parameter.name, { parameter, gradient: sum.value, readers: [] });
      all.push(sum);
    }
    return { added, sums, clear: (after) => all.map((sum) => graph.assign(sum, this.zeros(sum.shape, after))) };
  }
}

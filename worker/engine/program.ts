/**
 * One walk over a tf.layers topology gives a program: the operations of a training step with their
 * shapes, parameters and seeds, free of any device. Every executor compiles this and nothing else, so
 * that they agree on what a model means.
 *
 * Operations form a graph without circles: each names the operations whose values it takes. They are
 * in an order in which every value is there before it is taken, and the last one gives the logits.
 *
 * The softmax at the end is left out: loss and probabilities are worked out from logits, because a
 * clipped cross-entropy on probabilities has no gradient once the softmax saturates. So is the sigmoid of
 * a single unit at the end, which is a model of two classes with binary cross-entropy.
 *
 * Long because the walk has a method for each kind of layer, over state that they share.
 */
import { ModelError } from '../model/model-error.js';
import type { Topology } from '../model/topology.js';
import { UnsupportedLayerError } from './engine.js';
import { type GraphLayer, layerGraph } from './layer-graph.js';
import { LayerReader } from './layer-reader.js';
import type { Parameter, Shape } from './parameter.js';
import { paddingOf, slid, type Window, type Zeros } from './window.js';

/** Of an operation's input, where it is the image and no operation's value. */
export const IMAGE = -1;

interface Common {
  readonly name: string;
  /** Index of the layer in the topology. */
  readonly layer: number;
  /** Indices into the program's operations, each smaller than this operation's own, or IMAGE. One, but for `add` and `concat`. */
  readonly inputs: readonly number[];
  /** Of the first input. */
  readonly input: Shape;
  readonly output: Shape;
}

/** Smooth activations, in Keras' words: elu (alpha 1), hyperbolic tangent, logistic. */
export const CURVES = ['elu', 'tanh', 'sigmoid'] as const;
export type Curve = (typeof CURVES)[number];

export type Operation =
  | (Common & { readonly kind: 'conv'; readonly window: Window; readonly kernel: Parameter; readonly bias: Parameter | null })
  /** Each channel with a kernel of its own, [rows, columns, channels, 1]; both strides are the same. */
  | (Common & { readonly kind: 'depthwiseConv'; readonly window: Window; readonly kernel: Parameter; readonly bias: Parameter | null })
  | (Common & { readonly kind: 'dense'; readonly kernel: Parameter; readonly bias: Parameter | null })
  | (Common & { readonly kind: 'batchNorm'; readonly epsilon: number; readonly gamma: Parameter | null; readonly beta: Parameter | null; readonly frozen: boolean })
  /** min(max(x, 0), cap); no gradient where x is not above 0, nor where it is not below the cap. */
  | (Common & { readonly kind: 'relu'; readonly cap: number | null })
  | (Common & { readonly kind: 'dropout' | 'flatten' })
  /** The sum of two or more inputs of one shape, element by element, from the first to the last. */
  | (Common & { readonly kind: 'add' })
  /** Channels of all inputs behind each other. */
  | (Common & { readonly kind: 'concat' })
  | (Common & { readonly kind: 'zeroPad'; readonly zeros: Zeros })
  | (Common & { readonly kind: Curve })
  | (Common & { readonly kind: 'maxPool' | 'averagePool'; readonly window: Window })
  /** The logits 0 and x of two classes, of one unit x that a sigmoid follows: their softmax is (1 - sigmoid(x), sigmoid(x)). */
  | (Common & { readonly kind: 'twoLogits' });

/** A layer as a person counts it; `softmax` marks the one that is left out of the operations. */
export interface LayerSummary {
  readonly name: string;
  readonly className: string;
  readonly output: Shape;
  /** Whether the output is a vector in Keras' sense (after Flatten, Dense, global pooling). */
  readonly vector: boolean;
  /** Those that are trained. */
  readonly learnables: number;
  readonly params: number;
  /** For one image, of convolutions and dense layers. */
  readonly multiplyAdds: number;
}

export interface Program {
  readonly input: Shape;
  readonly classes: number;
  readonly operations: readonly Operation[];
  /** In the order of operations, kernel before bias, gamma before beta. */
  readonly parameters: readonly Parameter[];
  readonly layers: readonly LayerSummary[];
}

/**
 * Throws UnsupportedLayerError naming the layer and `engine`; ModelError where shapes do not fit.
 */
export function programOf(topology: Topology, engine: string): Program {
  const walk = new Walk(engine);
  for (const layer of layerGraph(topology, engine)) walk.add(layer);
  return walk.finish();
}

/** For each operation the operations that take its value; the last one has none. */
export function readersOf(operations: readonly Operation[]): number[][] {
  const readers: number[][] = operations.map(() => []);
  operations.forEach(({ inputs }, index) => {
    for (const input of new Set(inputs)) readers[input]?.push(index);
  });
  return readers;
}

/** What a layer gives. */
interface Value {
  /** The operation that makes it; IMAGE for none. */
  readonly operation: number;
  readonly shape: Shape;
  /** In Keras' sense: after Flatten, Dense, global pooling. */
  readonly vector: boolean;
  /** The layer whose softmax it should have gone through: only the model's output may. */
  readonly softmaxOf: string | null;
  /** Whether training changes it: a layer that is trained lies on the way to it. */
  readonly learns: boolean;
}

class Walk {
  private readonly engine: string;
  private readonly operations: Operation[] = [];
  private readonly layers: LayerSummary[] = [];
  private readonly values = new Map<string, Value>();
  private image: Value | null = null;
  /** What the layer in hand takes, and what it gives so far. */
  private taken: readonly Value[] = [];
  private current: Value = { operation: IMAGE, shape: { height: 0, width: 0, channels: 0 }, vector: false, softmaxOf: null, learns: false };

  constructor(engine: string) {
    this.engine = engine;
  }

  add({ config, index, inputs }: GraphLayer): void {
    const reader = new LayerReader(config, this.engine);
    this.taken = inputs.length === 0 ? [this.readImage(reader)] : inputs.map((name) => this.values.get(name)!);
    for (const { softmaxOf } of this.taken) {
      if (softmaxOf !== null) throw new UnsupportedLayerError(this.engine, softmaxOf, 'softmax before the last layer');
    }
    this.current = this.taken[0]!;
    const before = this.operations.length;
    if (config.class_name === 'Add' || config.class_name === 'Concatenate') this.addMerge(reader, config.class_name, index);
    else {
      if (this.taken.length > 1) throw new ModelError(`layer "${reader.name}": ${config.class_name} takes one input, found ${String(this.taken.length)}`);
      this.addOperations(reader, config.class_name, index);
    }
    this.settleLearning(reader, config.class_name, this.operations.slice(before));
    this.values.set(reader.name, this.current);
    this.summarize(reader.name, config.class_name, this.operations.slice(before));
  }

  finish(): Program {
    if (this.image === null) throw new ModelError('the model has no layers');
    if (!this.current.vector) throw new ModelError('the model must end in a vector of one value per class; add Flatten and Dense');
    this.openSigmoid();
    const { shape } = this.current;
    return {
      input: this.image.shape,
      classes: shape.channels,
      operations: this.operations,
      parameters: this.operations.flatMap(parametersOf),
      layers: this.layers,
    };
  }

  /** Where one unit with a sigmoid ends the model. */
  private openSigmoid(): void {
    const last = this.operations.at(-1);
    if (last?.kind !== 'sigmoid' || this.current.shape.channels !== 1) return;
    this.operations.pop();
    this.push({ ...last, kind: 'twoLogits', output: { height: 1, width: 1, channels: 2 } });
  }

  private readImage(reader: LayerReader): Value {
    const shape = reader.batchInputShape();
    if (shape === null) throw new ModelError(`layer "${reader.name}": the first layer needs batch_input_shape [null, height, width, channels]`);
    if (this.image !== null) throw new ModelError(`layer "${reader.name}": a second input; a model takes one image`);
    this.image = { operation: IMAGE, shape, vector: false, softmaxOf: null, learns: false };
    return this.image;
  }

  /** Executors take what is frozen for a part that no gradient goes through. */
  private settleLearning(reader: LayerReader, className: string, operations: readonly Operation[]): void {
    const above = this.taken.some(({ learns }) => learns);
    const own = operations.some((operation) => parametersOf(operation).some(({ frozen }) => !frozen));
    if (above && operations.some((operation) => parametersOf(operation).length > 0 || operation.kind === 'batchNorm') && reader.frozen()) {
      throw reader.unsupported(`${className} with trainable false above a layer that is trained`);
    }
    this.current = { ...this.current, learns: above || own };
  }

  private summarize(name: string, className: string, operations: readonly Operation[]): void {
    let learnables = 0;
    let frozen = 0;
    let moving = 0;
    let multiplyAdds = 0;
    for (const operation of operations) {
      for (const parameter of parametersOf(operation)) {
        if (parameter.frozen) frozen += parameter.count;
        else learnables += parameter.count;
      }
      if (operation.kind === 'batchNorm') moving += 2 * operation.input.channels;
      if (operation.kind === 'conv' || operation.kind === 'depthwiseConv' || operation.kind === 'dense') multiplyAdds += operation.output.height * operation.output.width * operation.kernel.count;
    }
    const { shape, vector } = this.current;
    this.layers.push({ name, className, output: shape, vector, learnables, params: learnables + frozen + moving, multiplyAdds });
  }

  private addMerge(reader: LayerReader, className: 'Add' | 'Concatenate', index: number): void {
    const [first] = this.taken;
    if (first === undefined || this.taken.length < 2) throw new ModelError(`layer "${reader.name}": ${className} takes two inputs or more`);
    const { height, width, channels } = first.shape;
    for (const { shape, vector } of this.taken) {
      const fits = shape.height === height && shape.width === width && vector === first.vector && (className === 'Concatenate' || shape.channels === channels);
      if (!fits) throw new ModelError(`layer "${reader.name}": ${className} of ${sizeOf(first.shape)} and ${sizeOf(shape)}: the shapes differ`);
    }
    if (className === 'Add') {
      this.push({ kind: 'add', ...this.common(reader, index, first.shape) });
      return;
    }
    reader.expectChannelAxis(first.vector ? 1 : 3);
    const together = this.taken.reduce((sum, { shape }) => sum + shape.channels, 0);
    this.push({ kind: 'concat', ...this.common(reader, index, { height, width, channels: together }) });
  }

  private addOperations(reader: LayerReader, className: string, index: number): void {
    switch (className) {
      case 'InputLayer':
        break;
      case 'Conv2D':
        this.addConv(reader, index);
        this.addActivation(reader.text('activation', 'linear'), reader, index);
        break;
      case 'DepthwiseConv2D':
        this.addDepthwise(reader, index, true);
        this.addActivation(reader.text('activation', 'linear'), reader, index);
        break;
      case 'SeparableConv2D':
        this.addDepthwise(reader, index, false);
        this.addPointwise(reader, index);
        this.addActivation(reader.text('activation', 'linear'), reader, index);
        break;
      case 'Dense':
        this.addDense(reader, index);
        this.addActivation(reader.text('activation', 'linear'), reader, index);
        break;
      case 'Activation':
        this.addActivation(reader.text('activation', 'linear'), reader, index);
        break;
      case 'ReLU':
        this.addRelu(reader, index, reader.reluCap());
        break;
      case 'Softmax':
        this.addActivation('softmax', reader, index);
        break;
      case 'BatchNormalization':
        this.addBatchNorm(reader, index);
        break;
      case 'Dropout':
        reader.expectNone('noise_shape');
        // What is not trained is taken as in inference.
        if (reader.frozen()) break;
        this.push({ kind: 'dropout', ...this.common(reader, index, this.current.shape) });
        break;
      case 'ZeroPadding2D':
        this.addZeroPad(reader, index);
        break;
      case 'MaxPooling2D':
        this.addPool(reader, index, 'maxPool');
        break;
      case 'AveragePooling2D':
        this.addPool(reader, index, 'averagePool');
        break;
      case 'GlobalAveragePooling2D':
      case 'GlobalMaxPooling2D':
        this.addGlobalPool(reader, index, className === 'GlobalMaxPooling2D' ? 'maxPool' : 'averagePool');
        break;
      case 'Flatten':
        this.addFlatten(reader, index);
        break;
      default:
        throw reader.unsupported(className);
    }
  }

  /** For an operation on what the layer has in hand: all it takes, or what its operation before gave. */
  private common(reader: LayerReader, layer: number, output: Shape): Common {
    const whole = this.current === this.taken[0];
    const inputs = whole ? this.taken.map(({ operation }) => operation) : [this.current.operation];
    return { name: reader.name, layer, inputs, input: this.current.shape, output };
  }

  private push(operation: Operation, vector = this.current.vector): void {
    this.operations.push(operation);
    this.current = { operation: this.operations.length - 1, shape: operation.output, vector, softmaxOf: null, learns: this.current.learns };
  }

  private addConv(reader: LayerReader, index: number): void {
    reader.expectPlainConvolution();
    const { channels } = this.current.shape;
    const filters = reader.count('filters');
    const window = this.window(reader, reader.pair('kernel_size', null), reader.pair('strides', [1, 1]));
    const area = window.rows * window.columns;
    const kernel = reader.kernel('kernel', [window.rows, window.columns, channels, filters], [area * channels, area * filters], index);
    const bias = reader.bias(filters, index);
    this.push({ kind: 'conv', ...this.common(reader, index, slid(this.current.shape, window, filters)), window, kernel, bias });
  }

  /** `biased`: whether the layer's bias is of this convolution; of a separable one it is of the next. */
  private addDepthwise(reader: LayerReader, index: number, biased: boolean): void {
    reader.expectPlainConvolution();
    const { channels } = this.current.shape;
    const window = this.window(reader, reader.pair('kernel_size', null), reader.pair('strides', [1, 1]));
    if (window.strideRows !== window.strideColumns) throw reader.unsupported('a depthwise convolution with strides that differ');
    const area = window.rows * window.columns;
    const kernel = reader.kernel('depthwise_kernel', [window.rows, window.columns, channels, 1], [area * channels, area], index);
    const bias = biased ? reader.bias(channels, index) : null;
    this.push({ kind: 'depthwiseConv', ...this.common(reader, index, slid(this.current.shape, window, channels)), window, kernel, bias });
  }

  private addPointwise(reader: LayerReader, index: number): void {
    const { height, width, channels } = this.current.shape;
    const filters = reader.count('filters');
    const window: Window = { rows: 1, columns: 1, strideRows: 1, strideColumns: 1, top: 0, bottom: 0, left: 0, right: 0 };
    const kernel = reader.kernel('pointwise_kernel', [1, 1, channels, filters], [channels, filters], index, 1);
    const bias = reader.bias(filters, index);
    this.push({ kind: 'conv', ...this.common(reader, index, { height, width, channels: filters }), window, kernel, bias });
  }

  private addDense(reader: LayerReader, index: number): void {
    const { height, width, channels } = this.current.shape;
    if (!this.current.vector && height * width !== 1) throw new ModelError(`layer "${reader.name}": Dense takes a vector; put Flatten before it`);
    const units = reader.count('units');
    const kernel = reader.kernel('kernel', [channels, units], [channels, units], index);
    const bias = reader.bias(units, index);
    this.push({ kind: 'dense', ...this.common(reader, index, { height: 1, width: 1, channels: units }), kernel, bias }, true);
  }

  private addActivation(activation: string, reader: LayerReader, index: number): void {
    if (activation === 'linear') return;
    if (activation === 'softmax') this.current = { ...this.current, softmaxOf: reader.name };
    else if (activation === 'relu') this.addRelu(reader, index, null);
    else if (activation === 'relu6') this.addRelu(reader, index, 6);
    else {
      const curve = CURVES.find((known) => known === activation);
      if (curve === undefined) throw reader.unsupported(`activation ${activation}`);
      this.push({ kind: curve, ...this.common(reader, index, this.current.shape) });
    }
  }

  private addRelu(reader: LayerReader, index: number, cap: number | null): void {
    this.push({ kind: 'relu', ...this.common(reader, index, this.current.shape), cap });
  }

  private addZeroPad(reader: LayerReader, index: number): void {
    this.expectImage(reader);
    const zeros = reader.zeros();
    const { height, width, channels } = this.current.shape;
    const output = { height: height + zeros.top + zeros.bottom, width: width + zeros.left + zeros.right, channels };
    this.push({ kind: 'zeroPad', ...this.common(reader, index, output), zeros });
  }

  private addBatchNorm(reader: LayerReader, index: number): void {
    reader.expectLastAxis(this.current.vector ? 1 : 3);
    const { channels } = this.current.shape;
    const vector = (name: string, initial: 'zeros' | 'ones', wanted: boolean): Parameter | null =>
      wanted ? { name: `${reader.name}/${name}`, shape: [channels], count: channels, initial: { kind: initial }, layer: index, frozen: reader.frozen() } : null;
    const gamma = vector('gamma', 'ones', reader.flag('scale', true));
    const beta = vector('beta', 'zeros', reader.flag('center', true));
    this.push({ kind: 'batchNorm', ...this.common(reader, index, this.current.shape), epsilon: reader.number('epsilon', 1e-3), gamma, beta, frozen: reader.frozen() });
  }

  private addPool(reader: LayerReader, index: number, kind: 'maxPool' | 'averagePool'): void {
    const size = reader.pair('pool_size', [2, 2]);
    const window = this.window(reader, size, reader.pair('strides', size));
    this.push({ kind, ...this.common(reader, index, slid(this.current.shape, window, this.current.shape.channels)), window });
  }

  private addGlobalPool(reader: LayerReader, index: number, kind: 'maxPool' | 'averagePool'): void {
    this.expectImage(reader);
    reader.expectChannelsLast();
    reader.expectNone('keepdims');
    const { height, width, channels } = this.current.shape;
    const window: Window = { rows: height, columns: width, strideRows: 1, strideColumns: 1, top: 0, bottom: 0, left: 0, right: 0 };
    this.push({ kind, ...this.common(reader, index, { height: 1, width: 1, channels }), window }, true);
  }

  private addFlatten(reader: LayerReader, index: number): void {
    reader.expectChannelsLast();
    const { height, width, channels } = this.current.shape;
    this.push({ kind: 'flatten', ...this.common(reader, index, { height: 1, width: 1, channels: height * width * channels }) }, true);
  }

  private expectImage(reader: LayerReader): void {
    if (this.current.vector) throw new ModelError(`layer "${reader.name}": it takes an image, but the layer before it gives a vector`);
  }

  private window(reader: LayerReader, size: readonly [number, number], strides: readonly [number, number]): Window {
    this.expectImage(reader);
    const same = reader.padding() === 'same';
    const [top, bottom] = paddingOf(this.current.shape.height, size[0], strides[0], same);
    const [left, right] = paddingOf(this.current.shape.width, size[1], strides[1], same);
    const { height, width } = this.current.shape;
    if (height + top + bottom < size[0] || width + left + right < size[1]) {
      throw new ModelError(
        `layer "${reader.name}": its window of ${String(size[0])} x ${String(size[1])} is larger than its input of ${String(height)} x ${String(width)}; use larger images`,
      );
    }
    return { rows: size[0], columns: size[1], strideRows: strides[0], strideColumns: strides[1], top, bottom, left, right };
  }
}

function sizeOf({ height, width, channels }: Shape): string {
  return `${String(height)} x ${String(width)} x ${String(channels)}`;
}

/** Kernel before bias, gamma before beta. */
export function parametersOf(operation: Operation): Parameter[] {
  const present = (...parameters: (Parameter | null)[]): Parameter[] => parameters.filter((parameter) => parameter !== null);
  switch (operation.kind) {
    case 'conv':
    case 'depthwiseConv':
    case 'dense':
      return present(operation.kernel, operation.bias);
    case 'batchNorm':
      return present(operation.gamma, operation.beta);
    default:
      return [];
  }
}


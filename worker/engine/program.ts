/**
 * One walk over a tf.layers topology gives a program: the operations of a training step with their
 * shapes, parameters and seeds, free of any device. Every executor compiles this and nothing else, so
 * that they agree on what a model means.
 *
 * The softmax at the end is left out: loss and probabilities are worked out from logits, because a
 * clipped cross-entropy on probabilities has no gradient once the softmax saturates.
 */
import { ModelError } from '../model/model-error.js';
import type { LayerConfig, Topology } from '../model/topology.js';
import { UnsupportedLayerError } from './engine.js';
import { LayerReader } from './layer-reader.js';
import type { Parameter, Shape } from './parameter.js';

/** A sliding window: `rows` x `columns`, its strides, and the zeros before and after the image. */
export interface Window {
  readonly rows: number;
  readonly columns: number;
  readonly strideRows: number;
  readonly strideColumns: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

interface Common {
  readonly name: string;
  readonly layer: number;
  readonly input: Shape;
  readonly output: Shape;
}

/** Smooth activations, in Keras' words: elu (alpha 1), hyperbolic tangent, logistic. */
export const CURVES = ['elu', 'tanh', 'sigmoid'] as const;
export type Curve = (typeof CURVES)[number];

export type Operation =
  | (Common & { readonly kind: 'conv'; readonly window: Window; readonly kernel: Parameter; readonly bias: Parameter | null })
  | (Common & { readonly kind: 'dense'; readonly kernel: Parameter; readonly bias: Parameter | null })
  | (Common & { readonly kind: 'batchNorm'; readonly epsilon: number; readonly gamma: Parameter | null; readonly beta: Parameter | null })
  | (Common & { readonly kind: 'relu' | 'dropout' | 'flatten' })
  | (Common & { readonly kind: Curve })
  | (Common & { readonly kind: 'maxPool' | 'averagePool'; readonly window: Window });

/** A layer as a person counts it; `softmax` marks the one that is left out of the operations. */
export interface LayerSummary {
  readonly name: string;
  readonly className: string;
  readonly output: Shape;
  /** Whether the output is a vector in Keras' sense (after Flatten, Dense, global pooling). */
  readonly vector: boolean;
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
  topology.config.layers.forEach((layer, index) => walk.add(layer, index));
  return walk.finish();
}

class Walk {
  private readonly engine: string;
  private readonly operations: Operation[] = [];
  private readonly layers: LayerSummary[] = [];
  private input: Shape | null = null;
  private shape: Shape = { height: 0, width: 0, channels: 0 };
  private vector = false;
  private softmaxOf: string | null = null;

  constructor(engine: string) {
    this.engine = engine;
  }

  add(layer: LayerConfig, index: number): void {
    const reader = new LayerReader(layer, this.engine);
    if (this.softmaxOf !== null) {
      throw new UnsupportedLayerError(this.engine, this.softmaxOf, 'softmax before the last layer');
    }
    this.readInput(reader);
    const before = this.operations.length;
    this.addOperations(reader, layer, index);
    let learnables = 0;
    let moving = 0;
    let multiplyAdds = 0;
    for (const operation of this.operations.slice(before)) {
      for (const parameter of parametersOf(operation)) learnables += parameter.count;
      if (operation.kind === 'batchNorm') moving += 2 * operation.input.channels;
      if (operation.kind === 'conv' || operation.kind === 'dense') multiplyAdds += operation.output.height * operation.output.width * operation.kernel.count;
    }
    this.layers.push({ name: reader.name, className: layer.class_name, output: this.shape, vector: this.vector, learnables, params: learnables + moving, multiplyAdds });
  }

  finish(): Program {
    if (this.input === null) throw new ModelError('the model has no layers');
    if (!this.vector) throw new ModelError('the model must end in a vector of one value per class; add Flatten and Dense');
    return {
      input: this.input,
      classes: this.shape.channels,
      operations: this.operations,
      parameters: this.operations.flatMap(parametersOf),
      layers: this.layers,
    };
  }

  private readInput(reader: LayerReader): void {
    if (this.input !== null) return;
    const shape = reader.batchInputShape();
    if (shape === null) throw new ModelError(`layer "${reader.name}": the first layer needs batch_input_shape [null, height, width, channels]`);
    this.input = this.shape = shape;
  }

  private addOperations(reader: LayerReader, layer: LayerConfig, index: number): void {
    switch (layer.class_name) {
      case 'InputLayer':
        break;
      case 'Conv2D':
        this.addConv(reader, index);
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
        reader.expectPlainRelu();
        this.addActivation('relu', reader, index);
        break;
      case 'Softmax':
        this.addActivation('softmax', reader, index);
        break;
      case 'BatchNormalization':
        this.addBatchNorm(reader, index);
        break;
      case 'Dropout':
        this.operations.push({ kind: 'dropout', ...this.common(reader, index, this.shape) });
        break;
      case 'MaxPooling2D':
        this.addPool(reader, index, 'maxPool');
        break;
      case 'AveragePooling2D':
        this.addPool(reader, index, 'averagePool');
        break;
      case 'GlobalAveragePooling2D':
        this.addGlobalPool(reader, index);
        break;
      case 'Flatten':
        this.addFlatten(reader, index);
        break;
      default:
        throw reader.unsupported(layer.class_name);
    }
  }

  private common(reader: LayerReader, layer: number, output: Shape): Common {
    const common = { name: reader.name, layer, input: this.shape, output };
    this.shape = output;
    return common;
  }

  private addConv(reader: LayerReader, index: number): void {
    reader.expectPlainConvolution();
    const { channels } = this.shape;
    const filters = reader.count('filters');
    const window = this.window(reader, reader.pair('kernel_size', null), reader.pair('strides', [1, 1]));
    const area = window.rows * window.columns;
    const kernel = reader.kernel([window.rows, window.columns, channels, filters], area * channels, area * filters, index);
    const bias = reader.bias(filters, index);
    this.operations.push({ kind: 'conv', ...this.common(reader, index, slid(this.shape, window, filters)), window, kernel, bias });
  }

  private addDense(reader: LayerReader, index: number): void {
    const { height, width, channels } = this.shape;
    if (!this.vector && height * width !== 1) throw new ModelError(`layer "${reader.name}": Dense takes a vector; put Flatten before it`);
    this.vector = true;
    const units = reader.count('units');
    const kernel = reader.kernel([channels, units], channels, units, index);
    const bias = reader.bias(units, index);
    this.operations.push({ kind: 'dense', ...this.common(reader, index, { height: 1, width: 1, channels: units }), kernel, bias });
  }

  private addActivation(activation: string, reader: LayerReader, index: number): void {
    if (activation === 'linear') return;
    if (activation === 'softmax') this.softmaxOf = reader.name;
    else if (activation === 'relu') this.operations.push({ kind: 'relu', ...this.common(reader, index, this.shape) });
    else {
      const curve = CURVES.find((known) => known === activation);
      if (curve === undefined) throw reader.unsupported(`activation ${activation}`);
      this.operations.push({ kind: curve, ...this.common(reader, index, this.shape) });
    }
  }

  private addBatchNorm(reader: LayerReader, index: number): void {
    reader.expectLastAxis(this.vector ? 1 : 3);
    const { channels } = this.shape;
    const vector = (name: string, initial: 'zeros' | 'ones', wanted: boolean): Parameter | null =>
      wanted ? { name: `${reader.name}/${name}`, shape: [channels], count: channels, initial: { kind: initial }, layer: index } : null;
    const gamma = vector('gamma', 'ones', reader.flag('scale', true));
    const beta = vector('beta', 'zeros', reader.flag('center', true));
    this.operations.push({ kind: 'batchNorm', ...this.common(reader, index, this.shape), epsilon: reader.number('epsilon', 1e-3), gamma, beta });
  }

  private addPool(reader: LayerReader, index: number, kind: 'maxPool' | 'averagePool'): void {
    const size = reader.pair('pool_size', [2, 2]);
    const window = this.window(reader, size, reader.pair('strides', size));
    this.operations.push({ kind, ...this.common(reader, index, slid(this.shape, window, this.shape.channels)), window });
  }

  private addGlobalPool(reader: LayerReader, index: number): void {
    const { height, width, channels } = this.shape;
    const window: Window = { rows: height, columns: width, strideRows: 1, strideColumns: 1, top: 0, bottom: 0, left: 0, right: 0 };
    this.operations.push({ kind: 'averagePool', ...this.common(reader, index, { height: 1, width: 1, channels }), window });
    this.vector = true;
  }

  private addFlatten(reader: LayerReader, index: number): void {
    const { height, width, channels } = this.shape;
    this.operations.push({ kind: 'flatten', ...this.common(reader, index, { height: 1, width: 1, channels: height * width * channels }) });
    this.vector = true;
  }

  private window(reader: LayerReader, size: readonly [number, number], strides: readonly [number, number]): Window {
    if (this.vector) throw new ModelError(`layer "${reader.name}": it takes an image, but the layer before it gives a vector`);
    const same = reader.padding() === 'same';
    const [top, bottom] = paddingOf(this.shape.height, size[0], strides[0], same);
    const [left, right] = paddingOf(this.shape.width, size[1], strides[1], same);
    const { height, width } = this.shape;
    if (height + top + bottom < size[0] || width + left + right < size[1]) {
      throw new ModelError(
        `layer "${reader.name}": its window of ${String(size[0])} x ${String(size[1])} is larger than its input of ${String(height)} x ${String(width)}; use larger images`,
      );
    }
    return { rows: size[0], columns: size[1], strideRows: strides[0], strideColumns: strides[1], top, bottom, left, right };
  }
}

/** Zeros before and after, as TensorFlow's SAME: the odd one goes after. */
function paddingOf(size: number, window: number, stride: number, same: boolean): [number, number] {
  if (!same) return [0, 0];
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function slid(input: Shape, window: Window, channels: number): Shape {
  const steps = (size: number, padding: number, extent: number, stride: number): number => Math.floor((size + padding - extent) / stride) + 1;
  return {
    height: steps(input.height, window.top + window.bottom, window.rows, window.strideRows),
    width: steps(input.width, window.left + window.right, window.columns, window.strideColumns),
    channels,
  };
}

function parametersOf(operation: Operation): Parameter[] {
  const present = (...parameters: (Parameter | null)[]): Parameter[] => parameters.filter((parameter) => parameter !== null);
  switch (operation.kind) {
    case 'conv':
    case 'dense':
      return present(operation.kernel, operation.bias);
    case 'batchNorm':
      return present(operation.gamma, operation.beta);
    default:
      return [];
  }
}


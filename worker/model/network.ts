import type { Knobs } from './knobs.js';
import { type Activation, batchNormConfig, type Config, convConfig, denseConfig, depthwiseConfig, GLOROT_UNIFORM, type Input, type Padding, poolConfig } from './layers.js';
import type { Output } from './output.js';
import type { LayerConfig, Topology } from './topology.js';

export interface ConvOptions {
  readonly strides?: number;
  readonly padding?: Padding;
  readonly activation?: Activation | 'linear';
  readonly bias?: boolean;
}

/** What stands between the last image and the output of a network that has no top of its own. */
export interface Head {
  readonly pooling: 'average' | 'max' | 'flatten';
  /** Neurons of dense layers, each with ReLU and dropout. */
  readonly hidden: readonly number[];
  readonly output: Output;
}

/** From the knobs of such a network. */
export function headOf(knobs: Knobs, output: Output): Head {
  return { pooling: knobs.oneOf('pooling', ['average', 'max', 'flatten'] as const), hidden: knobs.list('hidden', 0), output };
}

/**
 * A functional model, layer by layer. Each method adds a layer of that name on the value of the layer
 * `from` (or of several) and returns its name. Pretrained families take the names of Keras
 * Applications, so that weight files load by layer name.
 */
export class Network {
  /** The name of the image. */
  readonly image = 'input_1';
  private readonly name: string;
  private readonly layers: LayerConfig[];

  constructor(name: string, { height, width, channels }: Input) {
    this.name = name;
    this.layers = [{ class_name: 'InputLayer', config: { name: this.image, batch_input_shape: [null, height, width, channels], dtype: 'float32', sparse: false }, inbound_nodes: [] }];
  }

  /** Any layer, in Keras' words. */
  add(className: string, name: string, config: Config, ...from: readonly string[]): string {
    this.layers.push({ class_name: className, config: { name, ...config }, inbound_nodes: [from.map((layer) => [layer, 0, 0, {}])] });
    return name;
  }

  conv(name: string, from: string, filters: number, window: number, { strides = 1, padding = 'same', activation = 'linear', bias = true }: ConvOptions = {}): string {
    return this.add('Conv2D', name, convConfig(filters, window, padding, activation, strides, bias), from);
  }

  /** Without bias, its zeros those of `same`; each channel by itself. */
  depthwise(name: string, from: string, window: number, strides = 1): string {
    return this.add('DepthwiseConv2D', name, depthwiseConfig(window, 'same', strides), from);
  }

  /** Without bias, its zeros those of `same`. */
  separable(name: string, from: string, filters: number, window: number): string {
    return this.add('SeparableConv2D', name, { filters, ...depthwiseConfig(window, 'same', 1), pointwise_initializer: GLOROT_UNIFORM }, from);
  }

  batchNorm(name: string, from: string, epsilon?: number): string {
    return this.add('BatchNormalization', name, batchNormConfig(epsilon), from);
  }

  relu6(name: string, from: string): string {
    return this.add('ReLU', name, { max_value: 6 }, from);
  }

  activation(name: string, from: string, activation: Activation): string {
    return this.add('Activation', name, { activation }, from);
  }

  /** So many rows and columns of zeros on each side. */
  zeroPad(name: string, from: string, zeros: number): string {
    return this.add('ZeroPadding2D', name, { padding: [[zeros, zeros], [zeros, zeros]], data_format: 'channels_last' }, from);
  }

  maxPool(name: string, from: string, size: number, strides: number, padding: Padding = 'valid'): string {
    return this.add('MaxPooling2D', name, poolConfig(size, strides, padding), from);
  }

  averagePool(name: string, from: string, size: number, strides: number, padding: Padding = 'valid'): string {
    return this.add('AveragePooling2D', name, poolConfig(size, strides, padding), from);
  }

  /** Element by element. */
  sum(name: string, ...from: readonly string[]): string {
    return this.add('Add', name, {}, ...from);
  }

  /** Channels behind each other. */
  concat(name: string, ...from: readonly string[]): string {
    return this.add('Concatenate', name, { axis: -1 }, ...from);
  }

  /** The rate in force is a matter of the epoch's settings. */
  dropout(name: string, from: string): string {
    return this.add('Dropout', name, { rate: 0 }, from);
  }

  dense(name: string, from: string, units: number, activation: Activation | 'linear' | 'softmax' = 'linear'): string {
    return this.add('Dense', name, denseConfig(units, activation), from);
  }

  flatten(name: string, from: string): string {
    return this.add('Flatten', name, {}, from);
  }

  /** Pooling, dense layers (`hidden_1`, `hidden_1_dropout`, ...), dropout before the output, and the output (`predictions`). */
  head(from: string, { pooling, hidden, output }: Head): Topology {
    const POOLS = { average: ['GlobalAveragePooling2D', 'avg_pool'], max: ['GlobalMaxPooling2D', 'max_pool'], flatten: ['Flatten', 'flatten'] } as const;
    const [className, pool] = POOLS[pooling];
    let value = this.add(className, pool, {}, from);
    if (hidden.length === 0) value = this.dropout('top_dropout', value);
    hidden.forEach((units, index) => {
      const name = `hidden_${String(index + 1)}`;
      value = this.dropout(`${name}_dropout`, this.dense(name, value, units, 'relu'));
    });
    return this.topology(this.dense('predictions', value, output.units, output.activation));
  }

  /** `output`: the layer that gives the classes. */
  topology(output: string): Topology {
    return { class_name: 'Model', config: { name: this.name, layers: this.layers, input_layers: [[this.image, 0, 0]], output_layers: [[output, 0, 0]] } };
  }
}

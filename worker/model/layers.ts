/** Layers as tf.layers serialises them, for the built-in models to be written in. */
import type { Json } from '../../proto/work.js';
import type { LayerConfig, Topology } from './topology.js';

export interface Input {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export const ACTIVATIONS = ['relu', 'elu', 'tanh', 'sigmoid'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** Numbers the layers of each class, as Keras does: conv2d_1, conv2d_2, ... */
export class Builder {
  private readonly layers: LayerConfig[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly name: string;
  private readonly input: Input;

  constructor(name: string, input: Input) {
    this.name = name;
    this.input = input;
  }

  conv(filters: number, kernel: number, padding: 'same' | 'valid', activation: 'linear' | 'relu' = 'linear'): this {
    return this.add('Conv2D', 'conv2d', {
      filters, kernel_size: [kernel, kernel], strides: [1, 1], padding, data_format: 'channels_last', dilation_rate: [1, 1],
      activation, use_bias: true, kernel_initializer: GLOROT_UNIFORM, bias_initializer: ZEROS,
    });
  }

  batchNorm(): this {
    return this.add('BatchNormalization', 'batch_normalization', { axis: -1, momentum: 0.99, epsilon: 0.001, center: true, scale: true });
  }

  activation(activation: Activation): this {
    return this.add('Activation', 'activation', { activation });
  }

  relu(): this {
    return this.activation('relu');
  }

  /** The rate in force is a matter of the epoch's settings, not of the structure. */
  dropout(): this {
    return this.add('Dropout', 'dropout', { rate: 0 });
  }

  maxPool(size: number): this {
    return this.add('MaxPooling2D', 'max_pooling2d', { pool_size: [size, size], strides: [size, size], padding: 'valid', data_format: 'channels_last' });
  }

  averagePool(size: number): this {
    return this.add('AveragePooling2D', 'average_pooling2d', { pool_size: [size, size], strides: [size, size], padding: 'valid', data_format: 'channels_last' });
  }

  flatten(): this {
    return this.add('Flatten', 'flatten', {});
  }

  dense(units: number, activation: 'linear' | 'relu' | 'softmax' = 'linear'): this {
    return this.add('Dense', 'dense', { units, activation, use_bias: true, kernel_initializer: GLOROT_UNIFORM, bias_initializer: ZEROS });
  }

  softmax(): this {
    return this.add('Activation', 'activation', { activation: 'softmax' });
  }

  topology(): Topology {
    return { class_name: 'Sequential', config: { name: this.name, layers: this.layers } };
  }

  private add(className: string, prefix: string, config: { readonly [field: string]: Json }): this {
    const number = (this.numbers.get(prefix) ?? 0) + 1;
    this.numbers.set(prefix, number);
    const { height, width, channels } = this.input;
    const shape = this.layers.length === 0 ? { batch_input_shape: [null, height, width, channels] } : {};
    this.layers.push({ class_name: className, config: { name: `${prefix}_${String(number)}`, ...shape, ...config } });
    return this;
  }
}

const GLOROT_UNIFORM: Json = { class_name: 'GlorotUniform', config: { seed: null } };
const ZEROS: Json = { class_name: 'Zeros', config: {} };

/** Layers as tf.layers serialises them, for the built-in models to be written in: one after another (Builder), or as a graph (network.ts). */
import type { Json } from '../../proto/work.js';
import type { Output } from './output.js';
import type { LayerConfig, Topology } from './topology.js';

export interface Input {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export const ACTIVATIONS = ['relu', 'elu', 'tanh', 'sigmoid'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export type Config = { readonly [field: string]: Json };
export type Padding = 'same' | 'valid';

export const GLOROT_UNIFORM: Json = { class_name: 'GlorotUniform', config: { seed: null } };
const ZEROS: Json = { class_name: 'Zeros', config: {} };

/** `window`: width and height of the kernel. Keras' Glorot-uniform kernels. */
export function convConfig(filters: number, window: number, padding: Padding, activation: Activation | 'linear', strides = 1, bias = true): Config {
  return {
    filters, kernel_size: [window, window], strides: [strides, strides], padding, data_format: 'channels_last', dilation_rate: [1, 1],
    activation, use_bias: bias, kernel_initializer: GLOROT_UNIFORM, bias_initializer: ZEROS,
  };
}

/** Of a depthwise or separable convolution without bias. `window`: width and height of the kernels. */
export function depthwiseConfig(window: number, padding: Padding, strides: number): Config {
  return {
    kernel_size: [window, window], strides: [strides, strides], padding, data_format: 'channels_last', dilation_rate: [1, 1],
    activation: 'linear', use_bias: false, depthwise_initializer: GLOROT_UNIFORM,
  };
}

export function denseConfig(units: number, activation: Activation | 'linear' | 'softmax'): Config {
  return { units, activation, use_bias: true, kernel_initializer: GLOROT_UNIFORM, bias_initializer: ZEROS };
}

export function batchNormConfig(epsilon = 0.001): Config {
  return { axis: -1, momentum: 0.99, epsilon, center: true, scale: true };
}

export function poolConfig(size: number, strides: number, padding: Padding): Config {
  return { pool_size: [size, size], strides: [strides, strides], padding, data_format: 'channels_last' };
}

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

  conv(filters: number, kernel: number, padding: Padding, activation: 'linear' | 'relu' = 'linear', strides = 1): this {
    return this.add('Conv2D', 'conv2d', convConfig(filters, kernel, padding, activation, strides));
  }

  batchNorm(): this {
    return this.add('BatchNormalization', 'batch_normalization', batchNormConfig());
  }

  activation(activation: Activation | 'softmax'): this {
    return this.add('Activation', 'activation', { activation });
  }

  relu(): this {
    return this.activation('relu');
  }

  /** The rate in force is a matter of the epoch's settings, not of the structure. */
  dropout(): this {
    return this.add('Dropout', 'dropout', { rate: 0 });
  }

  maxPool(size: number, strides = size, padding: Padding = 'valid'): this {
    return this.add('MaxPooling2D', 'max_pooling2d', poolConfig(size, strides, padding));
  }

  averagePool(size: number): this {
    return this.add('AveragePooling2D', 'average_pooling2d', poolConfig(size, size, 'valid'));
  }

  flatten(): this {
    return this.add('Flatten', 'flatten', {});
  }

  dense(units: number, activation: 'linear' | 'relu' | 'softmax' | 'sigmoid' = 'linear'): this {
    return this.add('Dense', 'dense', denseConfig(units, activation));
  }

  /** The last layer. */
  output({ units, activation }: Output): Topology {
    return this.dense(units, activation).topology();
  }

  topology(): Topology {
    return { class_name: 'Sequential', config: { name: this.name, layers: this.layers } };
  }

  private add(className: string, prefix: string, config: Config): this {
    const number = (this.numbers.get(prefix) ?? 0) + 1;
    this.numbers.set(prefix, number);
    const { height, width, channels } = this.input;
    const shape = this.layers.length === 0 ? { batch_input_shape: [null, height, width, channels] } : {};
    this.layers.push({ class_name: className, config: { name: `${prefix}_${String(number)}`, ...shape, ...config } });
    return this;
  }
}

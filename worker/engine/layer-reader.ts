import type { Json } from '../../proto/work.js';
import { ModelError } from '../model/model-error.js';
import type { LayerConfig } from '../model/topology.js';
import { UnsupportedLayerError } from './engine.js';
import { drawOf, readInitializer } from './initializer.js';
import type { Parameter, Shape } from './parameter.js';

/**
 * Reads one layer's configuration in Keras' words. What a layer says and no executor can honour
 * (dilation, groups, another initializer) throws UnsupportedLayerError: never ignored.
 */
export class LayerReader {
  readonly name: string;
  private readonly layer: LayerConfig;
  private readonly engine: string;

  constructor(layer: LayerConfig, engine: string) {
    this.layer = layer;
    this.name = layer.config.name;
    this.engine = engine;
  }

  unsupported(what: string): UnsupportedLayerError {
    return new UnsupportedLayerError(this.engine, this.name, what);
  }

  /** Whether the layer is not trained, in Keras' sense: its batch norms use their moving statistics in training too. */
  frozen(): boolean {
    return !this.flag('trainable', true);
  }

  text(field: string, fallback: string): string {
    const value = this.field(field);
    if (value === undefined || value === null) return fallback;
    if (typeof value !== 'string') throw this.malformed(field, value, 'a string');
    return value;
  }

  number(field: string, fallback: number): number {
    const value = this.field(field);
    if (value === undefined || value === null) return fallback;
    if (typeof value !== 'number') throw this.malformed(field, value, 'a number');
    return value;
  }

  flag(field: string, fallback: boolean): boolean {
    const value = this.field(field);
    if (value === undefined) return fallback;
    if (typeof value !== 'boolean') throw this.malformed(field, value, 'true or false');
    return value;
  }

  /** A whole number from 1. */
  count(field: string): number {
    const value = this.field(field);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw this.malformed(field, value, 'a whole number from 1');
    return value;
  }

  /** [rows, columns] from a number or a pair; null as `fallback` where the field is required. */
  pair(field: string, fallback: readonly [number, number] | null): readonly [number, number] {
    const value = this.field(field);
    if ((value === undefined || value === null) && fallback !== null) return fallback;
    const pair = Array.isArray(value) ? (value as readonly Json[]) : [value, value];
    const [rows, columns] = pair;
    const whole = (item: Json | undefined): item is number => typeof item === 'number' && Number.isInteger(item) && item >= 1;
    if (pair.length !== 2 || !whole(rows) || !whole(columns)) throw this.malformed(field, value, 'one or two whole numbers from 1');
    return [rows, columns];
  }

  padding(): 'same' | 'valid' {
    const padding = this.text('padding', 'valid');
    if (padding !== 'same' && padding !== 'valid') throw this.unsupported(`padding ${padding}`);
    this.expectChannelsLast();
    return padding;
  }

  /** null where the layer does not say; the batch dimension is dropped. */
  batchInputShape(): Shape | null {
    const value = this.field('batch_input_shape') ?? this.field('batch_shape');
    if (!Array.isArray(value)) return null;
    const [, height, width, channels] = value as readonly Json[];
    if (typeof height !== 'number' || typeof width !== 'number' || typeof channels !== 'number') {
      throw this.malformed('batch_input_shape', value as Json, '[null, height, width, channels]');
    }
    return { height, width, channels };
  }

  /** `fans`: numbers of inputs and outputs. `layer`, `nth`: as Parameter has them. */
  kernel(name: 'kernel' | 'depthwise_kernel' | 'pointwise_kernel', shape: readonly number[], fans: readonly [number, number], layer: number, nth?: number): Parameter {
    const role = name === 'kernel' ? name : name.replace('_kernel', '');
    const written = this.field(`${role}_initializer`);
    const initializer = readInitializer(written);
    if (initializer === null) throw this.unsupported(`${this.layer.class_name} with ${role}_initializer ${initializerName(written)}`);
    this.expectNone(`${role}_regularizer`, 'bias_regularizer', 'activity_regularizer', `${role}_constraint`, 'bias_constraint');
    const count = shape.reduce((product, size) => product * size, 1);
    return { name: `${this.name}/${name}`, shape, count, initial: drawOf(initializer, ...fans), layer, frozen: this.frozen(), ...(nth === undefined ? {} : { nth }) };
  }

  bias(count: number, layer: number): Parameter | null {
    if (!this.flag('use_bias', true)) return null;
    this.expectInitializer('bias_initializer', ['Zeros', 'zeros']);
    return { name: `${this.name}/bias`, shape: [count], count, initial: { kind: 'zeros' }, layer, frozen: this.frozen() };
  }

  expectPlainConvolution(): void {
    const dilation = this.pair('dilation_rate', [1, 1]);
    const { class_name: className } = this.layer;
    if (dilation[0] !== 1 || dilation[1] !== 1) throw this.unsupported(`${className} with dilation_rate`);
    if (this.number('groups', 1) !== 1) throw this.unsupported(`${className} with groups`);
    if (this.number('depth_multiplier', 1) !== 1) throw this.unsupported(`${className} with depth_multiplier`);
  }

  /** `max_value` of a ReLU; null where it has none. */
  reluCap(): number | null {
    if (this.number('threshold', 0) !== 0 || this.number('negative_slope', 0) !== 0) throw this.unsupported('ReLU with threshold or slope');
    const maximum = this.field('max_value');
    if (maximum === undefined || maximum === null) return null;
    if (typeof maximum !== 'number' || !(maximum > 0)) throw this.malformed('max_value', maximum, 'a number above 0');
    return maximum;
  }

  /** Zeros round the image, of ZeroPadding2D: n, [rows, columns] or [[top, bottom], [left, right]]. */
  zeros(): { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number } {
    this.expectChannelsLast();
    const value = this.field('padding') ?? 1;
    const [rows, columns] = Array.isArray(value) && value.length === 2 ? (value as readonly Json[]) : [value, value];
    const sides = [rows, columns].flatMap((side) => (Array.isArray(side) && side.length === 2 ? (side as readonly Json[]) : [side, side]));
    const [top, bottom, left, right] = sides;
    const whole = (side: Json | undefined): side is number => typeof side === 'number' && Number.isInteger(side) && side >= 0;
    if (!whole(top) || !whole(bottom) || !whole(left) || !whole(right)) throw this.malformed('padding', value, '[[top, bottom], [left, right]] in whole numbers from 0');
    return { top, bottom, left, right };
  }

  expectChannelAxis(last: number): void {
    const axis = this.number('axis', -1);
    if (axis !== -1 && axis !== last) throw this.unsupported(`${this.layer.class_name} over axis ${String(axis)}`);
  }

  expectLastAxis(last: number): void {
    const value = this.field('axis') ?? -1;
    const axis: Json | undefined = Array.isArray(value) ? (value as readonly Json[])[0] : value;
    if (axis !== -1 && axis !== last) throw this.unsupported(`BatchNormalization over axis ${JSON.stringify(value)}`);
    this.expectInitializer('gamma_initializer', ['Ones', 'ones']);
    this.expectInitializer('beta_initializer', ['Zeros', 'zeros']);
    this.expectNone('gamma_regularizer', 'beta_regularizer', 'gamma_constraint', 'beta_constraint');
  }

  /** Of fields that would have to be honoured. */
  expectNone(...fields: readonly string[]): void {
    for (const field of fields) {
      const value = this.field(field);
      if (value !== undefined && value !== null && value !== false) throw this.unsupported(`${this.layer.class_name} with ${field}`);
    }
  }

  expectChannelsLast(): void {
    const format = this.text('data_format', 'channels_last');
    if (format !== 'channels_last' && format !== 'channelsLast') throw this.unsupported(`data_format ${format}`);
  }

  private expectInitializer(field: string, names: readonly string[]): void {
    const value = this.field(field);
    if (value === undefined || value === null) return;
    const name = typeof value === 'string' ? value : (value as { readonly class_name?: Json }).class_name;
    if (typeof name === 'string' && names.includes(name)) return;
    throw this.unsupported(`${this.layer.class_name} with ${field} ${initializerName(value)}`);
  }

  private field(name: string): Json | undefined {
    return this.layer.config[name];
  }

  private malformed(field: string, found: Json | undefined, expected: string): ModelError {
    return new ModelError(`layer "${this.name}": ${field}: found ${found === undefined ? 'nothing' : JSON.stringify(found)}, expected ${expected}`);
  }
}

function initializerName(value: Json | undefined): string {
  return JSON.stringify(typeof value === 'string' ? value : (value as { readonly class_name?: Json } | null | undefined)?.class_name);
}

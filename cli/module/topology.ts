/** From what a module has built to a topology that can be trained, or to what is wrong with it. */
import * as z from 'zod';
import type { Structure } from '../../proto/model-module.js';
import type { Json, LayerConfig, Topology } from '../../proto/work.js';
import { programOf } from '../../worker/engine/program.js';

const layer = z.object({ class_name: z.string(), config: z.record(z.string(), z.json()) });
const sequential = z.object({ class_name: z.literal('Sequential'), config: z.object({ name: z.string().optional(), layers: z.array(layer).min(1) }) });

/** What Keras' own defaults are, for those who write topologies by hand. */
const DEFAULTS: { readonly [className: string]: { readonly [field: string]: Json } } = {
  Conv2D: { strides: [1, 1], padding: 'valid' },
  MaxPooling2D: { pool_size: [2, 2], padding: 'valid' },
  AveragePooling2D: { pool_size: [2, 2], padding: 'valid' },
};

/** What a module has built is no model for its sweep. The message is `found X, expected Y; what to do`. */
export class UnfitModel extends Error {
  readonly code = 'UnfitModel';
  constructor(message: string) {
    super(message);
    this.name = 'UnfitModel';
  }
}

/**
 * `what` describes a value that is no data. Layers are numbered anew, because tf.layers counts on from
 * model to model: the same layers must give the same topology, and so the same key. Throws UnfitModel.
 */
export function readTopology(value: unknown, what: string, { input }: Structure): Topology {
  const read = sequential.safeParse(value);
  if (!read.success) throw new UnfitModel(`found ${foundInstead(value, what)}, expected a model: tf.sequential of tf.layers, or its topology as JSON`);
  const layers = withoutInputLayer(read.data.config.layers);
  checkLayers(layers);
  const topology: Topology = { class_name: 'Sequential', config: { name: 'module', layers: numbered(layers) } };
  checkShapes({ class_name: 'Sequential', config: { name: 'module', layers: layers.map(named) } }, input);
  return topology;
}

function foundInstead(value: unknown, what: string): string {
  if (typeof value !== 'object' || value === null) return what;
  const className: unknown = 'class_name' in value ? value.class_name : undefined;
  if (className === 'Sequential') return 'a Sequential without layers that can be read';
  return typeof className === 'string' ? `a model of class ${className}` : 'an object that is no model';
}

type Layer = z.infer<typeof layer>;

/** It has no weights, and says nothing but the shape. */
function withoutInputLayer([first, second, ...rest]: readonly Layer[]): readonly Layer[] {
  if (first?.class_name !== 'InputLayer' || second === undefined) return first === undefined ? [] : [first, ...(second === undefined ? [] : [second]), ...rest];
  const shape = first.config.batch_input_shape ?? first.config.batch_shape ?? null;
  return [{ ...second, config: { ...second.config, batch_input_shape: shape } }, ...rest];
}

/** What a layer may say that would be passed over in training. */
function checkLayers(layers: readonly Layer[]): void {
  for (const { class_name: className, config } of layers) {
    const name = `layer ${JSON.stringify(config.name ?? className)}`;
    if (className === 'Dropout' && config.rate !== undefined && config.rate !== 0) {
      throw new UnfitModel(`found ${name} with the rate ${JSON.stringify(config.rate)}, expected the rate 0; the rate in force is the sweep's: write dropout: ${JSON.stringify(config.rate)} in space`);
    }
    if (config.trainable === false) throw new UnfitModel(`found ${name} with trainable false, expected layers that are trained; take it out`);
    if (config.weights !== undefined && config.weights !== null) throw new UnfitModel(`found ${name} with weights, expected layers that begin with random ones; take them out`);
  }
}

/** Throws UnfitModel with the names of layers that the module gave. */
function checkShapes(topology: Topology, { height, width, channels, classes }: Structure['input']): void {
  let program;
  try {
    program = programOf(topology, 'wasm');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ModelError' || error.code === 'UnsupportedLayer'))) throw error;
    throw new UnfitModel(`found a model that cannot be trained: ${error.message}${adviceOn(error.message)}`);
  }
  const shape = program.input;
  if (shape.height !== height || shape.width !== width || shape.channels !== channels) {
    throw new UnfitModel(`found a model for ${shape.height} x ${shape.width} x ${shape.channels}, expected one for ${height} x ${width} x ${channels}; give its first layer inputShape: [height, width, channels]`);
  }
  if (program.classes !== classes) throw new UnfitModel(`found a model with ${program.classes} outputs, expected ${classes}; give its last Dense layer units: classes`);
}

function adviceOn(message: string): string {
  if (message.includes('kernel_initializer')) return "; write kernelInitializer: 'glorotUniform'";
  return message.includes('_regularizer') ? '; write l2 in space in its place' : '';
}

function named({ class_name, config }: Layer): LayerConfig {
  return { class_name, config: { ...config, name: typeof config.name === 'string' ? config.name : class_name } };
}

/** As Keras numbers them: conv2d_1, conv2d_2, dense_1. */
function numbered(layers: readonly Layer[]): LayerConfig[] {
  const numbers = new Map<string, number>();
  return layers.map(({ class_name: className, config }) => {
    const prefix = className.replace(/(?<=[a-z0-9])(?=[A-Z][a-z])/g, '_').toLowerCase();
    const number = (numbers.get(prefix) ?? 0) + 1;
    numbers.set(prefix, number);
    return { class_name: className, config: { ...DEFAULTS[className], ...config, name: `${prefix}_${number}` } };
  });
}

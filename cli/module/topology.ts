/** From what a module has built to a topology that can be trained, or to what is wrong with it. */
import * as z from 'zod';
import { CodedError } from '../../proto/coded-error.js';
import type { Structure } from '../../proto/model-module.js';
import type { Json, LayerConfig, Topology } from '../../proto/work.js';
import { layerGraph } from '../../worker/engine/layer-graph.js';
import { INITIALIZERS } from '../../worker/engine/initializer.js';
import type { EngineName } from '../../worker/engine/names.js';
import { type Program, programOf } from '../../worker/engine/program.js';
import { eagerHint } from '../engine/eager-text.js';

const layer = z.object({ class_name: z.string(), config: z.record(z.string(), z.json()) });
const sequential = z.object({ class_name: z.literal('Sequential'), config: z.object({ name: z.string().optional(), layers: z.array(layer).min(1) }) });
const node = z.object({ class_name: z.string(), config: z.looseObject({ name: z.string() }).catchall(z.json()), inbound_nodes: z.json().default([]) });
const functional = z.object({ class_name: z.enum(['Model', 'Functional']), config: z.object({ layers: z.array(node).min(1), input_layers: z.json(), output_layers: z.json() }) });

/** What Keras' own defaults are, for those who write topologies by hand. */
const DEFAULTS: { readonly [className: string]: { readonly [field: string]: Json } } = {
  Conv2D: { strides: [1, 1], padding: 'valid' },
  MaxPooling2D: { pool_size: [2, 2], padding: 'valid' },
  AveragePooling2D: { pool_size: [2, 2], padding: 'valid' },
};

/** Which engine is to train what a module builds. */
export interface ModelEngine {
  /** The one that was asked for; null for none; 'any' where nothing is trained yet. */
  readonly asked: EngineName | 'any' | null;
  /** Whether there is a native engine, which eager runs on. */
  readonly hasNative: boolean;
}

/** What a module has built is no model for its sweep. The message is `found X, expected Y; what to do`. */
export class UnfitModel extends CodedError {
  readonly code = 'UnfitModel';
}

/**
 * `what` describes a value that is no data. Layers are numbered anew, because tf.layers counts on from
 * model to model: the same layers must give the same topology, and so the same key. Throws UnfitModel.
 */
export async function readTopology(value: unknown, what: string, { input }: Structure, engine: ModelEngine): Promise<Topology> {
  const chain = sequential.safeParse(value);
  if (chain.success) return readChain(withoutInputLayer(chain.data.config.layers), input, engine);
  const graph = functional.safeParse(value);
  if (graph.success) return readGraph(graph.data.config, input, engine);
  throw new UnfitModel(`found ${foundInstead(value, what)}, expected a model: tf.sequential or tf.model of tf.layers, or its topology as JSON`);
}

async function readChain(layers: readonly Layer[], input: Structure['input'], engine: ModelEngine): Promise<Topology> {
  checkLayers(layers);
  await checkShapes({ class_name: 'Sequential', config: { name: 'module', layers: layers.map(named) } }, input, engine);
  return { class_name: 'Sequential', config: { name: 'module', layers: numbered(layers) } };
}

/**
 * The layers that the output depends on, each after those it takes, with calls in one spelling: tf.layers,
 * Keras 2 and Keras 3 write them in three.
 */
async function readGraph({ layers, input_layers, output_layers }: z.infer<typeof functional>['config'], input: Structure['input'], engine: ModelEngine): Promise<Topology> {
  checkNames(layers);
  checkLayers(layers);
  const given: Topology = { class_name: 'Functional', config: { name: 'module', layers, input_layers, output_layers } };
  await checkShapes(given, input, engine);
  const graph = layerGraph(given, engine.asked ?? 'wasm');
  const renamed = numbered(graph.map(({ config }) => config));
  const names = new Map(graph.map(({ config }, index) => [config.config.name, renamed[index]!.config.name]));
  const call = (name: string): Json => [names.get(name)!, 0, 0, {}];
  const output = renamed.at(-1)!;
  return {
    class_name: 'Functional',
    config: {
      name: 'module',
      layers: renamed.map((layer, index) => ({ ...layer, inbound_nodes: graph[index]!.inputs.length === 0 ? [] : [graph[index]!.inputs.map(call)] })),
      input_layers: graph.flatMap(({ config, inputs }) => (inputs.length === 0 ? [[names.get(config.config.name)!, 0, 0]] : [])),
      output_layers: [[output.config.name, 0, 0]],
    },
  };
}

function checkNames(layers: readonly LayerConfig[]): void {
  const known = new Set<string>();
  for (const { config } of layers) {
    if (known.has(config.name)) throw new UnfitModel(`found two layers with the name ${JSON.stringify(config.name)}, expected names that differ; rename one`);
    known.add(config.name);
  }
}

function foundInstead(value: unknown, what: string): string {
  if (typeof value !== 'object' || value === null) return what;
  const className: unknown = 'class_name' in value ? value.class_name : undefined;
  if (className === 'Sequential' || className === 'Model' || className === 'Functional') return `a ${className} without layers that can be read`;
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
function checkLayers(layers: readonly Layer[] | readonly LayerConfig[]): void {
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
async function checkShapes(topology: Topology, { height, width, channels, classes }: Structure['input'], engine: ModelEngine): Promise<void> {
  const program = await describedFor(topology, engine);
  const shape = program.input;
  if (shape.height !== height || shape.width !== width || shape.channels !== channels) {
    throw new UnfitModel(`found a model for ${shape.height} x ${shape.width} x ${shape.channels}, expected one for ${height} x ${width} x ${channels}; give its first layer inputShape: [height, width, channels]`);
  }
  if (program.classes !== classes) throw new UnfitModel(`found a model with ${program.classes} outputs, expected ${classes}; give its last Dense layer units: classes`);
}

/** By the walk of wasm and graph, or by tf.layers for eager. */
async function describedFor(topology: Topology, { asked, hasNative }: ModelEngine): Promise<Pick<Program, 'input' | 'classes'>> {
  try {
    return asked === 'eager' ? await describedEagerly(topology) : programOf(topology, asked === 'graph' ? 'graph' : 'wasm');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ModelError' || error.code === 'UnsupportedLayer'))) throw error;
    const hint = error.code === 'UnsupportedLayer' && asked !== 'eager' ? await eagerHint(topology, hasNative) : '';
    if (asked === 'any' && hint !== '') return describedEagerly(topology);
    throw new UnfitModel(`found a model that cannot be trained: ${error.message}${adviceOn(error.message)}${hint}`);
  }
}

async function describedEagerly(topology: Topology): Promise<Pick<Program, 'input' | 'classes'>> {
  const { describeModel } = await import('../../worker/engine/eager/model.js');
  return describeModel(topology);
}

function adviceOn(message: string): string {
  if (message.includes('kernel_initializer')) return `; its kernelInitializer may be ${INITIALIZERS}`;
  return message.includes('_regularizer') ? '; write l2 in space in its place' : '';
}

function named({ class_name, config }: Layer): LayerConfig {
  return { class_name, config: { ...config, name: typeof config.name === 'string' ? config.name : class_name } };
}

/** As Keras numbers them: conv2d_1, conv2d_2, dense_1. */
function numbered(layers: readonly Pick<LayerConfig, 'class_name' | 'config'>[] | readonly Layer[]): LayerConfig[] {
  const numbers = new Map<string, number>();
  return layers.map(({ class_name: className, config }) => {
    const prefix = className.replace(/(?<=[a-z0-9])(?=[A-Z][a-z])/g, '_').toLowerCase();
    const number = (numbers.get(prefix) ?? 0) + 1;
    numbers.set(prefix, number);
    return { class_name: className, config: { ...DEFAULTS[className], ...innerNamed(config, prefix), name: `${prefix}_${number}` } };
  });
}

/** Layers inside a layer (of Bidirectional, TimeDistributed) have one name each too. */
function innerNamed(config: { readonly [field: string]: Json }, outer: string): { [field: string]: Json } {
  return Object.fromEntries(Object.entries(config).map(([field, value]) => {
    const inner = layer.safeParse(value);
    if (!inner.success || typeof inner.data.config.name !== 'string') return [field, value];
    const name = `${outer}_${field}`;
    return [field, { class_name: inner.data.class_name, config: { ...innerNamed(inner.data.config, name), name } }];
  }));
}

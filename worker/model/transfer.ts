/**
 * Transfer learning on a topology: its layers up to a cut are the base, which begins with weights that
 * were trained elsewhere; pooling and dense layers of its own follow, which begin as ever.
 */
import type { Freeze, Json, Transfer } from '../../proto/work.js';
import { ModelError } from './model-error.js';
import type { Output } from './output.js';
import type { LayerConfig, Topology } from './topology.js';

const POOLS: { readonly [pooling in Transfer['pooling']]: string } = { average: 'GlobalAveragePooling2D', flatten: 'Flatten' };

/** Begin the part of a network that only its own classes need. */
const ENDS_OF_CONVOLUTIONS = new Set(['GlobalAveragePooling2D', 'GlobalMaxPooling2D', 'Flatten']);

/** Layers that a person counts, in order: all but the input. */
export function layerNames(topology: Topology): string[] {
  return topology.config.layers.filter(({ class_name }) => class_name !== 'InputLayer').map(({ config }) => config.name);
}

/** Where the base ends unless it is said: before the last global pooling or flattening; null for a network without either. */
export function usualCut(topology: Topology): string | null {
  const { layers } = topology.config;
  const end = layers.findLastIndex(({ class_name }) => ENDS_OF_CONVOLUTIONS.has(class_name));
  const [before] = end < 1 ? [] : sourcesOf(topology, end);
  return before ?? null;
}

/** The base: layers up to the one called `cut` that it depends on, in the topology's order. Throws ModelError where there is no such layer. */
export function baseLayers(topology: Topology, cut: string): LayerConfig[] {
  const { layers } = topology.config;
  const at = layers.findIndex(({ config }) => config.name === cut);
  if (at < 0) throw new ModelError(`cutAt: found ${cut}, which is no layer of ${topology.config.name}`);
  const needed = new Set<string>([cut]);
  for (let index = at; index >= 0; index -= 1) {
    if (needed.has(layers[index]!.config.name)) for (const source of sourcesOf(topology, index)) needed.add(source);
  }
  return layers.slice(0, at + 1).filter(({ config }) => needed.has(config.name));
}

export interface TransferModel {
  readonly topology: Topology;
  /** How many of its layers are the base. */
  readonly base: number;
}

/** The base of `model` with a head for `output`. Throws ModelError. */
export function transferModel(model: Topology, { cutAt, pooling, hidden }: Transfer, output: Output): TransferModel {
  const cut = cutAt ?? usualCut(model);
  if (cut === null) throw new ModelError(`${model.config.name}: no pooling over the whole image and no flattening, before which a base would end: cutAt must say it`);
  const base = baseLayers(model, cut);
  const functional = model.class_name !== 'Sequential';
  const head = headLayers(cut, pooling, hidden, output, functional);
  const taken = head.find((layer) => base.some(({ config }) => config.name === layer.config.name));
  if (taken !== undefined) throw new ModelError(`${model.config.name}: its layer ${taken.config.name} has the name of one of the head's; name it otherwise`);
  const layers = [...base, ...head];
  const ends = functional ? { input_layers: model.config.input_layers ?? null, output_layers: [[layers.at(-1)!.config.name, 0, 0]] } : {};
  return { topology: { class_name: model.class_name, config: { name: model.config.name, layers, ...ends } }, base: base.length };
}

/** Pooling; then dropout before each dense layer, and before the output. */
function headLayers(cut: string, pooling: Transfer['pooling'], hidden: readonly number[], output: Output, functional: boolean): LayerConfig[] {
  let last = cut;
  const layer = (class_name: string, name: string, config: { readonly [field: string]: Json }): LayerConfig => {
    const made: LayerConfig = { class_name, config: { name, ...config }, ...(functional ? { inbound_nodes: [[[last, 0, 0, {}]]] } : {}) };
    last = name;
    return made;
  };
  const dense = (name: string, units: number, activation: string): LayerConfig => layer('Dense', name, { units, activation, use_bias: true });
  return [
    layer(POOLS[pooling], 'head_pooling', {}),
    ...hidden.flatMap((units, index) => [layer('Dropout', `head_dropout_${index + 1}`, { rate: 0 }), dense(`head_dense_${index + 1}`, units, 'relu')]),
    layer('Dropout', 'head_dropout', { rate: 0 }),
    dense('head_output', output.units, output.activation),
  ];
}

/** How many layers of the topology's first `base` are not trained. Throws ModelError for a layer that is not there and a number past the end. */
export function frozenLayers({ topology, base }: TransferModel, freeze: Freeze): number {
  const layers = topology.config.layers.slice(0, base);
  if (freeze === 'all') return base;
  if (freeze === 'none') return 0;
  const inputs = layers.filter(({ class_name }) => class_name === 'InputLayer').length;
  if (typeof freeze === 'number') {
    if (freeze > base - inputs) throw new ModelError(`freeze: found ${freeze}, but the base has ${base - inputs} layers up to ${layers.at(-1)!.config.name}`);
    return freeze === 0 ? 0 : freeze + inputs;
  }
  const at = layers.findIndex(({ config }) => config.name === freeze);
  if (at < 0) throw new ModelError(`freeze: found ${freeze}, which is no layer of the base up to ${layers.at(-1)!.config.name}`);
  return at + 1;
}

/** The same model of which the first layers are not trained. */
export function frozenTopology(topology: Topology, frozen: number): Topology {
  if (frozen === 0) return topology;
  const layers = topology.config.layers.map((one, index) => (index < frozen ? { ...one, config: { ...one.config, trainable: false } } : one));
  return { ...topology, config: { ...topology.config, layers } };
}

/** From the image to the pooled features. */
export function withoutHead({ topology, base }: TransferModel): Topology {
  const layers = topology.config.layers.slice(0, base + 1);
  const ends = topology.class_name === 'Sequential' ? {} : { input_layers: topology.config.input_layers ?? null, output_layers: [[layers.at(-1)!.config.name, 0, 0]] };
  return { class_name: topology.class_name, config: { name: topology.config.name, layers, ...ends } };
}

export interface Halves {
  /** From the image to the pooled features. */
  readonly features: Topology;
  /** From these to the classes; its layers draw from their positions in the whole. */
  readonly head: Topology;
}

/** A transfer model as two, cut behind the pooling. `shape`: of the features. */
export function halvesOf(model: TransferModel, shape: readonly [height: number, width: number, channels: number]): Halves {
  const { topology: { config: { layers, name } }, base } = model;
  const head = layers.slice(base + 1).map((one, index): LayerConfig => ({
    class_name: one.class_name,
    position: base + 1 + index,
    config: { ...one.config, ...(index === 0 ? { batch_input_shape: [null, ...shape] } : {}) },
  }));
  return { features: withoutHead(model), head: { class_name: 'Sequential', config: { name: `${name}_head`, layers: head } } };
}

/** Names of the layers that the layer at `index` takes. */
function sourcesOf({ class_name, config: { layers } }: Topology, index: number): readonly string[] {
  if (class_name === 'Sequential') return index === 0 ? [] : [layers[index - 1]!.config.name];
  const names = new Set(layers.slice(0, index).map(({ config }) => config.name));
  const found: string[] = [];
  // A call names its sources as [layer, node, tensor, settings], in Keras 3 inside `keras_history`.
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      if (typeof value[0] === 'string' && names.has(value[0])) found.push(value[0]);
      else value.forEach(walk);
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  walk(layers[index]?.inbound_nodes ?? []);
  return found;
}

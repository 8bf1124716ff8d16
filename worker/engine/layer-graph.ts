import type { Json } from '../../proto/work.js';
import { ModelError } from '../model/model-error.js';
import type { LayerConfig, Topology } from '../model/topology.js';
import { UnsupportedLayerError } from './engine.js';

/** A layer and the layers whose outputs it takes, in the order it takes them; none: it takes the image. */
export interface GraphLayer {
  readonly config: LayerConfig;
  /** Position in the topology, or in the one that it is a part of. */
  readonly index: number;
  readonly inputs: readonly string[];
}

/**
 * The layers that the output depends on, each after those it takes, else in the topology's order: a
 * Sequential's chain, or a functional model as tf.layers and Keras 2 write it (nodes of
 * [layer, node, tensor, settings]) and as Keras 3 does (`keras_history` inside the arguments).
 *
 * Throws UnsupportedLayerError for a layer called more than once; ModelError where the topology names
 * a layer that is not there, has another count of inputs or outputs than one, or goes in a circle.
 */
export function layerGraph(topology: Topology, engine: string): GraphLayer[] {
  const { layers } = topology.config;
  if (topology.class_name === 'Sequential') {
    return layers.map((config, index) => ({ config, index: config.position ?? index, inputs: index === 0 ? [] : [layers[index - 1]!.config.name] }));
  }
  const graph = new Map(layers.map((config, index) => [config.config.name, { config, index: config.position ?? index, inputs: inputsOf(config, engine) }]));
  soleLayer(topology.config.input_layers, 'input_layers');
  return ordered(graph, soleLayer(topology.config.output_layers, 'output_layers'));
}

function inputsOf(layer: LayerConfig, engine: string): string[] {
  const { name } = layer.config;
  const nodes = layer.inbound_nodes ?? [];
  if (!Array.isArray(nodes)) throw malformed(name, nodes);
  if (nodes.length > 1) throw new UnsupportedLayerError(engine, name, `${layer.class_name} called ${String(nodes.length)} times`);
  const [node] = nodes as readonly Json[];
  if (node === undefined) return [];
  if (Array.isArray(node)) return (node as readonly Json[]).map((call) => called(name, call));
  if (!isRecord(node)) throw malformed(name, node);
  return [...histories(name, node.args ?? [])];
}

/** The layer of one [layer, node, tensor, settings]. */
function called(name: string, call: Json): string {
  const [from] = Array.isArray(call) ? (call as readonly Json[]) : [];
  if (typeof from !== 'string') throw malformed(name, call);
  return from;
}

/** The layers of all Keras tensors in the arguments of a call, in order. */
function* histories(name: string, value: Json): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) yield* histories(name, item);
  } else if (isRecord(value)) {
    const config = value.config ?? null;
    const history = isRecord(config) ? config.keras_history : undefined;
    if (history !== undefined) yield called(name, history);
  }
}

/** From [[layer, 0, 0]] or, as Keras 3 writes a single one, [layer, 0, 0]. */
function soleLayer(value: Json | undefined, field: string): string {
  const items = Array.isArray(value) ? (value as readonly Json[]) : [];
  const sole = typeof items[0] === 'string' ? items : items[0];
  const [name] = Array.isArray(sole) ? (sole as readonly Json[]) : [];
  if (typeof name !== 'string' || (sole !== items && items.length !== 1)) {
    throw new ModelError(`${field}: found ${JSON.stringify(value ?? null)}, expected exactly one layer: [["NAME", 0, 0]]`);
  }
  return name;
}

/** What `output` depends on, depth first; a layer that is being visited already is in a circle. */
function ordered(graph: ReadonlyMap<string, GraphLayer>, output: string): GraphLayer[] {
  const needed = new Set<string>();
  const pending: { readonly name: string; readonly by: string }[] = [{ name: output, by: 'output_layers' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const layer = graph.get(next.name);
    if (layer === undefined) throw new ModelError(`${next.by}: found the input "${next.name}", which is no layer of the model`);
    if (needed.has(next.name)) continue;
    needed.add(next.name);
    for (const input of layer.inputs) pending.push({ name: input, by: `layer "${next.name}"` });
  }
  const placed: GraphLayer[] = [];
  let waiting = [...graph.values()].filter((layer) => needed.has(layer.config.config.name));
  const done = new Set<string>();
  while (waiting.length > 0) {
    const rest: GraphLayer[] = [];
    for (const layer of waiting) {
      if (!layer.inputs.every((input) => done.has(input))) rest.push(layer);
      else {
        placed.push(layer);
        done.add(layer.config.config.name);
      }
    }
    if (rest.length === waiting.length) throw new ModelError(`layer "${rest[0]!.config.config.name}": its inputs go in a circle`);
    waiting = rest;
  }
  return placed;
}

function isRecord(value: Json): value is { readonly [field: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(name: string, found: Json): ModelError {
  return new ModelError(`layer "${name}": inbound_nodes: found ${JSON.stringify(found)}, expected the layers it takes, e.g. [[["NAME", 0, 0, {}]]]`);
}

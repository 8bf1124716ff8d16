/** A topology's layers in tf.layers' own words, and what of them the eager engine refuses. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Json } from '../../../proto/work.js';
import { UnsupportedLayerError } from '../engine.js';
import { type GraphLayer, layerGraph } from '../layer-graph.js';
import type { Topology } from '../../model/topology.js';
import { SeededDropout } from './seeded.js';

export type Fields = { readonly [field: string]: Json };

/** As tf.layers deserialises it: names in camel case. */
export interface LayerJson {
  readonly className: string;
  readonly config: Fields;
}

export interface PlacedLayer extends LayerJson {
  readonly name: string;
  /** Position in the topology: seeds draw from it. */
  readonly index: number;
  readonly inputs: readonly string[];
}

/** Layers of tf.layers that are not trained: what they draw could not be drawn again, or they do not work (4.22). */
const REFUSED: { readonly [className: string]: string } = {
  GaussianNoise: 'GaussianNoise, whose noise a resumed training could not draw again',
  GaussianDropout: 'GaussianDropout, whose noise a resumed training could not draw again',
  AlphaDropout: 'AlphaDropout, whose masks a resumed training could not draw again',
  SpatialDropout1D: 'SpatialDropout1D, whose masks a resumed training could not draw again',
  RandomWidth: 'RandomWidth, which a resumed training could not draw again',
  ThresholdedReLU: 'ThresholdedReLU, of which tf.layers has no gradient',
  Conv3DTranspose: 'Conv3DTranspose, of which tfjs has no gradient',
  Masking: 'Masking, of which tfjs has no gradient',
  Resizing: 'Resizing, which tf.layers cannot run inside a model; imageSize in the sweep file does it',
  CenterCrop: 'CenterCrop, which tf.layers works out wrongly; resize: crop in the sweep file does it',
  CategoryEncoding: 'CategoryEncoding, which takes whole numbers',
  Embedding: 'Embedding, which takes whole numbers',
  StackedRNNCells: 'StackedRNNCells; put one recurrent layer after another',
  Sequential: 'Sequential: a model inside a model',
  Model: 'Model: a model inside a model',
  Functional: 'Functional: a model inside a model',
};

/** What only stands alone: inside a wrapper neither seeds nor statistics reach it. */
const ALONE = ['Dropout', 'BatchNormalization'];

/** The layers that the output depends on, each after those it takes. Throws UnsupportedLayerError and ModelError. */
export function placedLayers(topology: Topology): PlacedLayer[] {
  return layerGraph(topology, 'eager').map((layer) => placed(layer));
}

function placed({ config, index, inputs }: GraphLayer): PlacedLayer {
  const { name } = config.config;
  const layer = { className: config.class_name, config: camelFields(config.config) };
  const problem = layer.className.endsWith('Cell') ? `${layer.className} outside of RNN` : unsupported(layer);
  if (problem !== null) throw new UnsupportedLayerError('eager', name, problem);
  return { ...layer, config: { ...layer.config, name }, name, index, inputs };
}

/** What of a layer cannot be trained, in the words of an UnsupportedLayerError; null for nothing. */
function unsupported({ className, config }: LayerJson): string | null {
  const refused = REFUSED[className];
  if (refused !== undefined) return refused;
  if (!isLayer(className)) return className;
  if (config.trainable === false) return `${className} with trainable false`;
  for (const [field, value] of Object.entries(config)) {
    if (/(Regularizer|Constraint)$/.test(field) && value !== null) return `${className} with ${snake(field)}`;
    if (isLayerJson(value)) {
      if (ALONE.includes(value.className)) return `${value.className} inside ${className}`;
      const inner = isLayer(value.className) || Object.hasOwn(REFUSED, value.className) ? unsupported(value) : null;
      if (inner !== null) return `${inner} (inside ${className})`;
    }
  }
  if (config.stateful === true) return `${className} with stateful true, whose state no checkpoint holds`;
  if (config.returnState === true) return `${className} with return_state true`;
  if ((config.dropout ?? 0) !== 0 || (config.recurrentDropout ?? 0) !== 0) return `${className} with dropout, whose masks a resumed training could not draw again`;
  if ([config.dilationRate ?? 1].flat().some((rate) => rate !== 1)) return `${className} with dilation_rate, of which tfjs has no gradient`;
  if ((config.groups ?? 1) !== 1) return `${className} with groups`;
  if (className === 'Dropout' && (config.noiseShape ?? null) !== null) return 'Dropout with noise_shape';
  return null;
}

function isLayer(className: string): boolean {
  const known = tf.serialization.SerializationMap.getMap().classNameMap[className]?.[0];
  return known !== undefined && known !== SeededDropout && known.prototype instanceof layers.layers.Layer;
}

export function isLayerJson(value: Json | undefined): value is Json & LayerJson {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'className' in value && 'config' in value;
}

/** What both dialects write and tf.layers has no use for, or takes and does not tell again (`depthMultiplier` of separable convolutions). */
const IDLE = new Set(['name', 'trainable', 'dtype', 'batchInputShape', 'batchShape', 'inputShape', 'inputDtype', 'autocast', 'implementation', 'supportsMasking', 'groups', 'seed', 'optional', 'inputDim', 'depthMultiplier']);

/**
 * A field that says something and that tf.layers passes over, since its own description of the layer
 * lacks it; null where there is none. Nothing that is written is ignored.
 */
export function ignoredField(written: Fields, understood: Fields): string | null {
  for (const [field, value] of Object.entries(written)) {
    if (IDLE.has(field) || value === null || value === false || value === 0) continue;
    if (!Object.hasOwn(understood, field)) return snake(field);
  }
  return null;
}

/** As tf.layers reads what Keras writes: names of fields and constants, but no names of layers. */
function camelFields(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [camel(field), field === 'name' ? value : camelValue(value)]));
}

function camelValue(value: Json): Json {
  if (typeof value === 'string') return camel(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map(camelValue);
  return typeof value === 'object' && value !== null ? camelFields(value as Fields) : value;
}

function camel(name: string): string {
  return name.replace(/(?<=.)_+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

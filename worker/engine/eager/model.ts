/**
 * A topology as layers of tf.layers that are ready to be trained here: every default written out, weights
 * drawn from trawl's seeds, dropout at the step's rate, the softmax or the one sigmoid at the end left out
 * (loss and probabilities are worked out from logits), and batch norms that leave their statistics alone: those of
 * inference are set by recalibration.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Json } from '../../../proto/work.js';
import { ModelError } from '../../model/model-error.js';
import type { Topology } from '../../model/topology.js';
import { UnsupportedLayerError } from '../engine.js';
import type { LayerSummary } from '../program.js';
import type { Shape } from '../parameter.js';
import { type Fields, ignoredField, isLayerJson, type LayerJson, type PlacedLayer, placedLayers } from './layer-json.js';
import { isRandom, SeededDropout, SeededInitializer } from './seeded.js';
import { onShapes } from './shapes.js';

export type Layer = layers.layers.Layer;

/** A layer and its instance; null for the image. */
export interface BuiltLayer {
  readonly placed: PlacedLayer;
  readonly layer: Layer | null;
  readonly output: layers.SymbolicTensor;
}

/** What is known of a model before it is computed. */
export interface EagerModel {
  readonly input: Shape;
  readonly classes: number;
  /** Whether its output is one logit, of class 1 of two, where that of class 0 is 0. */
  readonly isSingle: boolean;
  /** As they are built for training. */
  readonly layers: readonly PlacedLayer[];
  readonly summaries: readonly EagerSummary[];
}

/** `LayerSummary` with an output of any rank, the batch dimension dropped. */
export type EagerSummary = Omit<LayerSummary, 'output' | 'vector'> & { readonly output: readonly number[] };

/** Keras' own, where a configuration does not say it; tf.layers has others for the first three. */
const GLOROT = new Set(['kernelInitializer', 'depthwiseInitializer', 'pointwiseInitializer']);
const GLOROT_UNIFORM: Json = { className: 'GlorotUniform', config: {} };

/** Throws UnsupportedLayerError naming a layer, and ModelError where shapes do not fit. */
export function describeModel(topology: Topology): EagerModel {
  const placed = withoutSoftmax(placedLayers(topology));
  const last = placed.at(-1)!;
  const model = described(placed);
  // What a layer gives has one shape, whatever its activation.
  if (model.classes !== 1 || last.config.activation !== 'sigmoid') return model;
  return { ...described([...placed.slice(0, -1), { ...last, config: { ...last.config, activation: 'linear' } }]), classes: 2, isSingle: true };
}

function described(placed: readonly PlacedLayer[]): EagerModel {
  return onShapes(() => {
    const built = buildLayers(placed, true);
    try {
      return descriptionOf(built);
    } finally {
      disposeLayers(built);
    }
  });
}

function descriptionOf(built: readonly BuiltLayer[]): EagerModel {
  const input = imageShape(built);
  const output = built.at(-1)!.output.shape;
  if (output.length !== 2) throw new ModelError('the model must end in a vector of one value per class; add Flatten and Dense');
  return { input, classes: output[1]!, isSingle: false, layers: built.map(({ placed, layer }) => (layer === null ? placed : prepared(placed, layer))), summaries: built.map(summary) };
}

/** Builds the layers on the back end in use, the image first. `quick` leaves all weights 0. */
export function buildLayers(placed: readonly PlacedLayer[], quick: boolean): BuiltLayer[] {
  const image = layers.input({ batchShape: [null, ...imageOf(placed)] });
  const values = new Map<string, BuiltLayer>();
  for (const one of placed) {
    const inputs = one.inputs.map((name) => values.get(name)!.output);
    const taken = inputs.length === 0 ? image : inputs.length === 1 ? inputs[0]! : inputs;
    values.set(one.name, one.className === 'InputLayer' ? { placed: one, layer: null, output: image } : built(one, taken, quick));
  }
  return [...values.values()];
}

/** tf.layers keeps a weight in a variable of tfjs. */
export function variableOf(weight: layers.LayerVariable): tf.Variable {
  const value = weight.read();
  if (!isVariable(value)) throw new RangeError(`${weight.originalName} is no variable`);
  return value;
}

function isVariable(value: tf.Tensor): value is tf.Variable {
  return value instanceof tf.Variable;
}

/** Their weights; a model's layers share none. */
export function disposeLayers(built: readonly BuiltLayer[]): void {
  for (const { layer } of built) for (const weight of layer?.weights ?? []) weight.dispose();
}

function built(placed: PlacedLayer, taken: layers.SymbolicTensor | layers.SymbolicTensor[], quick: boolean): BuiltLayer {
  const { className, config, name } = placed;
  try {
    const layer = instance({ className, config });
    layer.setFastWeightInitDuringBuild(quick);
    const output = layer.apply(taken);
    if (className === 'BatchNormalization') completeNorm(layer);
    if (!(output instanceof layers.SymbolicTensor)) throw new RangeError(`${className} has more outputs than one`);
    if (output.shape.slice(1).some((size) => size === null || !(size > 0))) throw new RangeError(`its output of ${output.shape.slice(1).join(' x ')} is empty; use larger images`);
    return { placed, layer, output };
  } catch (error) {
    throw new ModelError(`layer "${name}": ${(error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/ This may be due to .*$/, '')}`);
  }
}

/** In training tf.layers reads gamma and beta where a batch norm has none, too, and tfjs has no gradient without gamma (4.22: errors): constants that change nothing. */
function completeNorm(norm: Layer): void {
  const channels = (norm.input as layers.SymbolicTensor).shape.at(-1) ?? 0;
  for (const [part, constant] of [['gamma', 1], ['beta', 0]] as const) if (!(part in norm)) Object.defineProperty(norm, part, { value: { read: () => tf.fill([channels], constant) } });
}

/** tf.layers changes the configurations that it reads. */
function instance({ className, config }: LayerJson): Layer {
  const [cls, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[className]!;
  const made = fromConfig(cls, structuredClone(config) as tf.serialization.ConfigDict);
  if (!(made instanceof layers.layers.Layer)) throw new RangeError(`${className} is no layer`);
  return made;
}

function imageOf(placed: readonly PlacedLayer[]): number[] {
  const takers = placed.filter(({ inputs }) => inputs.length === 0);
  const [first, second] = takers;
  if (first === undefined) throw new ModelError('the model has no layers');
  if (second !== undefined) throw new ModelError(`layer "${second.name}": a second input; a model takes one image`);
  const shape = first.config.batchInputShape ?? first.config.batchShape ?? null;
  const [, ...sizes] = Array.isArray(shape) ? (shape as readonly Json[]) : [];
  if (sizes.length !== 3 || !sizes.every((size) => typeof size === 'number')) {
    throw new ModelError(`layer "${first.name}": the first layer needs batch_input_shape [null, height, width, channels]`);
  }
  return sizes;
}

function imageShape(built: readonly BuiltLayer[]): Shape {
  const [height = 0, width = 0, channels = 0] = imageOf(built.map(({ placed }) => placed));
  return { height, width, channels };
}

/** A softmax is the last thing that a model does, or in its middle; it is not passed on to the end. */
function withoutSoftmax(placed: readonly PlacedLayer[]): PlacedLayer[] {
  const last = placed.at(-1);
  if (last === undefined) throw new ModelError('the model has no layers');
  const PASSING = ['Flatten', 'Reshape', 'Permute', 'Dropout'];
  for (let at: PlacedLayer | undefined = last; at !== undefined && PASSING.includes(at.className);) {
    const before: PlacedLayer | undefined = placed.find(({ name }) => name === at?.inputs[0]);
    if (before !== undefined && isSoftmax(before)) throw new UnsupportedLayerError('eager', before.name, 'softmax before the last layer');
    at = before;
  }
  if (!isSoftmax(last)) return [...placed];
  const { axis = -1 } = last.config;
  if (last.className === 'Softmax' && axis !== -1 && axis !== 1) throw new UnsupportedLayerError('eager', last.name, `Softmax over axis ${JSON.stringify(axis)}`);
  const plain = last.className === 'Softmax' ? { ...last, className: 'Activation', config: { name: last.name } } : last;
  return [...placed.slice(0, -1), { ...plain, config: { ...plain.config, activation: 'linear' } }];
}

function isSoftmax({ className, config }: LayerJson): boolean {
  return className === 'Softmax' || config.activation === 'softmax';
}

/** Throws UnsupportedLayerError for what the layer would pass over. */
function prepared(placed: PlacedLayer, layer: Layer): PlacedLayer {
  if (placed.className === 'Dropout') {
    const { batchInputShape } = placed.config;
    return { ...placed, className: SeededDropout.className, config: { name: placed.name, layer: placed.index, ...(batchInputShape === undefined ? {} : { batchInputShape }) } };
  }
  const config = trainedConfig(placed, layer.getConfig(), placed);
  const { axis } = config;
  // tfjs-node's kernel takes one value for each channel, and no other shape.
  if (placed.className === 'BatchNormalization' && axis !== undefined && axis !== -1 && axis !== (layer.input as layers.SymbolicTensor).shape.length - 1) {
    throw new UnsupportedLayerError('eager', placed.name, `BatchNormalization over axis ${JSON.stringify(axis)}`);
  }
  // With it moving averages stay where they are: a step leaves no trace in what predicts.
  return { ...placed, config: placed.className === 'BatchNormalization' ? { ...config, momentum: 1 } : config };
}

function trainedConfig({ className, config }: LayerJson, understood: Fields, { name, index }: PlacedLayer): Fields {
  const ignored = ignoredField(config, understood);
  if (ignored !== null) throw new UnsupportedLayerError('eager', name, `${className} with ${ignored}`);
  const complete: { [field: string]: Json } = { ...config };
  for (const [field, value] of Object.entries(understood)) {
    const own = config[field] ?? null;
    if (field.endsWith('Initializer')) {
      const chosen = own ?? (GLOROT.has(field) ? GLOROT_UNIFORM : value);
      complete[field] = chosen !== null && isRandom(chosen) ? { className: SeededInitializer.className, config: { original: chosen, layer: index } } : chosen;
    } else if ((field === 'layer' || field === 'cell') && isLayerJson(own) && isLayerJson(value)) {
      complete[field] = { className: own.className, config: trainedConfig(own, value.config, { name, index } as PlacedLayer) };
    }
  }
  return complete;
}

const RECURRENT = /^(SimpleRNN|GRU|LSTM|ConvLSTM2D|RNN|Bidirectional)$/;

function summary({ placed, layer, output }: BuiltLayer): EagerSummary {
  const { name } = placed;
  const counts = (weights: readonly layers.LayerVariable[]): number => weights.reduce((sum, { shape }) => sum + product(shape), 0);
  const kernels = (layer?.trainableWeights ?? []).filter(({ originalName }) => originalName.endsWith('kernel'));
  const taken = layer === null ? output.shape : [layer.input].flat()[0]!.shape;
  // A window is applied where it makes a value, or, where it is transposed, at each value that it takes; a recurrent layer at each time.
  const places = RECURRENT.test(placed.className) ? (taken[1] ?? 1) : product((placed.className.endsWith('Transpose') ? taken : output.shape).slice(1, -1));
  return {
    name, className: placed.className, output: output.shape.slice(1).map((size) => size ?? 0), learnables: counts(layer?.trainableWeights ?? []),
    params: counts(layer?.weights ?? []), multiplyAdds: places * counts(kernels),
  };
}

function product(sizes: readonly (number | null)[]): number {
  return sizes.reduce<number>((all, size) => all * (size ?? 1), 1);
}

/** The base of a transfer, as its settings speak of it. Pure: of the model alone. */
import type { ModelChoice } from '../../proto/work.js';
import type { Input } from './layers.js';
import { ModelError } from './model-error.js';
import type { Topology } from './topology.js';
import { baseLayers, layerNames, usualCut } from './transfer.js';
import { buildModel } from './zoo.js';

export interface BaseLayer {
  readonly name: string;
  /** Whether training does the same with it frozen: it has no parameters, and draws nothing. */
  readonly idle: boolean;
}

export interface TransferBase {
  /** Of the whole model, in order, without its input. */
  readonly layers: readonly string[];
  /** What the base ends with unless it is said; null for a model without pooling over the whole image or flattening. */
  readonly usualCut: string | null;
  /** Those that are counted, in order; null where there is no such cut. */
  readonly base: readonly BaseLayer[] | null;
}

/** `cutAt`: the base's last layer, null for the usual one. Null for a model that cannot be built for such images. */
export function baseOf(model: Omit<ModelChoice, 'transfer'>, input: Input, classes: number, cutAt: string | null): TransferBase | null {
  let topology: Topology;
  try {
    topology = buildModel(model, input, classes);
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  }
  const layers = layerNames(topology);
  const usual = usualCut(topology);
  const cut = cutAt ?? usual;
  const base = cut === null || !layers.includes(cut) ? null : baseLayers(topology, cut).filter(({ class_name }) => class_name !== 'InputLayer');
  return { layers, usualCut: usual, base: base?.map(({ class_name, config: { name } }) => ({ name, idle: IDLE.has(class_name) })) ?? null };
}

/** A layer that is not here may have parameters. Dropout draws, unless it is frozen. */
const IDLE: ReadonlySet<string> = new Set(['Activation', 'ReLU', 'Softmax', 'MaxPooling2D', 'AveragePooling2D', 'GlobalAveragePooling2D', 'GlobalMaxPooling2D', 'ZeroPadding2D', 'Flatten', 'Add', 'Concatenate']);

/** The base of a transfer, as its settings speak of it. Pure: of the model alone. */
import { canonicalJson } from '../../proto/canonical.js';
import { ZOO, type Knob } from '../../proto/models.js';
import type { Json, ModelChoice } from '../../proto/work.js';
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
  /** Those of the model, at their defaults as far as they shape nothing of the base: equal for bases that are the same but for layers behind the cut. */
  readonly knobs: ModelChoice['knobs'];
  /** What the base of a model with these knobs ends with unless it is said; null for a model without pooling over the whole image or flattening. */
  readonly usualCut: string | null;
  /** Those that are counted, in order; null where there is no such cut. */
  readonly base: readonly BaseLayer[] | null;
}

type Model = Omit<ModelChoice, 'transfer'>;

/** `cutAt`: the base's last layer, null for the usual one. Null for a model that cannot be built for such images. */
export function baseOf(model: Model, input: Input, classes: number, cutAt: string | null): TransferBase | null {
  const topology = builtOrNull(model, input, classes);
  if (topology === null) return null;
  const layers = layerNames(topology);
  const usual = usualCut(topology);
  const cut = cutAt ?? usual;
  if (cut === null || !layers.includes(cut)) return { layers, knobs: model.knobs, usualCut: usual, base: null };
  const base = baseLayers(topology, cut).filter(({ class_name }) => class_name !== 'InputLayer');
  // The usual cut by its name is the usual cut, of the model at the end too.
  const asked = cut === usual ? null : cut;
  const knobs = shapingKnobs(model, (others) => baseText({ ...model, knobs: others }, input, classes, asked));
  const least = builtOrNull({ ...model, knobs }, input, classes);
  return { layers, knobs, usualCut: least === null ? usual : usualCut(least), base: base.map(({ class_name, config: { name } }) => ({ name, idle: IDLE.has(class_name) })) };
}

/** Whether another value of a knob makes another base, as far as values near the model's own tell. */
export function shapesBase(knob: Knob, model: Model, input: Input, classes: number, cutAt: string | null): boolean {
  const own = baseText(model, input, classes, cutAt);
  return otherValues(knob, model.knobs[knob.name] ?? knob.default).some((value) => {
    const other = baseText({ ...model, knobs: { ...model.knobs, [knob.name]: value } }, input, classes, cutAt);
    return other !== null && other !== own;
  });
}

/** A layer that is not here may have parameters. Dropout draws, unless it is frozen. */
const IDLE: ReadonlySet<string> = new Set(['Activation', 'ReLU', 'Softmax', 'MaxPooling2D', 'AveragePooling2D', 'GlobalAveragePooling2D', 'GlobalMaxPooling2D', 'ZeroPadding2D', 'Flatten', 'Add', 'Concatenate']);

function builtOrNull(model: Model, input: Input, classes: number): Topology | null {
  try {
    return buildModel(model, input, classes);
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  }
}

/** Its layers and how they follow each other; null where there is no such base. Bases of equal texts train the same. */
function baseText(model: Model, input: Input, classes: number, cutAt: string | null): string | null {
  const topology = builtOrNull(model, input, classes);
  const cut = topology === null ? null : (cutAt ?? usualCut(topology));
  if (topology === null || cut === null || !layerNames(topology).includes(cut)) return null;
  return JSON.stringify([topology.class_name, baseLayers(topology, cut)]);
}

/** Each knob, and each number of a list, at its default where the base's text stays the same. */
function shapingKnobs({ name, knobs: own }: Model, textOf: (knobs: ModelChoice['knobs']) => string | null): ModelChoice['knobs'] {
  const wanted = textOf(own);
  let knobs = own;
  const take = (knob: string, value: Json): void => {
    const others = { ...knobs, [knob]: value };
    if (canonicalJson(others) !== canonicalJson(knobs) && textOf(others) === wanted) knobs = others;
  };
  for (const knob of ZOO.find((model) => model.name === name)?.knobs ?? []) {
    take(knob.name, knob.default);
    const usual = listOf(knob.default);
    for (const [place, number] of usual.entries()) {
      const numbers = listOf(knobs[knob.name]);
      if (numbers.length === usual.length) take(knob.name, numbers.with(place, number));
    }
  }
  return knobs;
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** Others that a knob may have: all of a few, of numbers those beside `value`, of a list with one number more, less or another. */
function otherValues(knob: Knob, value: Json): Json[] {
  if (knob.kind === 'choice') return knob.choices.filter((choice) => choice !== value);
  const { min, max } = knob;
  const within = (numbers: readonly number[]): number[] => numbers.filter((number) => number >= min && number <= max);
  const near = (number: Json): number[] => (typeof number === 'number' ? within(knob.kind === 'float' ? [number / 2, number * 2] : [number + 1, number - 1]) : [min]);
  if (!Array.isArray(value)) return [knob.default, ...near(value)];
  const list = value as readonly Json[];
  return [knob.default, ...list.flatMap((item, place) => near(item).map((other) => list.with(place, other))), [...list, min], list.slice(0, -1)];
}

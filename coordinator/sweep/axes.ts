/** From the axes as written to the values of each, checked one by one, and completed by the model's defaults. */
import { isClassical, MODELS, type Knob, type NamedModel, type ZooModel } from '../../proto/models.js';
import type { Json } from '../../proto/work.js';
import type * as z from 'zod';
import { expandAxis, type AxisRule, type ExpandedAxis, type WrittenAxis, type WrittenPath } from '../space/axis.js';
import { resolveAugmentation, type WrittenAugmentation } from '../space/augmentation.js';
import { withValueAt } from '../space/setting.js';
import { resolveOptimizer, writeOptimizer, type WrittenOptimizer } from '../space/optimizer.js';
import type { Draft } from './draft.js';
import { describe, type Problem } from './mistakes.js';
import { isDrawing } from './schema-search.js';
import { syntheticValue } from './schema-space.js';
import type { Axis, AxisCondition } from './spec.js';
import { TRANSFER_DEFAULTS } from './transfer.js';

interface Kinds {
  readonly whole: ReadonlySet<string>;
  /** Whose values are no numbers, so that a map or a list in the place of one is no range. */
  readonly choices: ReadonlySet<string>;
}

function kindsOf(knobs: readonly Knob[]): Kinds {
  const named = (kind: Knob['kind']): string[] => knobs.filter((knob) => knob.kind === kind).map((knob) => knob.name);
  const whole = new Set(['imageSize', 'batch', 'accumulate', 'epochs', ...named('int')]);
  return { whole, choices: new Set(['optimizer', 'classWeights', 'clipNorm', 'augment', 'head', ...Object.keys(TRANSFER_DEFAULTS), ...named('choice'), ...named('int-list').filter((name) => !whole.has(name))]) };
}

const ZOO_KINDS = kindsOf(MODELS.flatMap((model) => model.knobs));

/** The axes that the draft names, in the file's order, each followed by those inside its values. */
export function namedAxes(draft: Draft): { readonly axes: readonly Axis[]; readonly problems: readonly Problem[] } {
  const axes: Axis[] = [];
  const problems: Problem[] = [];
  const kinds = draft.kind === 'image' && draft.module !== null ? kindsOf(draft.module.knobs) : ZOO_KINDS;
  for (const [name, written] of draft.space) {
    const expanded = expandAxis(written, ruleOf(draft, name, kinds));
    const wrong: Problem[] = expanded.problems.map((problem) => ({ ...problem, path: ['space', name, ...problem.path], at: 'value' }));
    const schema = draft.kind === 'image' ? draft.schemas.values[name] : syntheticValue(name);
    if (wrong.length === 0 && schema !== undefined) wrong.push(...checkYield(name, written, expanded, schema));
    problems.push(...wrong);
    if (wrong.length === 0) axes.push(...listed(name, expanded, new Set()));
  }
  return { axes, problems };
}

/** Whether the values that come out are right too; of each place that is written the first that is not. */
function checkYield(name: string, written: WrittenAxis, expanded: ExpandedAxis, schema: z.ZodType): Problem[] {
  const reported = new Set<string>();
  return yields(expanded, [], (value) => value).flatMap(({ path, value, setting }): Problem[] => {
    const issue = schema.safeParse(setting).error?.issues[0];
    const place = JSON.stringify(path);
    if (issue === undefined || reported.has(place)) return [];
    reported.add(place);
    return [{ path: ['space', name, ...path], at: 'value', found: `${describe(partAt(written, path))}, which yields ${describe(value)}`, expected: messageOf(issue), suggestion: null }];
  });
}

interface Yield {
  readonly path: WrittenPath;
  readonly value: Json;
  /** The whole hyperparameter with the value in its place. */
  readonly setting: Json;
}

function yields(axis: ExpandedAxis, around: WrittenPath, within: (value: Json) => Json): Yield[] {
  return axis.values.flatMap(({ value, path, inner }): Yield[] => {
    const here = [...around, ...path];
    const own = { path: here, value, setting: within(value) };
    return [own, ...inner.flatMap((each) => yields(each.axis, [...here, ...each.path], (put) => within(withValueAt(value, each.path, put))))];
  });
}

/** What is wrong at the bottom of a union. */
export function messageOf(issue: z.core.$ZodIssue): string {
  const deepest = issue.code === 'invalid_union' ? issue.errors.flat().find((inner) => inner.path.length > 0 && inner.code !== 'unrecognized_keys') : undefined;
  return deepest === undefined ? issue.message : messageOf(deepest);
}

function partAt(written: unknown, path: WrittenPath): unknown {
  return path.reduce<unknown>((part, step) => (typeof part === 'object' && part !== null ? (part as { readonly [step: string | number]: unknown })[step] : undefined), written);
}

/** An axis and those inside its values, each called by its place: optimizer.adam.beta2, or optimizer[1].adam.beta2 where two would be called alike. */
function listed(name: string, { values, range }: ExpandedAxis, taken: Set<string>, when?: AxisCondition): Axis[] {
  taken.add(name);
  const own = { name, values: values.map(({ value }) => value), ...(range === null ? {} : { range }), ...(when === undefined ? {} : { when }) };
  const inner = values.flatMap(({ inner: axes }, value) =>
    axes.flatMap(({ path, axis }) => {
      const short = [name, ...path].join('.');
      return listed(taken.has(short) ? [`${name}[${value}]`, ...path].join('.') : short, axis, taken, { axis: name, value, path });
    }),
  );
  return [own, ...inner];
}

function ruleOf(draft: Draft, name: string, { whole, choices }: Kinds): AxisRule {
  const image = draft.kind === 'image';
  return {
    numeric: !(image && choices.has(name)),
    drawn: isDrawing(draft.sections.sampler),
    whole: image ? whole.has(name) : name === 'epochs',
    meaning: image && Object.hasOwn(MEANINGS, name) ? MEANINGS[name]! : withoutConstant,
    literal: isLiteral,
  };
}

/** The pairs of {steps: [[0, 0.1], [10, 0.01]]}, and a shift as [horizontal, vertical]. */
function isLiteral(field: string, list: readonly Json[]): boolean {
  if (field === 'steps') return list.some((item) => Array.isArray(item));
  return field === 'shift' && list.length === 2 && list.every((item) => typeof item === 'number');
}

const MEANINGS: { readonly [hyperparameter: string]: (value: Json) => Json } = {
  optimizer: (value) => ({ ...resolveOptimizer(value as WrittenOptimizer) }),
  augment: (value) => {
    const meant = resolveAugmentation(value as WrittenAugmentation | null);
    return meant === null ? null : { ...meant };
  },
};

/** A constant schedule means its number. */
function withoutConstant(value: Json): Json {
  if (typeof value === 'object' && value !== null && 'constant' in value) return value.constant ?? null;
  return value;
}

/** Hyperparameters that are off unless they are named, and what that means. */
export const OFF: { readonly [hyperparameter: string]: Json } = { accumulate: 1, l2: 0, labelSmoothing: 0, clipNorm: null, trainFraction: 1, augment: null, head: 'softmax', ...TRANSFER_DEFAULTS };

/**
 * `named`, then with one value each what it leaves out of an image classifier's hyperparameters; those
 * that are off unless they are named (l2, augment, ...) are left out.
 */
export function withDefaults(named: readonly Axis[], model: NamedModel): Axis[] {
  const defaults: readonly (readonly [string, Json])[] = [
    ['imageSize', model.defaults.imageSize],
    ...model.knobs.map((knob) => [knob.name, knob.default] as const),
    ...(isClassical(model) ? [['epochs', 1] as const] : trainingDefaults(model)),
    ...(isClassical(model) && !model.takesClassWeights ? [] : [['classWeights', 'none'] as const]),
  ];
  const known = new Set(named.map((axis) => axis.name));
  return [...named, ...defaults.filter(([name]) => !known.has(name)).map(([name, value]) => ({ name, values: [value] }))];
}

function trainingDefaults({ defaults: { batch, epochs, lr, dropout, optimizer } }: ZooModel): (readonly [string, Json])[] {
  return [['batch', batch], ['epochs', epochs], ['lr', lr], ['dropout', dropout], ['optimizer', writeOptimizer(optimizer)]];
}

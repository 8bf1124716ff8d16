/** From the axes as written to the values of each, checked one by one, and completed by the model's defaults. */
import { ZOO, type Knob, type ZooModel } from '../../proto/models.js';
import type { Json } from '../../proto/work.js';
import { expandAxis, type AxisRule } from '../space/axis.js';
import { resolveAugmentation, type WrittenAugmentation } from '../space/augmentation.js';
import { resolveOptimizer, writeOptimizer, type WrittenOptimizer } from '../space/optimizer.js';
import type { Draft } from './draft.js';
import { describe, type Problem } from './mistakes.js';
import { isDrawing } from './schema-search.js';
import { syntheticValue } from './schema.js';
import type { Axis } from './spec.js';

interface Kinds {
  readonly whole: ReadonlySet<string>;
  /** Whose values are no numbers, so that a map or a list in the place of one is no range. */
  readonly choices: ReadonlySet<string>;
}

function kindsOf(knobs: readonly Knob[]): Kinds {
  const named = (kind: Knob['kind']): string[] => knobs.filter((knob) => knob.kind === kind).map((knob) => knob.name);
  const whole = new Set(['imageSize', 'batch', 'accumulate', 'epochs', ...named('int')]);
  return { whole, choices: new Set(['optimizer', 'classWeights', 'clipNorm', 'augment', ...named('choice'), ...named('int-list').filter((name) => !whole.has(name))]) };
}

const ZOO_KINDS = kindsOf(ZOO.flatMap((model) => model.knobs));

/** The axes that the draft names, in the file's order. */
export function namedAxes(draft: Draft): { readonly axes: readonly Axis[]; readonly problems: readonly Problem[] } {
  const axes: Axis[] = [];
  const problems: Problem[] = [];
  const kinds = draft.kind === 'image' && draft.module !== null ? kindsOf(draft.module.knobs) : ZOO_KINDS;
  for (const [name, written] of draft.space) {
    const expanded = expandAxis(written, ruleOf(draft, name, kinds));
    const wrong: Problem[] = expanded.problems.map(({ item, field, ...problem }) => ({ ...problem, path: [...pathOf(name, item), ...(field === null ? [] : [field])], at: 'value' }));
    const schema = draft.kind === 'image' ? draft.schemas.values[name] : syntheticValue(name);
    const reported = new Set<number | null>();
    for (const { value, item } of expanded.values) {
      const issue = schema?.safeParse(value).error?.issues[0];
      if (issue === undefined || reported.has(item)) continue;
      reported.add(item);
      const source: unknown = item === null ? written : Array.isArray(written) ? written[item] : written;
      wrong.push({ path: pathOf(name, item), at: 'value', found: `${describe(source)}, which yields ${describe(value)}`, expected: issue.message, suggestion: null });
    }
    problems.push(...wrong);
    if (wrong.length === 0) axes.push({ name, values: expanded.values.map(({ value }) => value), ...(expanded.range === null ? {} : { range: expanded.range }) });
  }
  return { axes, problems };
}

function pathOf(name: string, item: number | null): readonly (string | number)[] {
  return item === null ? ['space', name] : ['space', name, item];
}

function ruleOf(draft: Draft, name: string, { whole, choices }: Kinds): AxisRule {
  const image = draft.kind === 'image';
  return {
    numeric: !(image && choices.has(name)),
    drawn: isDrawing(draft.sections.sampler),
    whole: image ? whole.has(name) : name === 'epochs',
    meaning: image && Object.hasOwn(MEANINGS, name) ? MEANINGS[name]! : withoutConstant,
  };
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

/**
 * `named`, then with one value each what it leaves out of an image classifier's hyperparameters; those
 * that are off unless they are named (l2, augment, ...) are left out.
 */
export function withDefaults(named: readonly Axis[], model: ZooModel): Axis[] {
  const { imageSize, batch, epochs, lr, dropout, optimizer } = model.defaults;
  const defaults: readonly (readonly [string, Json])[] = [
    ['imageSize', imageSize],
    ...model.knobs.map((knob) => [knob.name, knob.default] as const),
    ['batch', batch],
    ['epochs', epochs],
    ['lr', lr],
    ['dropout', dropout],
    ['optimizer', writeOptimizer(optimizer)],
    ['classWeights', 'none'],
  ];
  const known = new Set(named.map((axis) => axis.name));
  return [...named, ...defaults.filter(([name]) => !known.has(name)).map(([name, value]) => ({ name, values: [value] }))];
}

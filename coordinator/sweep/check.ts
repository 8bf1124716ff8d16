/**
 * What one field alone cannot tell: values against the model, metrics against the trainable, formulas
 * against the space, fractions against each other, the grid against its budget. Each check works on the
 * sections that the schema found in order, so that one mistake does not hide another.
 */
import { canonicalJson } from '../../proto/canonical.js';
import { moduleModel } from '../../proto/model-module.js';
import { DEFAULT_MODEL, isClassical, MODELS, type Knob, type NamedModel, type ZooModel } from '../../proto/models.js';
import type { Json } from '../../proto/work.js';
import type { WrittenAxis } from '../space/axis.js';
import { gridSize } from '../sampler/grid.js';
import { axisTree } from '../space/axis-tree.js';
import { withDefaults } from './axes.js';
import { checkClassical } from './check-classical.js';
import { checkMetrics } from './check-metrics.js';
import { checkConstraints, checkSomethingLeft, countAccepted, howTaken } from './check-constraints.js';
import { speaksOfCosts } from '../space/constraints.js';
import { checkRates } from './check-rates.js';
import { isRawMap, sectionsOf, type Draft, type ImageDraft } from './draft.js';
import { describe, type Problem } from './mistakes.js';
import { isDrawing, isListed, samplerName } from './schema-search.js';
import { MAX_TRIALS, oneOf } from './schema-parts.js';
import { knobValue, listed } from './schema-space.js';
import { dataFields, type DataFile } from './schema.js';
import type { Axis } from './spec.js';

/** A larger grid must be meant: `budget.trials` says so. */
export const TRIALS_WITHOUT_BUDGET = 10_000;

/** `axes` are those of `space` that could be read. */
export function checkDraft(draft: Draft, axes: readonly Axis[]): Problem[] {
  const model = draft.kind === 'image' ? modelOf(draft) : null;
  const whole = draft.spaceIsWhole && (draft.kind !== 'image' || model !== null) ? (model === null ? axes : withDefaults(axes, model)) : null;
  const constraints = draft.sections.constraints ?? [];
  const formulas = whole === null ? [] : checkConstraints(constraints, whole, model !== null && !isClassical(model));
  const counted = whole === null || isListed(draft.sections.sampler) || constraints.length === 0 || formulas.length > 0 ? null : countAccepted(constraints, whole, howTaken(draft.sections.sampler));
  const left = counted === null ? [] : checkSomethingLeft(counted);
  const size = counted?.all === true && left.length === 0 ? counted.met : gridSize(axes);
  const shared = [...checkMetrics(draft), ...formulas, ...left, ...checkGrid(draft, axes, size), ...checkReplicates(draft, size), ...checkSchedules(draft, axes), ...(whole !== null && formulas.length === 0 ? checkCostsOfModule(draft) : [])];
  return draft.kind === 'image' ? [...checkEmpty(draft), ...checkModel(draft, axes), ...checkData(draft), ...shared] : shared;
}

/** Over the longest trial of the space. */
function checkSchedules(draft: Draft, axes: readonly Axis[]): Problem[] {
  const model = draft.kind === 'image' ? modelOf(draft) : null;
  const known = model === null ? axes : withDefaults(axes, model);
  const lengths = known.find(({ name }) => name === 'epochs')?.values.filter((value) => typeof value === 'number') ?? [];
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  // A learning rate is used as float32.
  return longest < 1 ? [] : checkRates(axes, longest, draft.kind === 'image' ? Math.fround : Number);
}

/** Null where the file names a model that does not exist, or a module that was not read. */
export function modelOf(draft: ImageDraft): NamedModel | null {
  if (!draft.modelIsKnown) return null;
  if (draft.module !== null) return moduleModel(draft.module);
  return MODELS.find((model) => model.name === (draft.sections.model ?? DEFAULT_MODEL)) ?? null;
}

function checkModel(draft: ImageDraft, axes: readonly Axis[]): Problem[] {
  const model = modelOf(draft);
  if (model === null) return [];
  const problems: Problem[] = [];
  if (draft.module !== null && axes.some(({ name }) => name === 'head')) {
    problems.push({ path: ['space', 'head'], at: 'key', found: `head for ${model.name}`, expected: 'a model of the zoo beside it', suggestion: "the module's last layer says it: Dense of one unit with sigmoid, or of a unit per class with softmax" });
  }
  // A module's file knows no other model's knobs.
  const foreign = new Set(draft.module !== null ? [] : MODELS.flatMap((other) => other.knobs.map((knob) => knob.name)));
  const own = model.knobs.map((knob) => knob.name);
  for (const axis of axes) {
    const path = ['space', axis.name];
    const knob = model.knobs.find((candidate) => candidate.name === axis.name);
    if (knob === undefined && foreign.has(axis.name)) {
      const owners = MODELS.filter((other) => other.knobs.some((each) => each.name === axis.name)).map((other) => other.name);
      const suggestion = ownersText(owners);
      problems.push({ path, at: 'key', found: `${axis.name} for ${model.name}`, expected: `${oneOf(own)} as its knob${own.length === 1 ? '' : 's'}`, suggestion });
    }
    if (knob !== undefined) {
      problems.push(...checkKnob(knob, axis, model.name, draft.space.get(axis.name)));
      continue;
    }
    const [min, max] = axis.name === 'imageSize' ? [model.minImageSize, Infinity] : [-Infinity, Infinity];
    const outside = axis.values.flat(2).find((value) => typeof value === 'number' && (value < min || value > max));
    if (outside !== undefined) {
      problems.push({ path, at: 'value', found: describe(outside), expected: `${max === Infinity ? `at least ${min}` : `a number from ${min} to ${max}`} for ${model.name}`, suggestion: null });
    }
  }
  return [...problems, ...(isClassical(model) ? checkClassical(draft, model, axes) : checkAccumulate(axes, model))];
}

/** The grid crosses both axes, so the most parts must fit into the smallest batch. */
function checkAccumulate(axes: readonly Axis[], model: ZooModel): Problem[] {
  const values = (name: string): number[] => (axes.find((axis) => axis.name === name)?.values ?? []).map(Number);
  const batches = values('batch');
  const smallest = Math.min(...(batches.length > 0 ? batches : [model.defaults.batch]));
  const parts = values('accumulate').find((value) => value > smallest);
  if (parts === undefined) return [];
  const expected = `at most the smallest batch, ${smallest}`;
  return [{ path: ['space', 'accumulate'], at: 'value', found: describe(parts), expected, suggestion: 'a part has at least one image' }];
}

const OWNERS_NAMED = 3;

function ownersText(owners: readonly string[]): string {
  if (owners.length > OWNERS_NAMED) return `${owners.slice(0, OWNERS_NAMED - 1).join(', ')} and ${owners.length - OWNERS_NAMED + 1} other models have it`;
  return `only ${owners.join(' and ')} ${owners.length === 1 ? 'has' : 'have'} it`;
}

/** A name may be a number in one model and a list in another, with other bounds. `written` is the axis as the file has it. */
function checkKnob(knob: Knob, axis: Axis, model: string, written: WrittenAxis | undefined): Problem[] {
  const path = ['space', axis.name];
  if (knob.kind === 'int-list' && !axis.values.every((value) => Array.isArray(value))) {
    // As it is written: among an axis' values each is there once.
    const found = written ?? axis.values;
    const numbers = Array.isArray(found) && found.length > 0 && found.every((item) => typeof item === 'number');
    return [{ path, at: 'value', found: describe(found), expected: listed(knob), suggestion: numbers ? `write [${describe(found)}] for one list of these` : null }];
  }
  const schema = knobValue(knob);
  const wrong = axis.values.map((value) => ({ value, issue: schema.safeParse(value).error?.issues[0] })).find(({ issue }) => issue !== undefined);
  if (wrong?.issue === undefined) return [];
  const item = knob.kind === 'int-list' && Array.isArray(written) ? written.findIndex((each) => canonicalJson((each ?? null) as Json) === canonicalJson(wrong.value)) : -1;
  return [{ path: item < 0 ? path : [...path, item], at: 'value', found: describe(wrong.value), expected: `${wrong.issue.message} for ${model}`, suggestion: null }];
}

function checkData(draft: ImageDraft): Problem[] {
  if (!isRawMap(draft.raw.data)) return [];
  const data = sectionsOf(dataFields, draft.raw.data);
  return [...checkSplit(data), ...checkLabels(data), ...checkPattern('groupBy', data.groupBy, "put brackets round what names the group, as in '(person\\d+)'"), ...checkPattern('label', data.label, "put brackets round what names the class, as in 'person\\d+_(bacteria|virus)'")];
}

/** Two keys that answer the same question. */
function checkLabels({ label, labels, groupBy, classes }: Partial<DataFile>): Problem[] {
  const table = typeof labels === 'object' ? labels : null;
  const clash = (key: string, other: string): Problem => ({ path: ['data', key], at: 'key', found: `${key} beside ${other}`, expected: 'one of them', suggestion: null });
  const problems: Problem[] = [];
  if (label !== undefined && labels !== undefined) problems.push(clash('label', 'labels'));
  if (groupBy !== undefined && table?.group !== undefined) problems.push(clash('groupBy', 'labels.group'));
  if (classes !== undefined && (label !== undefined || table !== null)) problems.push(clash('classes', label === undefined ? 'a table of labels' : 'label'));
  return problems;
}

function checkSplit({ split, given }: Partial<DataFile>): Problem[] {
  if (split === undefined) return [];
  const problems: Problem[] = [];
  const parts = (['val', 'test'] as const).flatMap((part) => (split[part] === undefined ? [] : [[part, split[part]] as const]));
  const fractions = parts.flatMap(([, value]) => (typeof value === 'number' ? [value] : []));
  const total = fractions.reduce((sum, fraction) => sum + fraction, 0);
  if (total >= 1) {
    problems.push({ path: ['data', 'split'], at: 'value', found: `${fractions.join(' + ')} = ${total}`, expected: 'fractions that sum to less than 1', suggestion: 'what they leave is trained on' });
  }
  if (given === undefined && split.given === undefined) return problems;
  for (const [part] of parts.filter(([, value]) => value === 'given')) {
    problems.push({ path: ['data', 'split', part], at: 'value', found: 'given beside given: merge', expected: 'a fraction', suggestion: 'merge pools the given parts, so none is left as given' });
  }
  return problems;
}

/** A regular expression whose first capture is what is asked for. */
function checkPattern(key: 'groupBy' | 'label', pattern: string | undefined, advice: string): Problem[] {
  if (pattern === undefined) return [];
  const base = { path: ['data', key], at: 'value', found: describe(pattern) } as const;
  try {
    // With an empty alternative it matches anything, and the match has one entry per capture.
    const captures = (new RegExp(`${pattern}|`).exec('')?.length ?? 1) - 1;
    if (captures > 0) return [];
  } catch (error) {
    return [{ ...base, expected: 'a regular expression', suggestion: error instanceof Error ? error.message : null }];
  }
  return [{ ...base, expected: 'a capture in it', suggestion: advice }];
}

/** What ends any sweep. A target may never be reached. */
const ENDS = ['trials', 'wallClock', 'epochs', 'slotHours', 'gpuHours', 'stagnation'] as const;

/** A draw has no end of its own, and a module is built before the sweep begins, for all of its trials. */
function checkDrawing(draft: Draft, axes: readonly Axis[]): Problem[] {
  const sampler = samplerName(draft.sections.sampler);
  const problems: Problem[] = [];
  const { budget } = draft.sections;
  if (!isRawMap(draft.raw.budget) || (budget !== undefined && ENDS.every((end) => budget[end] === undefined))) {
    problems.push({ path: ['sampler'], at: 'value', found: `${sampler} without an end`, expected: `${ENDS.map((end) => `budget.${end}`).join(', ')}: one of them at least`, suggestion: 'write budget: {trials: 50}, say' });
  }
  const whole = draft.spaceIsWhole && [...draft.space.keys()].every((name) => axes.some((axis) => axis.name === name));
  if (whole && axes.every(({ values }) => values.length === 1)) {
    problems.push({ path: ['sampler'], at: 'value', found: `${sampler} over a space of one trial`, expected: 'something to choose from in space', suggestion: 'write dropout: {min: 0, max: 0.5}, say, or leave the sampler out' });
  }
  const known = (sampler === 'random' || sampler === 'sobol') && budget?.trials !== undefined;
  if (draft.kind === 'image' && draft.module !== null && !known) {
    problems.push({ path: ['sampler'], at: 'value', found: `${sampler} with a model of one's own`, expected: 'grid or axes, or random or sobol with budget.trials', suggestion: `${sampler} over modules is known but not built yet` });
  }
  return problems;
}

/** Nothing at all under `space` is rather forgotten than meant. */
function checkEmpty({ raw: { space } }: ImageDraft): Problem[] {
  if (!isRawMap(space) || Object.keys(space).length > 0) return [];
  return [{ path: ['space'], at: 'value', found: 'an empty space', expected: 'at least one hyperparameter', suggestion: "leave space out for one trial at the model's defaults" }];
}

/** A module is built for the trials before it is known what they cost. */
function checkCostsOfModule(draft: Draft): Problem[] {
  const { constraints = [], sampler } = draft.sections;
  if (draft.kind !== 'image' || draft.module === null || sampler === undefined || sampler === 'grid' || sampler === 'axes' || isListed(sampler)) return [];
  const at = constraints.findIndex(speaksOfCosts);
  return at < 0 ? [] : [{ path: ['constraints', at], at: 'value', found: "what a model of one's own costs", expected: 'sampler: grid, or axes, beside it', suggestion: null }];
}

/** Every replicate is a trial. */
function checkReplicates({ sections: { replicates = 1, budget, sampler }, spaceIsWhole }: Draft, size: number): Problem[] {
  const most = budget?.trials ?? MAX_TRIALS;
  const assignments = isDrawing(sampler) || isListed(sampler) || sampler === 'axes' || !spaceIsWhole ? budget?.trials : Math.min(size, most);
  if (replicates === 1 || assignments === undefined || assignments * replicates <= MAX_TRIALS) return [];
  return [{ path: ['replicates'], at: 'value', found: `${replicates} of ${assignments.toLocaleString('en')} trials`, expected: `at most ${MAX_TRIALS.toLocaleString('en')} trials in all`, suggestion: null }];
}

const CUT = 'sampler: {grid: {order: shuffled}} with budget.trials cuts it fairly';

/** `size`: how many of its cells there are to train. */
function checkGrid(draft: Draft, axes: readonly Axis[], size: number): Problem[] {
  const { sampler, budget } = draft.sections;
  if (isDrawing(sampler)) return checkDrawing(draft, axes);
  if (!draft.spaceIsWhole || sampler === 'axes' || isListed(sampler)) return [];
  const shape = axisTree(axes).filter(({ settings }) => settings > 1).map(({ axis, settings }) => `${axis.name} ${settings}`).join(' x ');
  const trials = budget?.trials;
  const shuffled = typeof sampler === 'object' && 'grid' in sampler && sampler.grid.order === 'shuffled';
  const grid = `a grid of ${size.toLocaleString('en')} trials (${shape})`;
  if (size > Number.MAX_SAFE_INTEGER) {
    return [{ path: ['space'], at: 'key', found: grid, expected: 'a grid that can be counted', suggestion: 'make its axes coarser' }];
  }
  if (trials === undefined && size > TRIALS_WITHOUT_BUDGET) {
    const more = size <= MAX_TRIALS ? `write budget: {trials: ${size}} if you mean it; ` : '';
    return [{ path: ['space'], at: 'key', found: grid, expected: `at most ${TRIALS_WITHOUT_BUDGET.toLocaleString('en')} trials where budget.trials is not given`, suggestion: more + CUT }];
  }
  if (trials !== undefined && size > trials && !shuffled) {
    return [{ path: ['budget', 'trials'], at: 'value', found: `${trials} for ${grid}`, expected: `at least ${size}`, suggestion: `raise it or take values out of space; ${CUT}` }];
  }
  return [];
}

/** What a sweep with pretrained weights asks of its base, against the layers that there are. */
import { canonicalJson } from '../../proto/canonical.js';
import type { ModelModule } from '../../proto/model-module.js';
import type { Knob } from '../../proto/models.js';
import type { Freeze, Json } from '../../proto/work.js';
import { shapesBase, type TransferBase } from '../../worker/model/base.js';
import { basesFor, shapingAssignments } from './bases.js';
import type { ImageDraft } from './draft.js';
import { describe, type Path, type Problem } from './mistakes.js';
import type { Assignment, DataSummary, SweepSpec } from './spec.js';
import { modelChoice, modelFor, structureOf } from './structures.js';
import { suggestValue } from './suggest.js';
import { TRANSFER_DEFAULTS } from './transfer.js';

/** Of a sweep file, once classes and models are known: cuts and depths that some trial's model does not have, and knobs of what the head replaces. */
export function checkBases(spec: SweepSpec, data: Pick<DataSummary, 'classes'> | null, module: ModelModule | null): Problem[] {
  const problems = checkCuts(spec, data, module);
  // Without a base nothing can be told of what shapes it.
  return problems.length === 0 ? idleKnobs(spec, data, module) : problems;
}

/** Of trials, be they one of many of a sweep: cuts and depths that their models do not have. */
export function checkCuts(spec: SweepSpec, data: Pick<DataSummary, 'classes'> | null, module: ModelModule | null): Problem[] {
  const { trainable } = spec;
  if (trainable.kind !== 'image-classifier' || trainable.weights === undefined || data === null) return [];
  const baseFor = basesFor(trainable, data.classes.length, module);
  const problems = new Map<string, { readonly problem: Problem; readonly layers: number }>();
  let number = 0;
  for (const assignment of shapingAssignments(spec, trainable, module)) {
    const base = baseFor(assignment);
    const problem = base === null ? null : problemOf(assignment, base, (name) => placeOf(spec, number, name));
    number += 1;
    if (problem === null) continue;
    const { path, found } = problem;
    const text = JSON.stringify([path, found]);
    const layers = base?.base?.length ?? 0;
    // Of several models the one with the least layers says what fits all of them.
    if (layers < (problems.get(text)?.layers ?? Infinity)) problems.set(text, { problem, layers });
  }
  return [...problems.values()].map(({ problem }) => problem);
}

/** Knobs of layers behind the cut, in every trial: the head stands in the place of what they make. One that is what it is by default says nothing wrong. */
function idleKnobs(spec: SweepSpec, data: Pick<DataSummary, 'classes'> | null, module: ModelModule | null): Problem[] {
  const { trainable } = spec;
  if (module !== null || trainable.kind !== 'image-classifier' || trainable.weights === undefined || data === null) return [];
  const classes = data.classes.length;
  const model = modelFor(trainable.model, null);
  const isUsual = (knob: Knob, value: Json | undefined): boolean => value === undefined || canonicalJson(value) === canonicalJson(knob.default);
  const named = model.knobs.filter((knob) => spec.axes.some(({ name, values }) => name === knob.name && !(values.length === 1 && isUsual(knob, values[0]))));
  if (named.length === 0) return [];
  const baseFor = basesFor(trainable, classes, module);
  const idle = new Map(named.map((knob) => [knob.name, { knob, tried: new Set<string>(), end: '' }]));
  for (const assignment of shapingAssignments(spec, trainable, module)) {
    const structure = structureOf(assignment, model, trainable.data, classes);
    const choice = modelChoice(trainable.model, module, structure);
    const cutAt = (assignment.cutAt ?? TRANSFER_DEFAULTS.cutAt) as string | null;
    for (const [name, one] of idle) {
      const text = canonicalJson([{ ...structure.settings, [name]: null }, structure.input, cutAt]);
      if (choice === null || one.tried.has(text)) continue;
      if (one.tried.size === 0) one.end = baseFor(assignment)?.base?.at(-1)?.name ?? '';
      one.tried.add(text);
      if (shapesBase(one.knob, choice, structure.input, classes, cutAt)) idle.delete(name);
    }
    if (idle.size === 0) return [];
  }
  const rows = typeof spec.sampler === 'object' && 'list' in spec.sampler ? spec.sampler.list : [];
  return [...idle].map(([name, { knob, end }]) => ({
    path: placeOf(spec, rows.findIndex((row) => !isUsual(knob, row[name])), name), at: 'key', found: `${name}, but weights replace what it shapes`, expected: 'headUnits or headPooling', suggestion: `the base ends with ${end}, and the layers of ${name} come after it`,
  }));
}

/** Where the value of an assignment stands: in its row of a list, or in space. */
function placeOf({ sampler }: SweepSpec, number: number, name: string): Path {
  const listed = typeof sampler === 'object' && 'list' in sampler && Object.hasOwn(sampler.list[number] ?? {}, name);
  return listed ? ['sampler', 'list', number, name] : ['space', name];
}

function problemOf(assignment: Assignment, { layers, usualCut, base }: TransferBase, placeOfValue: (name: string) => Path): Problem | null {
  const cutAt = (assignment.cutAt ?? TRANSFER_DEFAULTS.cutAt) as string | null;
  const freeze = (assignment.freeze ?? TRANSFER_DEFAULTS.freeze) as Freeze;
  const wrong = (name: 'cutAt' | 'freeze', value: unknown, expected: string, suggestion: string): Problem => ({ path: placeOfValue(name), at: 'value', found: describe(value), expected, suggestion });
  if (base === null) {
    if (cutAt !== null) return wrong('cutAt', cutAt, 'a layer of the model', suggestionFor(cutAt, layers));
    if (usualCut === null) return { path: ['weights'], at: 'key', found: 'a model without pooling over the whole image or flattening, before which its base would end', expected: 'space.cutAt beside it', suggestion: '`trawl model NAME` lists its layers' };
    return null;
  }
  const ofBase = `the base, which ends with ${base.at(-1)?.name ?? ''}`;
  if (typeof freeze === 'number') return freeze <= base.length ? null : wrong('freeze', freeze, `at most the ${base.length} layers of ${ofBase}`, 'write all for the whole base');
  const names = base.map(({ name }) => name);
  const words = ['all', 'none', ...names];
  return words.includes(freeze) ? null : wrong('freeze', freeze, `all, none, or a layer of ${ofBase}`, suggestionFor(freeze, words));
}

export function withoutWeights({ raw, space }: ImageDraft): Problem[] {
  if (Object.hasOwn(raw, 'weights')) return [];
  return Object.keys(TRANSFER_DEFAULTS).filter((name) => space.has(name)).map((name) => ({ path: ['space', name], at: 'key', found: `${name} without weights`, expected: 'weights: FILE beside it', suggestion: 'without pretrained weights there is no base' }));
}

function suggestionFor(value: string, layers: readonly string[]): string {
  return suggestValue(value, layers) ?? '`trawl model NAME` lists them';
}

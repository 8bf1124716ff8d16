/** Images that are too small for the networks of their trials: told before a sweep is created. */
import { canonicalJson } from '../../proto/canonical.js';
import type { ModelModule } from '../../proto/model-module.js';
import { isClassical } from '../../proto/models.js';
import { misfitOf } from '../../worker/model/cost.js';
import { sampledAssignments } from '../sampler/assignments.js';
import { isProposed } from '../sampler/search.js';
import { shapingAssignments, shapingNames } from './bases.js';
import { costsFor } from './costs.js';
import { describe, type Path, type Problem } from './mistakes.js';
import { replicatesOf } from './replicates.js';
import type { Assignment, DataSummary, SweepSpec } from './spec.js';
import { modelChoice, modelFor, structureOf } from './structures.js';
import { transferOf, type ImageSpec } from './transfer.js';
import type { Warning } from './warnings.js';

type Classes = Pick<DataSummary, 'classes'> | null;

/** Why a trial's model cannot be built for its images, naming the layer with nothing left; null where it can. */
export type MisfitOf = (assignment: Assignment) => string | null;

/** What each trial's network is held against; null for a trainable that has none of the zoo. `module` is the one that the spec names. */
export function misfitsFor({ trainable, axes }: SweepSpec, data: Classes, module: ModelModule | null): MisfitOf | null {
  if (trainable.kind !== 'image-classifier' || data === null || module !== null || isClassical(modelFor(trainable.model, null))) return null;
  const shaping = shapingNames(trainable, null);
  const varying = axes.filter(({ name, values, range }) => shaping.has(name) && (values.length > 1 || range !== undefined)).map(({ name }) => name);
  const known = new Map<string, string | null>();
  return (assignment) => {
    const text = canonicalJson(varying.map((name) => assignment[name] ?? null));
    const before = known.get(text);
    if (before !== undefined) return before;
    const why = misfit(trainable, data.classes.length, assignment);
    known.set(text, why);
    return why;
  };
}

/** Once classes and models are known: a sweep of which no trial could be trained. */
export function checkFit(spec: SweepSpec, data: Classes, module: ModelModule | null): Problem[] {
  const of = misfitsFor(spec, data, module);
  const { trainable } = spec;
  if (of === null || data === null || trainable.kind !== 'image-classifier') return [];
  const misfits: Assignment[] = [];
  for (const assignment of isProposed(spec) ? fixedAssignments(spec, trainable) : sampledAssignments(spec, costsFor(spec, data, module))) {
    if (of(assignment) === null) return [];
    misfits.push(assignment);
  }
  // Of several sizes the largest is nearest to what is needed.
  const nearest = misfits.reduce<Assignment | null>((best, assignment) => (best === null || sizeOf(assignment) > sizeOf(best) ? assignment : best), null);
  if (nearest === null) return [];
  const least = leastImageSize(trainable, data.classes.length, nearest);
  const found = `${describe(sizeOf(nearest))}, too small for ${trainable.model}: ${shortly(of(nearest))}`;
  return [{ path: placeOf(spec), at: 'value', found, expected: least === null ? 'larger images' : `at least ${least}`, suggestion: misfits.length > 1 ? 'none of the trials could be trained' : null }];
}

/** How many of the trials that are known before the sweep runs could not be trained, and why the first of them could not. */
export function fitWarningsOf(spec: SweepSpec, data: Classes, module: ModelModule | null): readonly Warning[] {
  const of = misfitsFor(spec, data, module);
  const { trainable } = spec;
  if (of === null || data === null || trainable.kind !== 'image-classifier' || isProposed(spec)) return [];
  let trials = 0;
  const misfits: Assignment[] = [];
  for (const assignment of sampledAssignments(spec, costsFor(spec, data, module))) {
    trials += replicatesOf(spec);
    if (of(assignment) !== null) misfits.push(assignment);
  }
  const [first] = misfits;
  if (first === undefined) return [];
  const infeasible = misfits.length * replicatesOf(spec);
  const least = leastImageSize(trainable, data.classes.length, first);
  const more = least === null ? '' : `; ${least} is the least that works for it`;
  return [{ path: placeOf(spec), text: `${infeasible} of ${trials} trials ${infeasible === 1 ? 'is' : 'are'} infeasible: ${sizeOf(first)} is too small for ${trainable.model}: ${shortly(of(first))}${more}` }];
}

/** Of a sampler that draws as it goes: its one network, where it has no more. */
function fixedAssignments(spec: SweepSpec, trainable: ImageSpec): readonly Assignment[] {
  const assignments = shapingAssignments(spec, trainable, null);
  const [first, second] = [assignments.next(), assignments.next()];
  return first.done === true || second.done !== true ? [] : [first.value];
}

const sizeOf = ({ imageSize }: Assignment): number => Number(imageSize);

function placeOf({ sampler }: SweepSpec): Path {
  return typeof sampler === 'object' && 'list' in sampler && Object.hasOwn(sampler.list[0] ?? {}, 'imageSize') && new Set(sampler.list.map((row) => row.imageSize)).size > 1 ? ['sampler', 'list'] : ['space', 'imageSize'];
}

function shortly(why: string | null): string {
  return (why ?? '').replace(/; use larger images$/, '');
}

function misfit(trainable: ImageSpec, classes: number, assignment: Assignment): string | null {
  const structure = structureOf(assignment, modelFor(trainable.model, null), trainable.data, classes);
  const choice = modelChoice(trainable.model, null, structure);
  // Which weights a base begins with changes none of its shapes.
  const transfer = transferOf({ ...trainable, ...(trainable.weights === undefined ? {} : { weights: { file: '', blob: '' } }) }, assignment, null) ?? null;
  return choice === null ? null : misfitOf({ model: { ...choice, ...(transfer === null ? {} : { transfer }) }, input: structure.input, classes });
}

const LARGEST = 4096;

/** The least width and height that the trial's network can carry: by bisection, since every larger size does. Null where none up to 4096 pixels does. */
function leastImageSize(trainable: ImageSpec, classes: number, assignment: Assignment): number | null {
  const fits = (imageSize: number): boolean => misfit(trainable, classes, { ...assignment, imageSize }) === null;
  let small = sizeOf(assignment);
  let large = 2 * small;
  while (!fits(large)) {
    if (large >= LARGEST) return null;
    [small, large] = [large, Math.min(LARGEST, 2 * large)];
  }
  while (large - small > 1) {
    const middle = Math.floor((small + large) / 2);
    if (fits(middle)) large = middle;
    else small = middle;
  }
  return large;
}

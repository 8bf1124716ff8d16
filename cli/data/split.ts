/**
 * Cuts a data set into train, val and test: stratified per class, by unit (a patient's images and
 * copies of an image stay together), from its own seed over file digests. Neither names nor the order
 * in which files were found, nor an image size, can change it.
 *
 * The idea: units are put into an order that only (seed, digests) decide. `test` is cut first, then
 * `val`, each class by class: a unit is taken if that brings the part nearer to its share of each class
 * in the unit, and if enough units are left for the parts still to come. What remains is `train`. So
 * the share of `val` never moves `test`, and as long as units are of one class, more images of one
 * class never move another.
 */
import { createHash } from 'node:crypto';
import type { SplitSpec } from '../../coordinator/sweep/spec.js';
import type { Part } from '../../proto/work.js';
import { groupWarnings, unitsOf, type Groupable, type Grouping, type Unit } from './groups.js';
import { DataProblem, count } from './problem.js';

export interface Splittable extends Groupable {
  /** The part in whose folder it lies; null where there is none. */
  readonly part: Part | null;
}

export interface Split<File extends Splittable> {
  readonly files: readonly { readonly file: File; readonly part: Part }[];
  readonly warnings: readonly string[];
}

/** The share of `val` and of `test` where nothing is said. */
export const DEFAULT_FRACTION = 0.15;

interface Cut {
  readonly part: 'test' | 'val';
  /** Of every class in the pool, in (0, 1). */
  readonly fraction: number;
}

interface Plan {
  /** Pool everything, whatever folder it lies in. */
  readonly merge: boolean;
  /** In the order of cutting. */
  readonly cuts: readonly Cut[];
  readonly warnings: readonly string[];
}

/** Every file is in exactly one part, and every class in every part that is used. Throws DataProblem. */
export function splitDataset<File extends Splittable>(
  files: readonly File[],
  classes: readonly string[],
  given: readonly Part[],
  spec: SplitSpec | null,
  groupBy: string | null,
  seed: number,
): Split<File> {
  const plan = planSplit(given, spec);
  const stays = (file: File): boolean => !plan.merge && (file.part === 'val' || file.part === 'test');
  const pool = files.filter((file) => !stays(file));
  const grouping = unitsOf(files, groupBy);
  const units = pool.length === files.length ? grouping.units : unitsOf(pool, groupBy).units;
  const parts = cutUnits(units, classes, plan.cuts, spec?.seed ?? seed);
  const assigned = files.map((file) => ({ file, part: stays(file) ? (file.part!) : (parts.get(file) ?? 'train') }));
  return {
    files: assigned,
    warnings: [...plan.warnings, ...groupWarnings(groupBy, files.length, grouping), ...copyWarnings(assigned, grouping)],
  };
}

/** What is given, what is cut and from what, out of the folders found and the words of the sweep file. */
function planSplit(given: readonly Part[], spec: SplitSpec | null): Plan {
  const warnings: string[] = [];
  const merge = spec?.merge ?? false;
  const found = given.length === 0 ? 'no folder for any part' : `folders for ${given.join(', ')}`;
  if (!merge && given.length > 0 && !given.includes('train')) {
    throw new DataProblem('NoTrainPart', { found: `${found}, but none for train`, expected: 'a part to train on', suggestion: 'add one, or pool what there is with "given: merge"' });
  }
  const cuts: Cut[] = [];
  for (const part of ['test', 'val'] as const) {
    const wish = spec?.[part] ?? null;
    const isGiven = given.includes(part) && !merge;
    if (wish === 'given') {
      if (isGiven) continue;
      const remedy = merge ? 'drop "given: merge"' : `give a fraction instead, e.g. ${part}: ${DEFAULT_FRACTION}`;
      throw new DataProblem('PartNotGiven', {
        path: ['data', 'split', part],
        found: merge ? 'given, but "given: merge" pools all parts' : `given, but in the data ${found}`,
        expected: merge ? 'a fraction' : `a folder for ${part}, or a fraction`,
        suggestion: remedy,
      });
    }
    if (typeof wish === 'number') {
      if (isGiven) {
        throw new DataProblem('GivenWithoutMerge', {
          path: ['data', 'split', part],
          found: `${wish}, but the data comes with a folder for ${part}`,
          expected: 'given',
          suggestion: `keep it with "${part}: given", or add "given: merge" to pool all parts and cut anew`,
        });
      }
      cuts.push({ part, fraction: wish });
    } else if (!isGiven && wantsDefault(part, given, spec, merge)) {
      cuts.push({ part, fraction: DEFAULT_FRACTION });
      if (given.length > 0 && !merge) warnings.push(`no folder for ${part}: ${100 * DEFAULT_FRACTION} % of train are taken for it`);
    } else if (!isGiven && part === 'test') warnings.push('there is no test part: the best trial is judged on val alone');
  }
  requireFractions(cuts);
  if (!given.includes('val') && !cuts.some((cut) => cut.part === 'val')) {
    throw new DataProblem('NoValidationPart', {
      path: spec === null ? ['data'] : ['data', 'split'],
      found: `no part to choose trials on: ${found}, and no fraction for val`,
      expected: 'a part val',
      suggestion: `add e.g. val: ${DEFAULT_FRACTION}`,
    });
  }
  return { merge, cuts, warnings };
}

/** Nothing is said of this part: with no `split` at all, given parts stand as they are, but trials must be chosen on something. */
function wantsDefault(part: 'test' | 'val', given: readonly Part[], spec: SplitSpec | null, merge: boolean): boolean {
  if (spec !== null) return merge && spec.val === null && spec.test === null;
  return part === 'val' || !given.includes('val');
}

function requireFractions(cuts: readonly Cut[]): void {
  const sum = cuts.reduce((total, cut) => total + cut.fraction, 0);
  if (cuts.every((cut) => cut.fraction > 0) && sum < 1) return;
  const found = cuts.map((cut) => `${cut.part} ${cut.fraction}`).join(', ');
  throw new DataProblem('BadFractions', { path: ['data', 'split'], found, expected: 'fractions above 0 that sum to less than 1' });
}

/** Counts of images by class. */
type Tally = Map<number, number>;

interface Candidate<File extends Splittable> {
  readonly unit: Unit<File>;
  readonly order: string;
  readonly tally: Tally;
}

function cutUnits<File extends Splittable>(units: readonly Unit<File>[], classes: readonly string[], cuts: readonly Cut[], seed: number): Map<File, Part> {
  const candidates = units
    .map((unit) => ({ unit, order: createHash('sha256').update(`trawl split 1\n${seed}\n${unit.id}`).digest('hex'), tally: tallyOf(unit.files) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  const totals = tallyOf(units.flatMap((unit) => unit.files));
  let left: readonly Candidate<File>[] = candidates;
  const parts = new Map<File, Part>();
  cuts.forEach((cut, index) => {
    const taken = takePart(left, totals, cut, cuts.length - index, classes);
    for (const candidate of taken) for (const file of candidate.unit.files) parts.set(file, cut.part);
    left = left.filter((candidate) => !taken.has(candidate));
  });
  if (cuts.length > 0) requireClasses(left, classes, 'train', 'all of its units went to other parts');
  return parts;
}

/** The units of one part. `toServe` parts, train among them, still need units after it. */
function takePart<File extends Splittable>(
  left: readonly Candidate<File>[],
  totals: Tally,
  cut: Cut,
  toServe: number,
  classes: readonly string[],
): Set<Candidate<File>> {
  const taken = new Set<Candidate<File>>();
  const have: Tally = new Map();
  const unitsLeft: Tally = new Map();
  for (const { tally } of left) for (const label of tally.keys()) unitsLeft.set(label, (unitsLeft.get(label) ?? 0) + 1);
  const at = (tally: Tally, label: number): number => tally.get(label) ?? 0;
  const spares = (candidate: Candidate<File>): boolean => [...candidate.tally.keys()].every((label) => at(unitsLeft, label) > toServe);
  const gain = ({ tally }: Candidate<File>): number => {
    let nearer = 0;
    for (const [label, images] of tally) {
      const missing = cut.fraction * at(totals, label) - at(have, label);
      nearer += Math.abs(missing) - Math.abs(missing - images);
    }
    return nearer;
  };
  const take = (candidate: Candidate<File>): void => {
    taken.add(candidate);
    for (const [label, images] of candidate.tally) {
      have.set(label, at(have, label) + images);
      unitsLeft.set(label, at(unitsLeft, label) - 1);
    }
  };
  for (const candidate of left) if (spares(candidate) && gain(candidate) > 0) take(candidate);
  classes.forEach((_, label) => {
    if (at(have, label) > 0) return;
    // A share below half of the smallest unit still gets one: a part without a class measures nothing.
    const smallest = left
      .filter((candidate) => !taken.has(candidate) && candidate.tally.has(label) && spares(candidate))
      .reduce<Candidate<File> | null>((best, candidate) => (best === null || candidate.unit.files.length < best.unit.files.length ? candidate : best), null);
    if (smallest !== null) take(smallest);
  });
  requireClasses([...taken], classes, cut.part, `too few for ${toServe + 1} parts`, left);
  return taken;
}

function requireClasses<File extends Splittable>(
  candidates: readonly Candidate<File>[],
  classes: readonly string[],
  part: Part,
  why: string,
  pool: readonly Candidate<File>[] = candidates,
): void {
  classes.forEach((name, label) => {
    if (candidates.some(({ tally }) => tally.has(label))) return;
    const units = pool.filter(({ tally }) => tally.has(label));
    const images = units.reduce((sum, { tally }) => sum + (tally.get(label) ?? 0), 0);
    throw new DataProblem('TooFewGroups', {
      path: ['data'],
      found: `class ${name} with ${count(images, 'image')} in ${count(units.length, 'group')} left for the part ${part}, ${why}`,
      expected: 'every class in every part',
      suggestion: 'add images, cut fewer parts, or make groups smaller (a group and copies of an image stay on one side)',
    });
  });
}

function tallyOf(files: readonly Splittable[]): Tally {
  const tally: Tally = new Map();
  for (const { label } of files) tally.set(label, (tally.get(label) ?? 0) + 1);
  return tally;
}

/** Copies under two labels contradict each other; copies and groups across given parts leak. */
function copyWarnings<File extends Splittable>(
  assigned: readonly { readonly file: File; readonly part: Part }[],
  { units, groups }: Grouping<File>,
): string[] {
  const labels = new Map<string, Set<number>>();
  const parts = new Map<string, Set<Part>>();
  const partOf = new Map<File, Part>();
  for (const { file, part } of assigned) {
    partOf.set(file, part);
    labels.set(file.digest, (labels.get(file.digest) ?? new Set()).add(file.label));
    parts.set(file.digest, (parts.get(file.digest) ?? new Set()).add(part));
  }
  const several = (sets: Map<string, Set<unknown>>): number => [...sets.values()].filter((set) => set.size > 1).length;
  const warnings: string[] = [];
  const contradicting = several(labels);
  if (contradicting > 0) warnings.push(`${count(contradicting, 'image')} ${contradicting === 1 ? 'lies' : 'lie'} in more than one class`);
  const leaking = several(parts);
  if (leaking > 0) warnings.push(`${count(leaking, 'image')} ${leaking === 1 ? 'lies' : 'lie'} in more than one part: "dedupe: true" drops those from train, and "given: merge" with fractions would keep copies together`);
  if (groups > 0) {
    const straddling = units.filter((unit) => new Set(unit.files.map((file) => partOf.get(file))).size > 1).length;
    if (straddling > 0) warnings.push(`${count(straddling, 'group')} ${straddling === 1 ? 'straddles' : 'straddle'} the given parts: "given: merge" with fractions would keep groups together`);
  }
  return warnings;
}

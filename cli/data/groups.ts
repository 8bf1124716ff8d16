/**
 * What must stay on one side of a split: images of one group (a patient), and copies of one image. Both
 * relations chain (two patients share a copied image), so the units of a split are their connected
 * components. A unit is named by the digests in it, never by file names or their order.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path/posix';
import { DataProblem, count } from './problem.js';

export interface Groupable {
  readonly name: string;
  readonly digest: string;
  readonly label: number;
  /** Its group by a table of labels; a file without one is grouped by its name, if at all. */
  readonly group?: string | null;
}

export interface Unit<File extends Groupable> {
  /** SHA-256 of its distinct digests in order: the same whatever its files are called. */
  readonly id: string;
  readonly files: readonly File[];
}

/** Throws DataProblem for what is no regular expression. */
export function groupPattern(groupBy: string): RegExp {
  try {
    return new RegExp(groupBy);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataProblem('BadGroupBy', { path: ['data', 'groupBy'], found: groupBy, expected: `a regular expression (${why})`, suggestion: "an example: '(person\\d+)'" }, { cause: error });
  }
}

/** The group that a file's name puts it into: the first capture in its base name (the whole match without one); null for none. */
export function groupOf(name: string, pattern: RegExp): string | null {
  const match = pattern.exec(basename(name).normalize('NFC'));
  return match === null ? null : (match[1] ?? match[0]);
}

export interface Grouping<File extends Groupable> {
  readonly units: readonly Unit<File>[];
  /** Files that stand alone because their name does not match. */
  readonly unmatched: number;
  readonly groups: number;
}

export function unitsOf<File extends Groupable>(files: readonly File[], groupBy: string | null): Grouping<File> {
  const pattern = groupBy === null ? null : groupPattern(groupBy);
  const named = files.some((file) => file.group !== undefined && file.group !== null);
  const parents = files.map((_, index) => index);
  const find = (index: number): number => {
    let root = index;
    while (parents[root] !== root) root = parents[root] ?? root;
    for (let at = index; at !== root; ) {
      const above = parents[at] ?? root;
      parents[at] = root;
      at = above;
    }
    return root;
  };
  const firstOf = new Map<string, number>();
  const join = (key: string, index: number): void => {
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, index);
    else parents[find(index)] = find(first);
  };
  let unmatched = 0;
  const groups = new Set<string>();
  files.forEach((file, index) => {
    join(`digest ${file.digest}`, index);
    const group = file.group ?? (pattern === null ? null : groupOf(file.name, pattern));
    if (group === null) unmatched += 1;
    else {
      groups.add(group);
      join(`group ${group}`, index);
    }
  });
  const members = new Map<number, File[]>();
  files.forEach((file, index) => {
    const root = find(index);
    const unit = members.get(root);
    if (unit === undefined) members.set(root, [file]);
    else unit.push(file);
  });
  const units = [...members.values()].map((unit) => ({ id: unitId(unit), files: unit }));
  return { units, unmatched: pattern === null && !named ? 0 : unmatched, groups: groups.size };
}

function unitId(files: readonly Groupable[]): string {
  const digests = [...new Set(files.map((file) => file.digest))].sort();
  return createHash('sha256').update(digests.join('\n')).digest('hex');
}

/** What to tell a person about how `groupBy` took hold. */
export function groupWarnings(groupBy: string | null, files: number, grouping: Grouping<Groupable>): string[] {
  if (grouping.unmatched === 0) return [];
  if (groupBy === null) return [`${grouping.unmatched} of ${count(files, 'image')} without a group by their labels: those stand alone`];
  if (grouping.groups === 0) return [`groupBy '${groupBy}' matches none of ${count(files, 'file name')}: every image stands alone`];
  return [`groupBy '${groupBy}' does not match ${grouping.unmatched} of ${count(files, 'file name')}: those stand alone`];
}

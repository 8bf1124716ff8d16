/**
 * Files whose class stands in their names: a regular expression on the path below the data folder, whose
 * first capture is the class. Folders are looked into at any depth, each once, so that a link which
 * points back up ends nothing.
 */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Part } from '../../proto/work.js';
import { PART_NAMES, entriesOf, forbidden, topEntries, type FoundFile, type Layout } from './layout.js';
import { DataProblem, count, some } from './problem.js';

/** Throws DataProblem where the folder cannot be read, or the pattern gives fewer than two classes. */
export async function readLabelled(folder: string, label: string): Promise<Layout> {
  const pattern = labelPattern(label);
  await topEntries(folder);
  const names = await filesBelow(folder, '', new Set());
  const given = givenParts(names);
  const files: FoundFile[] = [];
  const unmatched: string[] = [];
  for (const name of names) {
    const className = pattern.exec(name.normalize('NFC'))?.[1];
    const part = given.length === 0 ? null : partOf(name);
    if (className === undefined || className === '' || (given.length > 0 && part === null)) unmatched.push(name);
    else files.push({ name, className, part });
  }
  const classes = [...new Set(files.map((file) => file.className))].sort();
  if (files.length === 0) {
    throw new DataProblem('NoImages', {
      path: ['data', 'label'],
      found: `'${label}', which matches none of ${count(names.length, 'file name')} of ${folder}${names.length === 0 ? '' : ` (${some(names, 3)})`}`,
      expected: 'a regular expression whose first capture names the class',
      suggestion: "as in '_(normal|sick)_'",
    });
  }
  if (classes.length === 1) throw new DataProblem('OneClass', { path: ['data', 'label'], found: `'${label}', which gives one class only (${classes[0]}) in ${folder}`, expected: 'two classes or more' });
  const warnings = unmatched.length === 0 ? [] : [`label '${label}' does not match ${unmatched.length} of ${count(names.length, 'file name')}, which are left out: ${some(unmatched, 3)}`];
  return { classes, given, files, warnings };
}

function labelPattern(label: string): RegExp {
  try {
    return new RegExp(label);
  } catch (error) {
    throw new DataProblem('BadLabel', { path: ['data', 'label'], found: label, expected: `a regular expression (${error instanceof Error ? error.message : String(error)})`, suggestion: "an example: 'person\\d+_(bacteria|virus)'" }, { cause: error });
  }
}

/** Paths of all files below `folder`, '/' as separator; `seen` are folders that were looked into. */
export async function filesBelow(folder: string, path: string, seen: Set<string>): Promise<string[]> {
  const here = await realpath(join(folder, path)).catch((error: unknown) => {
    throw forbidden(error, join(folder, path));
  });
  if (seen.has(here)) return [];
  seen.add(here);
  const { folders, files, broken } = await entriesOf(join(folder, path));
  const names = [...files, ...broken].map((name) => path + name);
  for (const name of folders) for (const below of await filesBelow(folder, `${path}${name}/`, seen)) names.push(below);
  return names;
}

function partOf(name: string): Part | null {
  const slash = name.indexOf('/');
  return slash < 0 ? null : (PART_NAMES[name.slice(0, slash).toLowerCase()] ?? null);
}

/** Top folders are parts only where one of them is trained on and another is not. */
function givenParts(names: readonly string[]): Part[] {
  const found = new Set(names.map(partOf));
  return found.has('train') && (found.has('val') || found.has('test')) ? (['train', 'val', 'test'] as const).filter((part) => found.has(part)) : [];
}

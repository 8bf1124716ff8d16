/** The image files that a person names: files, folders (all that is in them) and patterns. */
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { forbidden, isLitter } from '../data/layout.js';
import { DataProblem } from '../data/problem.js';
import { BadInput } from '../exit.js';
import { isPattern, patternExpression } from '../text/pattern.js';

/** In the order given, each once; a folder's in order of their names. Throws BadInput where a name leads to nothing or to what may not be looked at. */
export function imageFiles(names: readonly string[]): string[] {
  const files = new Set<string>();
  const missing: string[] = [];
  for (const name of names) {
    const found = filesOf(name);
    if (found.length === 0) missing.push(`${name}: found ${kindOf(name) === 'folder' ? 'no file in it' : 'no such file'}, expected an image, a folder of images, or a pattern in quotes`);
    for (const file of found) files.add(file);
  }
  if (missing.length > 0) throw new BadInput(missing.join('\n'));
  return [...files];
}

function filesOf(name: string): string[] {
  const kind = kindOf(name);
  if (kind === 'file') return [name];
  if (kind === 'folder') return walk(name);
  return isPattern(name) ? matches(name) : [];
}

function kindOf(path: string): 'file' | 'folder' | null {
  try {
    const found = statSync(path);
    // A pipe or a device would be waited on for ever.
    return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : null;
  } catch (error) {
    const told = forbidden(error, path);
    if (told instanceof DataProblem) throw new BadInput(`${path}: ${told.message}`);
    return null;
  }
}

/** A link into what may not be looked at is named when it is read, as one that leads nowhere is. */
function leadsToFolder(link: string): boolean {
  try {
    return statSync(link).isDirectory();
  } catch {
    return false;
  }
}

/** All files below, without hidden ones and what systems leave behind. Links to folders are not followed: they may lead round in circles. */
function walk(folder: string): string[] {
  const entries = entriesOf(folder).filter(({ name }) => !isLitter(name));
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    return entry.isFile() || (entry.isSymbolicLink() && !leadsToFolder(path)) ? [path] : [];
  });
}

/** Throws BadInput where it may not be read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const told = forbidden(error, folder);
    throw told instanceof DataProblem ? new BadInput(`${folder}: ${told.message}`) : error;
  }
}

/** For shells that leave a pattern as it is, and patterns in quotes: *, ?, [abc], {a,b} and **. */
function matches(pattern: string): string[] {
  const parts = pattern.replace(/^(?:\.\/+)+/, '').split('/');
  const fixed = parts.slice(0, Math.min(parts.length - 1, parts.findIndex(isPattern)));
  const base = fixed.length === 0 ? '.' : fixed.join('/') || '/';
  if (kindOf(base) !== 'folder') return [];
  const wanted = patternExpression(parts.slice(fixed.length).join('/'), pattern);
  const below = base === '/' ? 1 : base === '.' ? 0 : base.length + 1;
  return walk(base).filter((file) => wanted.test(file.slice(below)));
}

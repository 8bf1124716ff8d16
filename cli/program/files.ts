/** The files of a command: what goes along with its sweep, so that a worker needs nothing but the program that runs them. */
import { readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, type Problem } from '../../coordinator/sweep/mistakes.js';
import type { CommandSpec } from '../../coordinator/sweep/spec.js';
import { isLitter } from '../data/layout.js';
import { isPattern, patternExpression } from '../text/pattern.js';

export interface ProgramFiles {
  /** Below the sweep file's folder, '/' as separator, each once. */
  readonly paths: readonly string[];
  readonly problems: readonly Problem[];
}

const EXPECTED = 'files, folders and patterns below the folder of the sweep file';

/**
 * Those that `files` names, and the words of the command that are files beside the sweep file. Of folders
 * and patterns hidden files and what compilers and package managers leave behind stay out. Throws
 * BadInput for a pattern that cannot be read.
 */
export function programFiles(folder: string, { command, files }: CommandSpec): ProgramFiles {
  const paths = new Set(command.map((word) => posix.normalize(word)).filter((word) => isBelow(word) && kindOf(join(folder, word)) === 'file'));
  const problems: Problem[] = [];
  for (const [index, written] of (files ?? []).entries()) {
    const found = isBelow(written) ? filesOf(folder, posix.normalize(written).replace(/\/$/, '')) : null;
    for (const path of found ?? []) paths.add(path);
    if (found !== null && found.length > 0) continue;
    const outside = 'what lies elsewhere is named by its whole path in command, or in environment';
    problems.push({ path: ['trainable', 'files', index], at: 'value', found: found === null ? describe(written) : `${describe(written)}, which no file is`, expected: EXPECTED, suggestion: found === null ? outside : null });
  }
  return { paths: [...paths].sort(), problems };
}

function isBelow(path: string): boolean {
  return !posix.isAbsolute(path) && !posix.normalize(path).startsWith('..');
}

function kindOf(path: string): 'file' | 'folder' | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? 'file' : found?.isDirectory() === true ? 'folder' : null;
}

function filesOf(folder: string, name: string): string[] {
  const kind = kindOf(join(folder, name));
  if (kind === 'file') return [name];
  if (kind === 'folder') return walk(folder, name === '.' ? '' : `${name}/`, Infinity);
  if (!isPattern(name)) return [];
  const parts = name.split('/');
  const fixed = parts.slice(0, parts.findIndex(isPattern));
  const below = fixed.length === 0 ? '' : `${fixed.join('/')}/`;
  if (kindOf(join(folder, below)) !== 'folder') return [];
  const rest = parts.slice(fixed.length);
  const wanted = patternExpression(rest.join('/'), name);
  return walk(folder, below, rest.includes('**') ? Infinity : rest.length).filter((path) => wanted.test(path.slice(below.length)));
}

/** Files at most `depth` folders down. Links to folders are not followed: they may lead round in circles. */
function walk(folder: string, below: string, depth: number): string[] {
  if (depth < 1) return [];
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    if (isLitter(entry.name) || isLeftover(entry.name)) return [];
    const path = `${below}${entry.name}`;
    if (entry.isDirectory()) return walk(folder, `${path}/`, depth - 1);
    return entry.isFile() || (entry.isSymbolicLink() && kindOf(join(folder, path)) === 'file') ? [path] : [];
  });
}

function isLeftover(name: string): boolean {
  return name === '__pycache__' || name === 'node_modules' || name.endsWith('.pyc');
}

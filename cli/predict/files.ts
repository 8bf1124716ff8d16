/** The image files that a person names: files, folders (all that is in them) and patterns. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isLitter } from '../data/layout.js';
import { BadInput } from '../exit.js';

/** In the order given, each once; a folder's in order of their names. Throws BadInput where a name leads to nothing. */
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
  return /[*?[{]/.test(name) ? matches(name) : [];
}

function kindOf(path: string): 'file' | 'folder' | null {
  try {
    const found = statSync(path);
    // A pipe or a device would be waited on for ever.
    return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : null;
  } catch {
    return null;
  }
}

/** All files below, without hidden ones and what systems leave behind. Links to folders are not followed: they may lead round in circles. */
function walk(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !isLitter(name));
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return walk(path);
    // A link that leads nowhere is named when it is read, as any file that cannot be.
    return entry.isFile() || (entry.isSymbolicLink() && kindOf(path) !== 'folder') ? [path] : [];
  });
}

/** For shells that leave a pattern as it is, and patterns in quotes: *, ?, [abc], {a,b} and **. */
function matches(pattern: string): string[] {
  const parts = pattern.replace(/^(?:\.\/+)+/, '').split('/');
  const fixed = parts.slice(0, Math.min(parts.length - 1, parts.findIndex((part) => /[*?[{]/.test(part))));
  const base = fixed.length === 0 ? '.' : fixed.join('/') || '/';
  if (kindOf(base) !== 'folder') return [];
  const wanted = expressionOf(pattern, `^${parts.slice(fixed.length).join('/').replace(/\*\*\/|\*\*|\*|\?|\[[^\]]*\]|\{[^{}]*\}|[.+^$()|\\[\]{}]/g, inRegExp)}$`);
  const below = base === '/' ? 1 : base === '.' ? 0 : base.length + 1;
  return walk(base).filter((file) => wanted.test(file.slice(below)));
}

/** Throws BadInput. */
function expressionOf(pattern: string, source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    throw new BadInput(`${pattern}: found a pattern that cannot be read, expected one of *, ?, [abc], {a,b} and **`);
  }
}

function inRegExp(token: string): string {
  if (token === '**/') return '(?:.*/)?';
  if (token === '**') return '.*';
  if (token === '*') return '[^/]*';
  if (token === '?') return '[^/]';
  if (token.length > 1 && token.startsWith('[')) return token.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
  if (token.length > 1 && token.startsWith('{')) return `(?:${token.slice(1, -1).split(',').map((choice) => choice.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`;
  return `\\${token}`;
}

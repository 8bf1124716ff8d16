/**
 * What lies where in a data folder, by names alone: a folder per class, or train / val / test folders
 * of classes. Nothing is opened here. Folders are looked into at fixed depths only, so a link that
 * points back up leads nowhere.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Part } from '../../proto/work.js';
import { DataProblem, count, some } from './problem.js';

export interface FoundFile {
  /** Path below the data folder, '/' as separator. */
  readonly name: string;
  readonly className: string;
  /** The part whose folder it lies in; null where there is none. */
  readonly part: Part | null;
  /** What a table of labels names as its group. */
  readonly group?: string | null;
}

export interface Layout {
  /** In order of code units, so that labels do not depend on a locale. */
  readonly classes: readonly string[];
  /** Parts that have a folder. */
  readonly given: readonly Part[];
  readonly files: readonly FoundFile[];
  readonly warnings: readonly string[];
  /** Makes the image of a name, where the data are arrays and names are no files. */
  readonly read?: (name: string) => Promise<Uint8Array>;
}

export const PART_NAMES: { readonly [name: string]: Part } = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  test: 'test',
  testing: 'test',
};

/** What systems and archivers leave behind. */
const LITTER = new Set(['thumbs.db', 'desktop.ini', '__macosx', '@eadir', 'ehthumbs.db', 'icon\r']);

/** Hidden, or left behind: no one's image. */
export function isLitter(name: string): boolean {
  return name.startsWith('.') || LITTER.has(name.toLowerCase());
}

interface Entries {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Links that point nowhere, and what may not be looked at. */
  readonly broken: readonly string[];
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Throws DataProblem where the folder may not be read, and the system's error where there is none. */
export async function entriesOf(folder: string): Promise<Entries> {
  const found = { folders: [] as string[], files: [] as string[], broken: [] as string[] };
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw forbidden(error, folder);
  });
  for (const entry of entries) {
    if (isLitter(entry.name)) continue;
    if (entry.isDirectory()) found.folders.push(entry.name);
    else if (entry.isFile()) found.files.push(entry.name);
    else if (entry.isSymbolicLink()) {
      const target = await stat(join(folder, entry.name)).catch(() => null);
      (target?.isDirectory() ? found.folders : target?.isFile() ? found.files : found.broken).push(entry.name);
    }
  }
  for (const names of Object.values(found)) names.sort(byText);
  return found;
}

/** Where permission is what is missing, the DataProblem that says so; else the error as it is. */
export function forbidden(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new DataProblem('DataFolderMissing', { found: `no permission to read ${path}`, expected: 'data that may be read', suggestion: `let yourself read it (chmod -R u+rX ${path}), or take it out` }, { cause: error });
}

/** Throws DataProblem where the folder has no layout that can be swept. */
export async function readLayout(folder: string): Promise<Layout> {
  const top = await topEntries(folder);
  const partFolders = await findPartFolders(folder, top.folders);
  const warnings: string[] = [];
  if (top.files.length > 0) warnings.push(`${count(top.files.length, 'file')} beside the folders of ${folder} left out: ${some(top.files)}`);
  const collected = new Collector(folder, warnings);
  if (partFolders.size === 0) {
    for (const name of top.folders) await collected.addClass(name, name, null);
  } else {
    const others = top.folders.filter((name) => ![...partFolders.values()].includes(name));
    if (others.length > 0) warnings.push(`${count(others.length, 'folder')} beside the parts left out: ${some(others)}`);
    for (const [part, name] of partFolders) {
      for (const below of (await entriesOf(join(folder, name))).folders) await collected.addClass(`${name}/${below}`, below, part);
    }
  }
  const classes = [...collected.classes].sort(byText);
  if (collected.files.length === 0) throw await collected.nothingFound(top);
  if (classes.length === 1) {
    throw new DataProblem('OneClass', { found: `one class only (${classes[0]}) in ${folder}`, expected: 'two folders of images or more, one per class' });
  }
  requireClasses(folder, classes, partFolders, collected);
  return { classes, given: [...partFolders.keys()], files: collected.files, warnings };
}

export async function topEntries(folder: string): Promise<Entries> {
  try {
    return await entriesOf(folder);
  } catch (error) {
    if (error instanceof DataProblem) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : '';
    const found =
      code === 'ENOENT' ? `no such folder: ${folder}` : code === 'ENOTDIR' ? `a file, not a folder: ${folder}` : `a folder that cannot be read (${String(code)}): ${folder}`;
    throw new DataProblem('DataFolderMissing', { found, expected: 'a folder with one folder of images per class' }, { cause: error });
  }
}

/** Folders named like parts count as parts only if they hold folders themselves: a class may be called "test". */
async function findPartFolders(folder: string, names: readonly string[]): Promise<Map<Part, string>> {
  const found = new Map<Part, string>();
  for (const part of ['train', 'val', 'test'] as const) {
    const matching = names.filter((name) => PART_NAMES[name.toLowerCase()] === part);
    const holding: string[] = [];
    for (const name of matching) {
      if ((await entriesOf(join(folder, name))).folders.length > 0) holding.push(name);
    }
    if (holding.length > 1) {
      throw new DataProblem('PartTwice', { found: `several folders for the part ${part} in ${folder}: ${holding.join(', ')}`, expected: 'one', suggestion: 'keep one of them' });
    }
    if (holding[0] !== undefined) found.set(part, holding[0]);
  }
  return found;
}

function requireClasses(folder: string, classes: readonly string[], parts: ReadonlyMap<Part, string>, collected: Collector): void {
  for (const [part, name] of parts) {
    const here = collected.classesOf(part);
    for (const wanted of classes) {
      if (here.has(wanted)) continue;
      const alike = [...here].find((other) => other.toLowerCase() === wanted.toLowerCase());
      const hint = alike === undefined ? 'add images of it there, or pool all parts with "given: merge"' : `rename ${name}/${alike} to ${name}/${wanted}`;
      throw new DataProblem('ClassMissingInPart', { found: `no folder of class ${wanted} in ${join(folder, name)} (part ${part})`, expected: 'every class in every part', suggestion: hint });
    }
  }
}

/** Files class by class, and enough about what was skipped to explain an empty result. */
class Collector {
  readonly files: FoundFile[] = [];
  readonly classes = new Set<string>();
  readonly #folder: string;
  readonly #warnings: string[];
  readonly #byPart = new Map<Part | null, Map<string, string>>();
  readonly #nested: string[] = [];

  constructor(folder: string, warnings: string[]) {
    this.#folder = folder;
    this.#warnings = warnings;
  }

  classesOf(part: Part | null): ReadonlySet<string> {
    return new Set(this.#byPart.get(part)?.keys());
  }

  /** `path` below the data folder with '/'; `name` is the folder's own, which names the class in NFC (macOS writes NFD). */
  async addClass(path: string, name: string, part: Part | null): Promise<void> {
    const className = name.normalize('NFC');
    const known = this.#byPart.get(part) ?? new Map<string, string>();
    this.#byPart.set(part, known);
    const twin = known.get(className);
    if (twin !== undefined) throw new DataProblem('ClassTwice', { found: `the class ${className} twice: ${join(this.#folder, path)} and ${twin}`, expected: 'one folder per class', suggestion: 'keep one of them' });
    known.set(className, path);
    this.classes.add(className);
    const inside = await entriesOf(join(this.#folder, path));
    for (const file of [...inside.files, ...inside.broken]) this.files.push({ name: `${path}/${file}`, className, part });
    if (inside.folders.length === 0) return;
    this.#nested.push(...inside.folders.map((below) => `${path}/${below}`));
    if (inside.files.length > 0) {
      this.#warnings.push(`${count(inside.folders.length, 'folder')} inside class ${className} left out: ${some(inside.folders)}`);
    }
  }

  /** Why no file was found at the level of classes. */
  async nothingFound(top: Entries): Promise<DataProblem> {
    const folder = this.#folder;
    const expected = 'one folder of images per class, or train / val / test folders of such folders';
    const deeper = this.#nested[0];
    if (deeper !== undefined) {
      const inside = await entriesOf(join(folder, deeper)).catch((): Entries => ({ folders: [], files: [], broken: [] }));
      const holds = inside.files.length > 0 ? count(inside.files.length, 'file') : count(inside.folders.length, 'folder');
      return new DataProblem('NestedFolders', {
        found: `no images in ${folder} where a class's images are looked for, but folders that lie deeper: ${some(this.#nested, 3)} (the first holds ${holds})`,
        expected,
        suggestion: `perhaps path: ${join(folder, deeper, '..')}`,
      });
    }
    if (top.folders.length > 0) return new DataProblem('NoImages', { found: `no images in ${folder}: its folders (${some(top.folders)}) are empty`, expected });
    const what = top.files.length > 0 ? `${count(top.files.length, 'file')} and no folders` : 'nothing in it';
    return new DataProblem('NoImages', { found: `no classes in ${folder}: it has ${what}`, expected });
  }
}

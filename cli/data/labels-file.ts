/**
 * Labels from a table (CSV): a row per image with its path below the data folder, its class and, where
 * columns are named for them, its group and its part. All mistakes are told at once, each by its line.
 */
import { readFile, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { suggestValue } from '../../coordinator/sweep/suggest.js';
import { describe } from '../../coordinator/sweep/mistakes.js';
import { oneOf } from '../../coordinator/sweep/schema-parts.js';
import type { Part } from '../../proto/work.js';
import { near } from '../program-name.js';
import { filesBelow } from './labelled.js';
import { PART_NAMES, topEntries, type FoundFile, type Layout } from './layout.js';
import { DataProblem, some } from './problem.js';
import { count } from '../text/format.js';

/** `data.labels` of a sweep file, its file resolved. */
export interface LabelsTable {
  /** Absolute path. */
  readonly file: string;
  /** Names of columns. */
  readonly path: string;
  readonly label: string;
  readonly group: string | null;
  readonly part: string | null;
}

/** Text of this size is held in memory while it is read. */
const MAX_TABLE_BYTES = 256 * 2 ** 20;
/** What a person reads of a list of mistakes. */
const MOST_LINES = 20;
/** Files that are looked for at the same time. */
const LOOKUPS = 64;
const DELIMITERS = [',', ';', '\t'] as const;

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Throws DataProblem. */
export async function readLabelsTable(folder: string, labels: LabelsTable): Promise<Layout> {
  await topEntries(folder);
  const table = new Table(labels, parseTable(await readTable(folder, labels), near(labels.file)));
  const found = await table.findFiles(folder);
  table.throwMistakes();
  const listed = new Set(found.map((file) => file.name));
  const rest = (await filesBelow(folder, '', new Set())).filter((name) => !listed.has(name) && join(folder, name) !== labels.file);
  const warnings = [...table.warnings];
  if (rest.length > 0) warnings.push(`${count(rest.length, 'file')} of ${folder} that ${near(labels.file)} does not list ${rest.length === 1 ? 'is' : 'are'} left out: ${some(rest, 3)}`);
  const classes = [...new Set(found.map((file) => file.className))].sort();
  if (found.length === 0) throw new DataProblem('NoImages', { path: FILE, found: `${near(labels.file)}, which has a header and no rows`, expected: 'a row for each image' });
  const refusals = classes.length === 1 ? [new DataProblem('OneClass', { path: ['data', 'labels', 'label'], found: `${labels.label}, which gives one class only (${classes[0]}) in ${near(labels.file)}`, expected: 'two classes or more' })] : [];
  const given = (['train', 'val', 'test'] as const).filter((part) => found.some((file) => file.part === part));
  return { classes, given, files: found, warnings, refusals };
}

const FILE = ['data', 'labels', 'file'] as const;

async function readTable(folder: string, { file }: LabelsTable): Promise<string> {
  const shown = near(file);
  let bytes: Uint8Array;
  try {
    const { size } = await stat(file);
    if (size > MAX_TABLE_BYTES) throw new DataProblem('BadLabelsFile', { path: FILE, found: `${shown}, which is larger than ${MAX_TABLE_BYTES / 2 ** 20} MiB`, expected: 'a table of labels' });
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof DataProblem) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const inside = join(folder, posix.basename(file));
    const isInside = code === 'ENOENT' && (await stat(inside).then((there) => there.isFile(), () => false));
    const what = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : `a file that cannot be read (${code})`;
    throw new DataProblem('BadLabelsFile', { path: FILE, found: `${what}: ${shown}`, expected: 'a CSV file; its path is relative to the sweep file', suggestion: isInside ? `write file: ${near(inside)}` : null }, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DataProblem('BadLabelsFile', { path: FILE, found: `${shown}, which is not UTF-8 text`, expected: 'a CSV file in UTF-8', suggestion: 'in a spreadsheet program, save it as "CSV UTF-8"' }, { cause: error });
  }
}

function parseTable(text: string, shown: string): Row[] {
  try {
    const records = parse(text, { bom: true, delimiter: delimiterOf(text), info: true, relax_column_count: true, skip_empty_lines: true, trim: true });
    return (records as unknown as { readonly record: string[]; readonly info: { readonly lines: number } }[]).map(({ record, info }) => ({ line: info.lines, cells: record }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : 1;
    throw new DataProblem('BadLabelsFile', { path: FILE, found: `broken quotes in ${shown}`, expected: 'CSV', lines: [`${shown}:${line}: found quotes that do not fit together (${error.message}), expected CSV; a quote inside quotes is written twice`] }, { cause: error });
  }
}

/** Of comma, semicolon and tab the one that the header has most of, outside quotes. */
function delimiterOf(text: string): string {
  const header = (/^\uFEFF?[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"(?:[^"]|"")*"/g, '');
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** The rows by their columns, and what is wrong with them. */
class Table {
  readonly warnings: string[] = [];
  readonly #labels: LabelsTable;
  readonly #shown: string;
  readonly #rows: readonly Row[];
  readonly #columns: { readonly path: number; readonly label: number; readonly group: number | null; readonly part: number | null };
  readonly #mistakes: { readonly line: number; readonly text: string }[] = [];

  constructor(labels: LabelsTable, rows: readonly Row[]) {
    const [header, ...body] = rows;
    this.#labels = labels;
    this.#shown = near(labels.file);
    if (header === undefined) throw new DataProblem('BadLabelsFile', { path: FILE, found: `${this.#shown}, which is empty`, expected: 'a header and a row for each image' });
    this.#rows = body;
    const column = (key: 'path' | 'label' | 'group' | 'part'): number => {
      const name = labels[key] ?? '';
      const index = header.cells.indexOf(name);
      if (index >= 0) return index;
      throw new DataProblem('UnknownColumn', { path: ['data', 'labels', key], found: `${describe(name)}, which is no column of ${this.#shown}`, expected: oneOf(header.cells), suggestion: suggestValue(name, header.cells) });
    };
    this.#columns = { path: column('path'), label: column('label'), group: labels.group === null ? null : column('group'), part: labels.part === null ? null : column('part') };
    for (const row of body) {
      if (row.cells.length !== header.cells.length) this.#say(row.line, 'row', count(row.cells.length, 'cell'), `${header.cells.length}, as in the header`, 'put a cell that holds the delimiter into quotes');
    }
  }

  /** What each row says of an image that is there; a row with a mistake gives none. */
  async findFiles(folder: string): Promise<FoundFile[]> {
    const seen = new Map<string, { readonly line: number; readonly file: FoundFile }>();
    let repeated = 0;
    for (let from = 0; from < this.#rows.length; from += LOOKUPS) {
      const rows = this.#rows.slice(from, from + LOOKUPS);
      const names = await Promise.all(rows.map((row) => this.#nameIn(folder, row)));
      for (const [index, row] of rows.entries()) {
        const file = this.#fileOf(row, names[index] ?? null);
        if (file === null) continue;
        const before = seen.get(file.name);
        if (before === undefined) seen.set(file.name, { line: row.line, file });
        else if (this.#agrees(row, before, file)) repeated += 1;
      }
    }
    if (repeated > 0) this.warnings.push(`${count(repeated, 'row')} of ${this.#shown} ${repeated === 1 ? 'says' : 'say'} again what an earlier one says`);
    const files = [...seen.values()];
    this.#requireSeveral(files);
    return files.map(({ file }) => file);
  }

  /** Throws DataProblem where there are mistakes: a line each, in order, so many that they can be read. */
  throwMistakes(): void {
    const total = this.#mistakes.length;
    if (total === 0) return;
    const lines = this.#mistakes.sort((a, b) => a.line - b.line).slice(0, MOST_LINES).map(({ text }) => text);
    if (total > MOST_LINES) lines.push(`${this.#shown}: and ${count(total - MOST_LINES, 'more mistake')}`);
    throw new DataProblem('BadLabels', { path: FILE, found: `${count(total, 'mistake')} in ${this.#shown}`, expected: 'none', lines });
  }

  #say(line: number, column: string, found: string, expected: string, suggestion: string | null = null): void {
    this.#mistakes.push({ line, text: `${this.#shown}:${line}: ${column}: found ${found}, expected ${expected}${suggestion === null ? '' : `; ${suggestion}`}` });
  }

  /** The path below the folder as it is written on the disk; null with a mistake where there is no such file. */
  async #nameIn(folder: string, row: Row): Promise<string | null> {
    const written = row.cells[this.#columns.path] ?? '';
    const column = this.#labels.path;
    if (written === '') {
      this.#say(row.line, column, 'nothing', 'the path of an image');
      return null;
    }
    // macOS writes names in NFD, Windows separates with a backslash; both may come from another machine than the images.
    const spellings = [written, written.replaceAll('\\', '/')].flatMap((name) => [name, name.normalize('NFC'), name.normalize('NFD')]);
    for (const name of new Set(spellings.map((spelling) => posix.normalize(spelling)))) {
      if (name.startsWith('../') || name.startsWith('/')) {
        this.#say(row.line, column, describe(written), `a path below ${near(folder)}`, 'data.path is the folder that all paths start from');
        return null;
      }
      const there = await stat(join(folder, name)).catch(() => null);
      if (there?.isFile() === true) return name;
    }
    this.#say(row.line, column, `${describe(written)}, which is not there`, `a file below ${near(folder)}`);
    return null;
  }

  #fileOf(row: Row, name: string | null): FoundFile | null {
    const cell = (index: number | null): string => (index === null ? '' : (row.cells[index] ?? '').normalize('NFC'));
    const className = cell(this.#columns.label);
    const group = cell(this.#columns.group);
    if (className === '') this.#say(row.line, this.#labels.label, 'nothing', 'a class', 'take the row out, or label its image');
    const part = this.#partOf(row, cell(this.#columns.part));
    if (name === null || className === '' || part === undefined) return null;
    return { name, className, part, group: group === '' ? null : group };
  }

  /** Undefined with a mistake; null where no column gives parts. */
  #partOf(row: Row, written: string): Part | null | undefined {
    if (this.#columns.part === null) return null;
    const part = PART_NAMES[written.toLowerCase()];
    if (part === undefined) this.#say(row.line, this.#labels.part ?? '', written === '' ? 'nothing' : describe(written), 'train, val or test', suggestValue(written, Object.keys(PART_NAMES)));
    return part;
  }

  #agrees(row: Row, before: { readonly line: number; readonly file: FoundFile }, file: FoundFile): boolean {
    const differing = ([['label', 'className'], ['part', 'part'], ['group', 'group']] as const).find(([, field]) => before.file[field] !== file[field]);
    if (differing === undefined) return true;
    const [key, field] = differing;
    this.#say(row.line, this.#labels[key] ?? key, `${describe(file[field])} for ${file.name}`, `${describe(before.file[field])}, as in line ${before.line}`, 'one of the two rows is wrong: take it out');
    return false;
  }

  /** One image cannot be in the part to train on and in those to judge by; mostly its label is misspelt. */
  #requireSeveral(files: readonly { readonly line: number; readonly file: FoundFile }[]): void {
    const classes = new Map<string, { line: number; images: number }>();
    for (const { line, file } of files) {
      const known = classes.get(file.className);
      if (known === undefined) classes.set(file.className, { line, images: 1 });
      else known.images += 1;
    }
    const others = [...classes].filter(([, { images }]) => images > 1).map(([name]) => name);
    for (const [name, { line, images }] of classes) {
      if (images === 1 && others.length > 0) this.#say(line, this.#labels.label, `${describe(name)} for one image only`, 'several images of each class', suggestValue(name, others) ?? 'add some, or take the row out');
    }
  }
}

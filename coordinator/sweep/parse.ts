/** A sweep file's text to its spec, or to all of its mistakes at once. Opens nothing: paths stay as written. */
import { basename, extname } from 'node:path';
import { isModulePath, type ModelModule } from '../../proto/model-module.js';
import { namedAxes } from './axes.js';
import { checkClasses } from './check-data.js';
import { checkDraft, modelOf } from './check.js';
import type { ProgramSource } from '../../proto/program.js';
import { checkProgram } from './check-program.js';
import { withoutWeights } from './check-transfer.js';
import type { WeightsSource } from '../../proto/pretrained.js';
import { checkSynthetic } from './check-synthetic.js';
import { composeClassTalk, composeImage, composePlace, composeProgram, composeSynthetic, type ClassesPlace } from './compose.js';
import { isRawMap, readDraft, type Draft } from './draft.js';
import { problemsOf } from './issues.js';
import { isInList, listedTrials, movedToList, rowsIn } from './list.js';
import { listPathOf, openList, type ListFile, type ListSource } from './list-file.js';
import { describe, fieldName, type Mistake, type Path, type Problem } from './mistakes.js';
import { readSource, type Source } from './source.js';
import type { Assignment, Axis, SweepSpec } from './spec.js';
import { warningsOf, type Warning } from './warnings.js';

export { formatMistake, type Mistake } from './mistakes.js';

export interface ParsedSweep {
  readonly spec: SweepSpec;
  /** Whole lines, `FILE:line:column: field: …`: right, but perhaps not meant. */
  readonly warnings: readonly string[];
  /** Gives what is found wrong later, once the data are known, its place in the file; a path ends where the file is written shorter. */
  place(problems: readonly Problem[]): Mistake[];
  /** Lines as those of `warnings`, of what turns out later. */
  warn(found: readonly Warning[]): string[];
}

export interface MistakenSweep {
  readonly mistakes: readonly Mistake[];
  /** The data folder as written, if that much can be read: whether it is there can still be told. */
  readonly dataPath: string | null;
  /** What can still be told once the classes are known; null where the file does not say whose they are. */
  readonly classes: ClassesAsked | null;
  /** `mistakes` and these, in order; of a place with a mistake already the rest follows from that. */
  with(problems: readonly Problem[]): Mistake[];
}

export interface ClassesAsked {
  /** Where images and labels are, as written. */
  readonly place: ClassesPlace;
  /** What of the right sections does not go with these classes. */
  check(classes: readonly string[]): Problem[];
}

export type ParseResult = ParsedSweep | MistakenSweep;

/** The module that a sweep file names as its model, as written; null for a model of the zoo, or where that cannot be read. */
export function modulePathOf(text: string): string | null {
  const { readable, value } = readSource(text);
  return readable && isRawMap(value) && !Object.hasOwn(value, 'trainable') && isModulePath(value.model) ? value.model : null;
}

/** The file that a sweep file lists its trials in, as written; null where it names none, or where that cannot be read. */
export function listPathIn(text: string): string | null {
  const { readable, value } = readSource(text);
  return readable ? listPathOf(value) : null;
}

/**
 * `file` gives the sweep its name where the text gives none; `module` is what was found out about the
 * one that `modulePathOf` told, `list` the file that `listPathIn` told, `program` the
 * files of its command or module, `weights` its file of pretrained weights. Mistakes are in order of their lines.
 */
export function parseSweepFile(text: string, file: string, module: ModelModule | null = null, list: ListFile | null = null, program: ProgramSource | null = null, weights: WeightsSource | null = null): ParseResult {
  const source = readSource(text);
  const raw = source.value;
  const opened = openList(raw, list);
  const located = (problem: Problem): Mistake => placedInList(problem, opened.source) ?? placed(source, problem);
  const place = (problems: readonly Problem[]): Mistake[] => problems.map((problem) => located({ ...problem, path: opened.source === null || !isInList(problem.path) ? writtenPath(raw, problem.path) : problem.path }));
  const mistaken = (mistakes: readonly Mistake[], classes: ClassesAsked | null = null): MistakenSweep => ({
    mistakes: inOrder(mistakes),
    dataPath: source.readable ? dataPathOf(raw) : null,
    classes,
    with: (problems) => inOrder([...mistakes, ...place(problems).filter((late) => !mistakes.some((known) => isSamePlace(known, late)))]),
  });
  if (!source.readable) return mistaken(source.mistakes);
  if (!isRawMap(raw)) {
    const suggestion = 'the shortest sweep file is: data: ./my-images';
    return mistaken([...source.mistakes, placed(source, { path: [], at: 'value', found: describe(raw), expected: 'a map with at least data', suggestion })]);
  }
  const { draft, issues } = readDraft(raw, module);
  const named = namedAxes(draft);
  const rows = opened.source?.rows ?? rowsIn(raw);
  const listed = rows === null ? null : listedTrials(draft, named.axes, rows);
  const axes = listed?.axes ?? named.axes;
  const inList = (found: readonly Problem[]): Problem[] => movedToList(found, draft, rows ?? []);
  // Names that only a list gives are unknown where that could not be read.
  const later = opened.problems.length > 0 ? [] : [...checkDraft(draft, axes), ...checkTrainable(draft, axes)];
  const all = [...problemsOf(issues, raw), ...named.problems, ...opened.problems, ...(listed?.problems ?? []), ...inList(later)];
  if (module === null && isModulePath(raw.model)) all.push({ path: ['model'], at: 'value', found: describe(raw.model), expected: 'what the module builds beside the file', suggestion: 'submit it with `trawl run`' });
  const mistakes = [...source.mistakes, ...all.map(located)];
  if (mistakes.length > 0) return mistaken(mistakes, classesAsked(draft, axes, inList));

  const spec = compose(draft, axes, { program, weights }, listed?.trials ?? null, nameOf(file));
  const warn = (found: readonly Warning[]): string[] => found.map(({ path, text: warning }) => warningLine(source, file, path, warning));
  return {
    spec,
    warnings: warn(warningsOf(spec)),
    place: (found) => inOrder(place(inList(found))),
    warn,
  };
}

function checkTrainable(draft: Draft, axes: readonly Axis[]): readonly Problem[] {
  if (draft.kind === 'image') return withoutWeights(draft);
  if (draft.kind === 'synthetic') return checkSynthetic(draft, axes);
  return checkProgram(draft);
}

function compose(draft: Draft, axes: readonly Axis[], { program, weights }: { readonly program: ProgramSource | null; readonly weights: WeightsSource | null }, list: readonly Assignment[] | null, name: string): SweepSpec {
  if (draft.kind === 'synthetic') return composeSynthetic(draft, axes, name, list);
  if (draft.kind === 'program') return composeProgram(draft, axes, program, name, list);
  const model = modelOf(draft);
  if (model === null) throw new Error('a draft without mistakes has a known model');
  return composeImage(draft, axes, model, weights, name, list);
}

function classesAsked(draft: Draft, axes: readonly Axis[], inList: (found: readonly Problem[]) => Problem[]): ClassesAsked | null {
  const place = draft.kind === 'image' ? composePlace(draft) : null;
  return draft.kind !== 'image' || place === null ? null : { place, check: (classes) => inList(checkClasses(composeClassTalk(draft, axes), classes)) };
}

function dataPathOf(raw: unknown): string | null {
  if (!isRawMap(raw)) return null;
  const path = isRawMap(raw.data) ? raw.data.path : raw.data;
  return typeof path === 'string' && path !== '' ? path : null;
}

/** `data.path` as far as the file has it: where a folder alone stands under `data`, that is `data`. */
function writtenPath(raw: unknown, path: Path): Path {
  let value = raw;
  for (const [depth, part] of path.entries()) {
    if (typeof value !== 'object' || value === null) return path.slice(0, depth);
    value = (value as { readonly [part: string]: unknown })[part];
  }
  return path;
}

/** The base name without its extension. */
function nameOf(file: string): string {
  return basename(file, extname(file)).trim();
}

function placed(source: Source, { path, at, found, expected, suggestion }: Problem): Mistake {
  return { ...source.locate(path, at), field: fieldName(path), found, expected, suggestion };
}

/** The place in the file of trials; null for what is wrong elsewhere. */
function placedInList({ path, at, found, expected, suggestion }: Problem, list: ListSource | null): Mistake | null {
  if (list === null || !isInList(path)) return null;
  const below = path.slice(2);
  return { file: list.name, ...list.locate(below, at), field: fieldName(below), found, expected, suggestion };
}

function warningLine(source: Source, file: string, path: Path, text: string): string {
  const { line, column } = source.locate(path, 'value');
  return `${file}:${line}:${column}: ${fieldName(path)}: ${text}`;
}

function isSamePlace(one: Mistake, other: Mistake): boolean {
  return one.file === other.file && one.line === other.line && one.column === other.column && one.field === other.field;
}

function inOrder(mistakes: readonly Mistake[]): Mistake[] {
  return mistakes.toSorted((a, b) => (a.file ?? '').localeCompare(b.file ?? '') || a.line - b.line || a.column - b.column);
}

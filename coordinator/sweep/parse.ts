/** A sweep file's text to its spec, or to all of its mistakes at once. Opens nothing: paths stay as written. */
import { basename, extname } from 'node:path';
import { namedAxes } from './axes.js';
import { checkDraft, modelOf } from './check.js';
import { checkSynthetic } from './check-synthetic.js';
import { composeImage, composeSynthetic } from './compose.js';
import { isRawMap, readDraft } from './draft.js';
import { problemsOf } from './issues.js';
import { describe, fieldName, type Mistake, type Path, type Problem } from './mistakes.js';
import { readSource, type Source } from './source.js';
import type { SweepSpec } from './spec.js';
import { warningsOf } from './warnings.js';

export { formatMistake, type Mistake } from './mistakes.js';

export interface ParsedSweep {
  readonly spec: SweepSpec;
  /** Whole lines, `FILE:line:column: field: …`: right, but perhaps not meant. */
  readonly warnings: readonly string[];
  /** Gives what is found wrong later, once the data are known, its place in the file. */
  place(problems: readonly Problem[]): Mistake[];
}

export type ParseResult = ParsedSweep | { readonly mistakes: readonly Mistake[] };

/** `file` gives the sweep its name where the text gives none. Mistakes are in order of their lines. */
export function parseSweepFile(text: string, file: string): ParseResult {
  const source = readSource(text);
  if (!source.readable) return { mistakes: inOrder(source.mistakes) };
  const raw = source.value;
  if (!isRawMap(raw)) {
    const suggestion = 'the shortest sweep file is: data: ./my-images';
    return { mistakes: [...source.mistakes, placed(source, { path: [], at: 'value', found: describe(raw), expected: 'a map with at least data', suggestion })] };
  }
  const { draft, issues } = readDraft(raw);
  const { axes, problems } = namedAxes(draft);
  const later = draft.kind === 'synthetic' ? checkSynthetic(draft, axes) : [];
  const all = [...problemsOf(issues, raw), ...problems, ...checkDraft(draft, axes), ...later];
  const mistakes = [...source.mistakes, ...all.map((problem) => placed(source, problem))];
  if (mistakes.length > 0) return { mistakes: inOrder(mistakes) };

  const name = nameOf(file);
  const model = draft.kind === 'image' ? modelOf(draft) : null;
  const spec = draft.kind === 'image' && model !== null ? composeImage(draft, axes, model, name) : draft.kind === 'synthetic' ? composeSynthetic(draft, axes, name) : null;
  if (spec === null) throw new Error('a draft without mistakes has a known model');
  return {
    spec,
    warnings: warningsOf(spec).map(({ path, text: warning }) => warningLine(source, file, path, warning)),
    place: (found) => inOrder(found.map((problem) => placed(source, problem))),
  };
}

/** The base name without its extension. */
function nameOf(file: string): string {
  return basename(file, extname(file)).trim();
}

function placed(source: Source, { path, at, found, expected, suggestion }: Problem): Mistake {
  return { ...source.locate(path, at), field: fieldName(path), found, expected, suggestion };
}

function warningLine(source: Source, file: string, path: Path, text: string): string {
  const { line, column } = source.locate(path, 'value');
  return `${file}:${line}:${column}: ${fieldName(path)}: ${text}`;
}

function inOrder(mistakes: readonly Mistake[]): Mistake[] {
  return mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

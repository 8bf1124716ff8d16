/** A file of trials that a sweep file names: JSON, YAML or a table (CSV), and where in it each value stands. */
import { CsvError, parse } from 'csv-parse/sync';
import { isRawMap } from './draft.js';
import { describe, type Path, type Problem } from './mistakes.js';
import { readSource, type Position } from './source.js';

/** A file of trials as the submitting side read it. */
export interface ListFile {
  /** As written in the sweep file. */
  readonly path: string;
  /** As messages call it. */
  readonly shown: string;
  /** Null where it could not be read; `why` then says so. */
  readonly text: string | null;
  readonly why?: string | undefined;
}

/** The rows of a file of trials, and where in it they stand. */
export interface ListSource {
  /** As messages call it. */
  readonly name: string;
  readonly rows: readonly unknown[];
  /** `path` is below the list: [3, 'lr']. */
  locate(path: Path, at: 'key' | 'value'): Position;
}

const AT = ['sampler', 'list'] as const;

/** The file that a sweep file names its trials in, as written; null where it names none. */
export function listPathOf(raw: unknown): string | null {
  const list = isRawMap(raw) && isRawMap(raw.sampler) ? raw.sampler.list : undefined;
  return typeof list === 'string' && list !== '' ? list : null;
}

/** Null where the sweep file names no file of trials, or one that cannot be read. */
export function openList(raw: unknown, file: ListFile | null): { readonly source: ListSource | null; readonly problems: readonly Problem[] } {
  const path = listPathOf(raw);
  if (path === null) return { source: null, problems: [] };
  const problem = (found: string, expected: string, suggestion: string | null = null): ReturnType<typeof openList> => ({ source: null, problems: [{ path: AT, at: 'value', found, expected, suggestion }] });
  if (file === null || file.path !== path) return problem(describe(path), 'what stands in it beside the file', 'submit it with `trawl run`');
  if (file.text === null) return problem(`${file.why ?? 'no such file'}: ${path}`, 'a CSV or JSON file of trials; its path is relative to the sweep file');
  if (!/\.(json|ya?ml)$/i.test(path)) return csvSource(file.shown, file.text, problem);
  const source = readSource(file.text);
  const [broken] = source.mistakes;
  if (broken !== undefined) return problem(`${broken.found} in line ${broken.line} of ${path}`, 'a list of trials as JSON', broken.suggestion);
  if (!Array.isArray(source.value)) return problem(`${describe(source.value)} in ${path}`, 'a list of trials, as in [{"lr": 0.01, "batch": 16}]');
  return { source: { name: file.shown, rows: source.value as readonly unknown[], locate: (below, at) => source.locate(below, at) }, problems: [] };
}

function csvSource(name: string, text: string, problem: (found: string, expected: string, suggestion?: string | null) => ReturnType<typeof openList>): ReturnType<typeof openList> {
  const header = (/^\uFEFF?[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"(?:[^"]|"")*"/g, '');
  const delimiter = [',', ';', '\t'].reduce((best, each) => (header.split(each).length > header.split(best).length ? each : best));
  let records: readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
  try {
    records = parse(text, { bom: true, delimiter, info: true, relax_column_count: true, skip_empty_lines: true, trim: true }) as unknown as typeof records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return problem(`quotes that do not fit together in line ${typeof error.lines === 'number' ? error.lines : 1} of ${name}`, 'CSV; a quote inside quotes is written twice');
  }
  const [head, ...body] = records;
  const names = head?.record ?? [];
  const twice = names.find((column, index) => column === '' || names.indexOf(column) !== index);
  if (twice !== undefined) return problem(`${twice === '' ? 'a column without a name' : `the column ${twice} twice`} in ${name}`, 'a first row that names each column once');
  const wide = body.find(({ record }) => record.length > names.length);
  if (wide !== undefined) return problem(`${wide.record.length} cells in line ${wide.info.lines} of ${name}`, `${names.length}, as the first row names`);
  const rows = body.map(({ record }) => Object.fromEntries(names.flatMap((column, index) => ((record[index] ?? '') === '' ? [] : [[column, cellValue(record[index] ?? '')] as const]))));
  const locate: ListSource['locate'] = ([row], at) => ({ line: (at === 'key' && body.length > 0 ? head : body[Number(row)])?.info.lines ?? 1, column: 1 });
  return { source: { name, rows, locate }, problems: [] };
}

/** A cell as the sweep file would have it: numbers, true, false and null, maps and lists in YAML's or JSON's words; else a text. */
function cellValue(cell: string): unknown {
  const { value, mistakes, readable } = readSource(cell);
  return readable && mistakes.length === 0 ? value : cell;
}


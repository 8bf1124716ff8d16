import { fieldName, type Path, type Problem } from '../../coordinator/sweep/mistakes.js';

/** Every code that a DataProblem can carry; docs/errors.md has an entry for each. */
export const DATA_PROBLEM_CODES = [
  'DataFolderMissing',
  'NoImages',
  'NestedFolders',
  'OneClass',
  'EmptyClass',
  'ClassMissingInPart',
  'PartTwice',
  'ClassTwice',
  'NoTrainPart',
  'NoValidationPart',
  'TooManyRejected',
  'PartNotGiven',
  'GivenWithoutMerge',
  'BadFractions',
  'BadGroupBy',
  'BadLabel',
  'BadLabelsFile',
  'BadLabels',
  'UnknownColumn',
  'BadArrays',
  'BadMasks',
  'TooFewGroups',
  'DataChanged',
] as const;

export type DataProblemCode = (typeof DATA_PROBLEM_CODES)[number];

/** What does not fit, as mistakes of a sweep file are told. */
export interface DataFinding {
  /** The key of the sweep file that it is about; `data.path` unless given. */
  readonly path?: Path;
  readonly found: string;
  readonly expected: string;
  readonly suggestion?: string | null;
  /** Whole lines about another file than the sweep file, which stand in the place of one about it. */
  readonly lines?: readonly string[];
}

const DATA_PATH: Path = ['data', 'path'];

/** A folder of images that cannot be swept as it is asked. The message names the key unless it is the folder's own, which may come without a sweep file. */
export class DataProblem extends Error {
  readonly code: DataProblemCode;
  /** Its place in a sweep file, for `ParsedSweep.place`. */
  readonly problem: Problem;
  /** Whole lines that say it all; null where `problem` does. */
  readonly lines: readonly string[] | null;
  constructor(code: DataProblemCode, { path = DATA_PATH, found, expected, suggestion = null, lines }: DataFinding, options?: ErrorOptions) {
    const key = path === DATA_PATH ? '' : `${fieldName(path)}: `;
    super(lines?.join('\n') ?? `${key}found ${found}, expected ${expected}${suggestion === null ? '' : `; ${suggestion}`}`, options);
    this.name = 'DataProblem';
    this.code = code;
    this.lines = lines ?? null;
    this.problem = { path, at: 'value', found, expected, suggestion };
  }
}

/** The first few of a list, and how many more there are. */
export function some(items: readonly string[], shown = 5): string {
  const rest = items.length - shown;
  return items.slice(0, shown).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

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
  'TooFewGroups',
  'UnknownPositive',
  'DataChanged',
] as const;

export type DataProblemCode = (typeof DATA_PROBLEM_CODES)[number];

/** A folder of images that cannot be swept as it is asked; the message says what was found and what to do. */
export class DataProblem extends Error {
  readonly code: DataProblemCode;
  constructor(code: DataProblemCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DataProblem';
    this.code = code;
  }
}

/** `1 image`, `2 images`. */
export function count(number: number, what: string, many = `${what}s`): string {
  return `${number} ${number === 1 ? what : many}`;
}

/** The first few of a list, and how many more there are. */
export function some(items: readonly string[], shown = 5): string {
  const rest = items.length - shown;
  return items.slice(0, shown).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

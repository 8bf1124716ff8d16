import { DataError } from '../data/data-error.js';

/** A file of weights is not as it should be, in the words of a mistake in a sweep file. */
export class WeightFileError extends DataError {
  readonly found: string;
  readonly expected: string;
  readonly suggestion: string;

  constructor(found: string, expected: string, suggestion: string, options?: ErrorOptions) {
    super(`${found}: ${suggestion}`, options);
    this.found = found;
    this.expected = expected;
    this.suggestion = suggestion;
  }
}

export function cutOff(found: string, options?: ErrorOptions): WeightFileError {
  return new WeightFileError(found, 'the whole file', 'it is cut off: fetch it again', options);
}

export function damaged(found: string, options?: ErrorOptions): WeightFileError {
  return new WeightFileError(found, 'the whole file', 'it is cut off or damaged: fetch it again', options);
}

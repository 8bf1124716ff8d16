import { CodedError } from '../../proto/coded-error.js';

/** The data set cannot be used as it is; trying again elsewhere would not help. */
export class DataError extends CodedError {
  readonly code = 'DataError';
}

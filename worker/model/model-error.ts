import { CodedError } from '../../proto/coded-error.js';

/** The model cannot be built as asked: an input too small for its kernels, a knob out of its range. */
export class ModelError extends CodedError {
  readonly code = 'ModelError';
}

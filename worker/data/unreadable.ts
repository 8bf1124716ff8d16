import { CodedError } from '../../proto/coded-error.js';

/** The bytes are no image that can be read; `message` says why in a few words. */
export class UnreadableImageError extends CodedError {
  readonly code = 'UnreadableImage';
}

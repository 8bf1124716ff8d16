import { CodedError } from '../../../proto/coded-error.js';
import { OutOfMemoryError } from '../engine.js';

/** TensorFlow failed at something other than memory. */
export class GraphFailed extends CodedError {
  readonly code = 'GraphFailed';
  constructor(what: string, message: string) {
    super(`TensorFlow could not ${what}: ${message}`);
  }
}

/** How TensorFlow's allocators, CUDA and cuDNN word memory that they could not get. */
const MEMORY_MESSAGES = [/\bOOM when allocating\b/, /RESOURCE_?EXHAUSTED/i, /failed to allocate/i, /CUDA_ERROR_OUT_OF_MEMORY/, /bad_alloc/, /out of memory/i];

/** What the addon threw, as one line: without its own prefix, and without the nodes that TensorFlow lists below. */
export function explained(error: unknown, what: string): Error {
  const text = error instanceof Error ? error.message : String(error);
  const line = (text.split('\n')[0] ?? '').replace(/^(Session fail to run with error|Failed to load SavedModel): /, '').replace(/\s*\[\[.*$/, '').trim();
  if (!MEMORY_MESSAGES.some((wording) => wording.test(text))) return new GraphFailed(what, line);
  return new OutOfMemoryError(`TensorFlow has no memory to ${what}: ${line}; use a smaller batch or smaller images, or accumulate`, null);
}

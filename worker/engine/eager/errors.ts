import { explained } from '../graph/errors.js';

/** TF_Code (tsl/platform/status) of what is wrong with what was asked for, and not with the machine: a kernel that TensorFlow has not, or shapes that it cannot take. */
const ASKED_WRONGLY = new Set([3, 5, 9, 11, 12]);

/** Runs what calls TensorFlow. Throws OutOfMemoryError, GraphFailed, and errors of one line for what cannot be computed. */
export function calling<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw eagerError(error, what);
  }
}

/** tfjs-node words TensorFlow's errors as `Invalid TF_Status: CODE` and `Message: TEXT` on the next line. */
function eagerError(error: unknown, what: string): unknown {
  const [, code, text = ''] = /Invalid TF_Status: (\d+)\s*(?:Message: )?(.*)/s.exec(error instanceof Error ? error.message : '') ?? [];
  if (code === undefined) return error;
  const failure = explained(new Error(text), what);
  const asked = ASKED_WRONGLY.has(Number(code)) && !('neededBytes' in failure);
  return asked ? new Error(`TensorFlow cannot ${what}: ${text.split('\n')[0] ?? ''}`, { cause: error }) : failure;
}

import { oneLine as lineOf } from '../../proto/one-line.js';
import type { Outcome } from '../../proto/work.js';

/** Error codes of a full disk, a used-up quota and a file-size limit. */
const DISK_CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'DiskFull']);

/** Error codes of what is the box's fault, and not the trainable's: a GPU that was taken meanwhile, a CUDA error, no Python, its own decoded images. */
const BOX_CODES = new Set(['EngineUnusable', 'GraphFailed', 'ProgramMissing', 'PixelsUnreadable']);

/** How V8 words a WebAssembly memory or an array buffer that it could not get. */
const MEMORY_MESSAGES = [/WebAssembly\.Memory/, /Array buffer allocation failed/, /Invalid typed array length/, /out of memory/i];

export const DONE: Outcome = { class: 'done', message: '', neededBytes: null };
export const RELEASED: Outcome = { class: 'released', message: '', neededBytes: null };

/** A message is for a person to read, and has to fit into a frame. */
const LONGEST_MESSAGE = 500;

/** Text of any thrown value, as one line of bounded length. */
export function oneLine(error: unknown): string {
  return lineOf(error instanceof Error ? error.message : String(error), LONGEST_MESSAGE);
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

export function isDiskFull(error: unknown): boolean {
  return DISK_CODES.has(codeOf(error));
}

/** The class of a failure that was thrown, by its stable code, or by its kind where the runtime threw it. */
export function outcomeOf(error: unknown): Outcome {
  const message = oneLine(error);
  const code = codeOf(error);
  if (code === 'OutOfMemory') {
    const needed = (error as { neededBytes?: unknown }).neededBytes;
    return { class: 'OutOfMemory', message, neededBytes: typeof needed === 'number' ? needed : null };
  }
  if (error instanceof RangeError && MEMORY_MESSAGES.some((wording) => wording.test(message))) {
    return { class: 'OutOfMemory', message, neededBytes: null };
  }
  if (isDiskFull(error)) return { class: 'DiskFull', message, neededBytes: null };
  if (code === 'ProgramSilent') return { class: 'Timeout', message, neededBytes: null };
  if (code === 'DataError') return { class: 'DataError', message, neededBytes: null };
  if (BOX_CODES.has(code)) return { class: 'WorkerLost', message, neededBytes: null };
  return { class: 'TrainableError', message, neededBytes: null };
}

import type { Training } from '../engine.js';
import type { Device } from '../native/found.js';
import type { Program } from '../program.js';
import { stateNames } from '../optimizer.js';
import { elements } from './operations/lowering.js';

/**
 * Bytes of what a part of a batch makes on its way: every operation's value is kept for the way back, and
 * the gradients of about two of them live at a time. In inference only the two largest neighbours.
 */
export function activationBytes(program: Program, training: Training, trains: boolean): number {
  const images = Math.ceil(training.maxBatch / training.accumulate);
  const values = program.operations.filter(({ kind }) => kind !== 'flatten').map((operation) => elements(operation.output));
  const largest = [...values].sort((a, b) => b - a).slice(0, 2).reduce((sum, count) => sum + count, 0);
  if (!trains) return 4 * images * largest;
  const masks = program.operations.filter(({ kind }) => kind === 'dropout').reduce((sum, operation) => sum + elements(operation.output), 0);
  return 4 * images * (elements(program.input) + values.reduce((sum, count) => sum + count, 0) + masks + largest);
}

/**
 * Bytes that a training takes where it is computed, beside the library, which is there once it is loaded
 * (330 MB on a CPU); TensorFlow allocates as it goes, so this is a prediction. On the CPU the state that is
 * handed over lies beside that which is trained.
 */
export function estimateBytes(program: Program, training: Training, device: Device): number {
  const parameters = program.parameters.reduce((sum, { count }) => sum + count, 0);
  const states = stateNames(training.optimizer).length;
  const copies = 2 + states + (training.accumulate > 1 ? 1 : 0) + (training.clips ? 1 : 0) + (device === 'cpu' ? 1 + states : 0);
  return activationBytes(program, training, true) + 4 * parameters * copies;
}

/** Bytes beside a GPU, of what goes to it: the state of a checkpoint, the images of a part, and `dataBytes` of a data set. */
export function stagingBytes(program: Program, { optimizer, maxBatch, accumulate }: Training, dataBytes: number): number {
  const parameters = program.parameters.reduce((sum, { count }) => sum + count, 0);
  return 4 * parameters * (1 + stateNames(optimizer).length) + Math.ceil(maxBatch / accumulate) * elements(program.input) + dataBytes;
}

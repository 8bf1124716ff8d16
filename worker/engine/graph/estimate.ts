import type { Training } from '../engine.js';
import type { Program } from '../program.js';
import { stateNames } from '../wasm/parameters.js';
import { elements } from './operations/lowering.js';

/** libtensorflow itself, once it has run: code, thread pools, kernels' scratch memory. Measured. */
const LIBRARY_BYTES = 330 * 2 ** 20;

/**
 * Bytes that a training takes beyond Node's own. TensorFlow allocates as it goes, so this is a prediction:
 * every operation's value is kept for the way back, and the gradients of about two of them live at a time.
 */
export function estimateBytes(program: Program, training: Training): number {
  const images = Math.ceil(training.maxBatch / training.accumulate);
  const values = program.operations.filter(({ kind }) => kind !== 'flatten').map((operation) => elements(operation.output));
  const kept = elements(program.input) + values.reduce((sum, count) => sum + count, 0);
  const dropped = program.operations.filter(({ kind }) => kind === 'dropout').reduce((sum, operation) => sum + elements(operation.output), 0);
  const largest = values.sort((a, b) => b - a).slice(0, 2).reduce((sum, count) => sum + count, 0);
  const parameters = program.parameters.reduce((sum, { count }) => sum + count, 0);
  const copies = 2 + stateNames(training.optimizer).length + (training.accumulate > 1 ? 1 : 0) + (training.clips ? 1 : 0);
  return LIBRARY_BYTES + 4 * images * (kept + dropped + largest) + 4 * parameters * copies;
}

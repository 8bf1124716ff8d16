import type { Training } from '../engine.js';
import type { Device } from '../native/found.js';
import type { Program } from '../program.js';
import { stateNames } from '../optimizer.js';
import { elements } from './operations/lowering.js';

/** Computed in the place of what they take. */
const IN_PLACE: ReadonlySet<string> = new Set(['flatten', 'relu']);
/** What a value leaves behind beside itself: dropout its mask, a depthwise convolution the image that its gradient is made in. */
const TWICE: ReadonlySet<string> = new Set(['dropout', 'depthwiseConv']);

/**
 * Bytes of what a part of a batch makes on its way: values are kept for the way back, and the gradients of about
 * two of them live at a time. In inference only the two largest neighbours. Held against measured peaks.
 */
export function activationBytes(program: Program, training: Training, trains: boolean): number {
  const images = Math.ceil(training.maxBatch / training.accumulate);
  const made = program.operations.filter(({ kind }) => kind !== 'flatten');
  const values = made.map((operation) => elements(operation.output));
  const largest = [...values].sort((a, b) => b - a).slice(0, 2).reduce((sum, count) => sum + count, 0);
  if (!trains) return 4 * images * largest;
  const kept = made.reduce((sum, { kind, output }) => sum + elements(output) * (TWICE.has(kind) ? 2 : IN_PLACE.has(kind) ? 0 : 1), 0);
  return 4 * images * (elements(program.input) + kept + largest);
}

/**
 * How often the state lies in a process that hands it over, on a CPU: where it is trained, as TensorFlow and as
 * JavaScript read it, where it lies between two graphs, and as the bytes of a checkpoint. A step takes less.
 */
const COPIES_OF_STATE = 5;

/**
 * Bytes that a training takes where it is computed, beside the library, which is there once it is loaded
 * (330 MB on a CPU); TensorFlow allocates as it goes, so this is a prediction.
 */
export function estimateBytes(program: Program, training: Training, device: Device): number {
  const parameters = program.parameters.reduce((sum, { count }) => sum + count, 0);
  const states = stateNames(training.optimizer).length;
  const stepping = 2 + states + (training.accumulate > 1 ? 1 : 0) + (training.clips ? 1 : 0);
  const copies = device === 'cpu' ? COPIES_OF_STATE * (1 + states) : stepping;
  return activationBytes(program, training, true) + 4 * parameters * copies;
}

/** Bytes beside a GPU, of what goes to it: the state of a checkpoint, the images of a part, and `dataBytes` of a data set. */
export function stagingBytes(program: Program, { optimizer, maxBatch, accumulate }: Training, dataBytes: number): number {
  const parameters = program.parameters.reduce((sum, { count }) => sum + count, 0);
  return 4 * parameters * (1 + stateNames(optimizer).length) + Math.ceil(maxBatch / accumulate) * elements(program.input) + dataBytes;
}

import type { Training } from '../engine.js';
import { stateNames } from '../optimizer.js';
import type { EagerModel } from './model.js';

/** How many values of its output's size a layer leaves behind for the way back: operation by operation, nothing is fused. Held against measured peaks. */
const VALUES: { readonly [className: string]: number } = {
  BatchNormalization: 9, LayerNormalization: 9, Conv2D: 3, DepthwiseConv2D: 3, SeparableConv2D: 4, Conv2DTranspose: 3, Dense: 3, Dropout: 3,
  InputLayer: 0, Flatten: 0, Reshape: 0,
};
const MOST_LAYERS = 1;
/** What the way back holds of the two largest values at a time. Held against measured peaks. */
const LARGEST = 5;

/** Gates of a recurrent layer and what is made of them, at each time; its kernels are cut, and their gradients made, at each time too. */
const RECURRENT: { readonly [className: string]: number } = { SimpleRNN: 4, GRU: 14, LSTM: 18, RNN: 18, ConvLSTM2D: 24, Bidirectional: 36 };
const KERNELS_PER_TIME = 4;

/** What an update makes of a weight at a time, of its size. Held against measured peaks. */
const UPDATE_VALUES = 4;
/** How often the state lies in a process that hands it over: where it is trained, as it is read, its copy, and as the bytes of a checkpoint. */
const COPIES_OF_STATE = 4;

const size = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Bytes of what a part of a batch makes on its way, there and back. */
export function activationBytes({ input, layers, summaries }: EagerModel, { maxBatch, accumulate }: Training): number {
  const images = Math.ceil(maxBatch / accumulate);
  const floats = summaries.map(({ className, output, learnables }, index) => {
    const values = RECURRENT[className];
    if (values === undefined) return images * size(output) * (VALUES[className] ?? MOST_LAYERS);
    const before = summaries.find(({ name }) => name === layers[index]?.inputs[0])?.output ?? [];
    const times = before[0] ?? 1;
    const oneTime = size(output) / (output.length === before.length ? times : 1);
    return times * (images * oneTime * values + KERNELS_PER_TIME * learnables);
  });
  const largest = summaries.map(({ output }) => size(output)).sort((a, b) => b - a).slice(0, 2).reduce((sum, count) => sum + count, 0);
  return 4 * (images * (2 * size([input.height, input.width, input.channels]) + LARGEST * largest) + floats.reduce((sum, count) => sum + count, 0));
}

/** Bytes that a training takes where it is computed, beside the library and tf.layers; TensorFlow allocates as it goes, so this is a prediction. */
export function estimateBytes(model: EagerModel, training: Training): number {
  // A step takes less: gradients (of parts the sum, those of a part, and the next sum) lie beside the state.
  const copies = COPIES_OF_STATE * (1 + stateNames(training.optimizer).length);
  const largest = Math.max(0, ...model.summaries.map(({ learnables }) => learnables));
  return activationBytes(model, training) + 4 * (parameters(model) * copies + UPDATE_VALUES * largest);
}

/** Bytes beside a GPU, of what goes to it: the state of a checkpoint, and the images of a part. */
export function stagingBytes(model: EagerModel, { optimizer, maxBatch, accumulate }: Training): number {
  const { height, width, channels } = model.input;
  return 4 * (parameters(model) * (1 + stateNames(optimizer).length) + Math.ceil(maxBatch / accumulate) * height * width * channels);
}

function parameters({ summaries }: EagerModel): number {
  return summaries.reduce((sum, { params }) => sum + params, 0);
}

/**
 * The same mathematics in float64, written for clarity: forward passes by plain loops from the
 * definitions, gradients by central finite differences. Shares no code with the engine but the program.
 */
import { mix } from '../../../worker/engine/initial-weights.js';
import type { Shape } from '../../../worker/engine/parameter.js';
import { IMAGE, type Operation, type Program } from '../../../worker/engine/program.js';
import type { Window, Zeros } from '../../../worker/engine/window.js';

export type Weights = Map<string, Float64Array>;

export interface ReferenceStep {
  /** [batch, height * width * channels] after normalisation. */
  readonly images: readonly Float64Array[];
  readonly labels: readonly number[];
  readonly classWeights: readonly number[] | null;
  readonly dropout: number;
  readonly dropoutSeed: number;
  /** Of the executor: its own masks. */
  readonly masks: Masks;
}

/** Whether an element survives dropout, by image of the step, element of `size`, and layer. */
export type Masks = (step: ReferenceStep, image: number, element: number, size: number, layer: number) => boolean;

export function size(shape: Shape): number {
  return shape.height * shape.width * shape.channels;
}

/** Logits [batch][classes] in training form: batch statistics, dropout at its rate. */
export function logitsOf(program: Program, weights: Weights, step: ReferenceStep): Float64Array[] {
  const image = step.images.map((pixels) => Float64Array.from(pixels));
  const values: Float64Array[][] = [];
  for (const operation of program.operations) {
    const inputs = operation.inputs.map((index) => (index === IMAGE ? image : (values[index] ?? [])));
    values.push(operation.kind === 'add' || operation.kind === 'concat' ? merged(operation, inputs, program) : apply(operation, inputs[0] ?? [], weights, step));
  }
  return values.at(-1) ?? image;
}

/** Weighted mean of softmax cross-entropies. */
export function lossOf(program: Program, weights: Weights, step: ReferenceStep): number {
  let loss = 0;
  logitsOf(program, weights, step).forEach((logits, n) => {
    const label = step.labels[n] ?? 0;
    const most = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
    loss += (step.classWeights?.[label] ?? 1) * (Math.log(sum) - ((logits[label] ?? NaN) - most));
  });
  return loss / step.images.length;
}

/** d loss / d weights[name][index] for every index, or for a spread of at most `limit` of them. */
export function finiteDifferences(program: Program, weights: Weights, step: ReferenceStep, name: string, limit = Infinity): Map<number, number> {
  const values = weights.get(name) ?? new Float64Array();
  const stride = Math.max(1, Math.ceil(values.length / limit));
  const gradient = new Map<number, number>();
  const epsilon = 1e-6;
  for (let index = 0; index < values.length; index += stride) {
    const before = values[index] ?? 0;
    values[index] = before + epsilon;
    const above = lossOf(program, weights, step);
    values[index] = before - epsilon;
    const below = lossOf(program, weights, step);
    values[index] = before;
    gradient.set(index, (above - below) / (2 * epsilon));
  }
  return gradient;
}

type Merge = Extract<Operation, { kind: 'add' | 'concat' }>;

function merged(operation: Merge, inputs: readonly Float64Array[][], program: Program): Float64Array[] {
  const [first = []] = inputs;
  if (operation.kind === 'add') return first.map((x, n) => x.map((_, index) => inputs.reduce((sum, values) => sum + (values[n]?.[index] ?? NaN), 0)));
  const { height, width } = operation.output;
  const channels = operation.inputs.map((index) => (program.operations[index]?.output ?? program.input).channels);
  return first.map((_, n) => {
    const values: number[] = [];
    for (let pixel = 0; pixel < height * width; pixel++) {
      inputs.forEach((input, which) => {
        const count = channels[which] ?? 0;
        values.push(...(input[n] ?? new Float64Array()).subarray(pixel * count, (pixel + 1) * count));
      });
    }
    return Float64Array.from(values);
  });
}

function padded(x: Float64Array, input: Shape, output: Shape, zeros: Zeros): Float64Array {
  const y = new Float64Array(size(output));
  for (let r = 0; r < input.height; r++)
    for (let q = 0; q < input.width; q++)
      for (let c = 0; c < input.channels; c++) {
        y[((r + zeros.top) * output.width + q + zeros.left) * input.channels + c] = x[(r * input.width + q) * input.channels + c] ?? NaN;
      }
  return y;
}

function apply(operation: Exclude<Operation, Merge>, input: Float64Array[], weights: Weights, step: ReferenceStep): Float64Array[] {
  const of = (parameter: { readonly name: string } | null): Float64Array | null => (parameter === null ? null : (weights.get(parameter.name) ?? null));
  switch (operation.kind) {
    case 'conv':
      return input.map((x) => conv(x, operation.input, operation.output, operation.window, of(operation.kernel), of(operation.bias)));
    case 'depthwiseConv':
      return input.map((x) => depthwise(x, operation.input, operation.output, operation.window, of(operation.kernel), of(operation.bias)));
    case 'dense':
      return input.map((x) => dense(x, operation.output.channels, of(operation.kernel), of(operation.bias)));
    case 'batchNorm':
      return batchNorm(input, operation.input, operation.epsilon, of(operation.gamma), of(operation.beta));
    case 'relu':
      return input.map((x) => x.map((value) => Math.min(Math.max(value, 0), operation.cap ?? Infinity)));
    case 'elu':
      return input.map((x) => x.map((value) => (value > 0 ? value : Math.exp(value) - 1)));
    case 'tanh':
      return input.map((x) => x.map(Math.tanh));
    case 'sigmoid':
      return input.map((x) => x.map((value) => 1 / (1 + Math.exp(-value))));
    case 'dropout':
      return input.map((x, n) => dropped(x, n, operation.layer, step));
    case 'flatten':
      return input;
    case 'twoLogits':
      return input.map((x) => Float64Array.of(0, x[0] ?? NaN));
    case 'zeroPad':
      return input.map((x) => padded(x, operation.input, operation.output, operation.zeros));
    case 'maxPool':
      return input.map((x) => pool(x, operation.input, operation.output, operation.window, (values) => Math.max(...values)));
    case 'averagePool':
      return input.map((x) => pool(x, operation.input, operation.output, operation.window, (values) => values.reduce((a, b) => a + b, 0) / values.length));
  }
}

/** Visits [flat position of the window's tap, row and column in the window] for taps inside the image. */
function eachTap(input: Shape, window: Window, r: number, q: number, visit: (pixel: number, row: number, column: number) => void): void {
  for (let i = 0; i < window.rows; i++)
    for (let j = 0; j < window.columns; j++) {
      const y = r * window.strideRows + i - window.top;
      const x = q * window.strideColumns + j - window.left;
      if (y >= 0 && y < input.height && x >= 0 && x < input.width) visit(y * input.width + x, i, j);
    }
}

function conv(x: Float64Array, input: Shape, output: Shape, window: Window, kernel: Float64Array | null, bias: Float64Array | null): Float64Array {
  const y = new Float64Array(size(output));
  for (let r = 0; r < output.height; r++)
    for (let q = 0; q < output.width; q++)
      for (let o = 0; o < output.channels; o++) {
        let sum = bias?.[o] ?? 0;
        eachTap(input, window, r, q, (pixel, i, j) => {
          for (let c = 0; c < input.channels; c++) {
            const tap = ((i * window.columns + j) * input.channels + c) * output.channels + o;
            sum += (x[pixel * input.channels + c] ?? 0) * (kernel?.[tap] ?? 0);
          }
        });
        y[(r * output.width + q) * output.channels + o] = sum;
      }
  return y;
}

function depthwise(x: Float64Array, input: Shape, output: Shape, window: Window, kernel: Float64Array | null, bias: Float64Array | null): Float64Array {
  const y = new Float64Array(size(output));
  const { channels } = input;
  for (let r = 0; r < output.height; r++)
    for (let q = 0; q < output.width; q++)
      for (let c = 0; c < channels; c++) {
        let sum = bias?.[c] ?? 0;
        eachTap(input, window, r, q, (pixel, i, j) => {
          sum += (x[pixel * channels + c] ?? 0) * (kernel?.[(i * window.columns + j) * channels + c] ?? 0);
        });
        y[(r * output.width + q) * channels + c] = sum;
      }
  return y;
}

function dense(x: Float64Array, units: number, kernel: Float64Array | null, bias: Float64Array | null): Float64Array {
  return Float64Array.from({ length: units }, (_, o) => x.reduce((sum, value, i) => sum + value * (kernel?.[i * units + o] ?? 0), bias?.[o] ?? 0));
}

function batchNorm(input: Float64Array[], shape: Shape, epsilon: number, gamma: Float64Array | null, beta: Float64Array | null): Float64Array[] {
  const { channels } = shape;
  const output = input.map((x) => new Float64Array(x.length));
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    let squares = 0;
    const count = input.length * shape.height * shape.width;
    for (const x of input) for (let i = c; i < x.length; i += channels) sum += x[i] ?? 0;
    const mean = sum / count;
    for (const x of input) for (let i = c; i < x.length; i += channels) squares += ((x[i] ?? 0) - mean) ** 2;
    const variance = squares / count;
    const scale = (gamma?.[c] ?? 1) / Math.sqrt(variance + epsilon);
    input.forEach((x, n) => {
      const y = output[n] ?? x;
      for (let i = c; i < x.length; i += channels) y[i] = ((x[i] ?? 0) - mean) * scale + (beta?.[c] ?? 0);
    });
  }
  return output;
}

function pool(x: Float64Array, input: Shape, output: Shape, window: Window, of: (values: number[]) => number): Float64Array {
  const y = new Float64Array(size(output));
  for (let r = 0; r < output.height; r++)
    for (let q = 0; q < output.width; q++)
      for (let c = 0; c < input.channels; c++) {
        const values: number[] = [];
        eachTap(input, window, r, q, (pixel) => values.push(x[pixel * input.channels + c] ?? 0));
        y[(r * output.width + q) * output.channels + c] = of(values);
      }
  return y;
}

function dropped(x: Float64Array, image: number, layer: number, step: ReferenceStep): Float64Array {
  if (step.dropout === 0) return x;
  return x.map((value, index) => (step.masks(step, image, index, x.length, layer) ? value / (1 - step.dropout) : 0));
}

/** The masks of kernels/hash.h, from its description. */
export const hashMasks: Masks = ({ dropout, dropoutSeed }, image, element, size, layer) => {
  const seed = mix(mix(dropoutSeed) + layer);
  const seed2 = mix(seed ^ 0x5bd1e995);
  let hash = Math.imul(image * size + element, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16) ^ seed, 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 13)) + seed2, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0 >= Math.round(dropout * 2 ** 32);
};

/**
 * The bytes of a network's checkpoint: a header, then float32 tensors one after another, little-endian. The
 * same training state always gives the same bytes.
 */
import type { Json } from '../../proto/work.js';
import { DataError } from '../data/data-error.js';
import { AVERAGE } from './optimizer.js';
import { begunState, splitState, STATE_FORMAT } from './state-bytes.js';

export interface StateHeader {
  readonly format: number;
  readonly optimizer: string;
  /** Optimizer steps taken: Adam's bias correction goes on from it. */
  readonly steps: number;
  readonly tensors: readonly TensorHeader[];
  /** What a schedule that looks at results goes on from; absent where there is none. */
  readonly schedule?: Json;
}

export interface TensorHeader {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface Tensor extends TensorHeader {
  readonly values: Float32Array;
}

export function encodeState(optimizer: string, steps: number, tensors: readonly Tensor[]): Uint8Array {
  const payload = tensors.reduce((sum, tensor) => sum + tensor.values.byteLength, 0);
  const header: StateHeader = { format: STATE_FORMAT, optimizer, steps, tensors: tensors.map(({ name, shape }) => ({ name, shape })) };
  const bytes = begunState(header, payload);
  let at = bytes.byteLength - payload;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/** The same state with what a schedule goes on from, which executors do not look at. Throws DataError. */
export function withSchedule(state: Uint8Array, schedule: Json): Uint8Array {
  const { header, payload } = split(state);
  const scheduled: StateHeader = { ...header, schedule };
  const bytes = begunState(scheduled, payload.byteLength);
  bytes.set(payload, bytes.byteLength - payload.byteLength);
  return bytes;
}

/** Null where the state has none. Throws DataError. */
export function scheduleIn(state: Uint8Array): Json {
  return split(state).header.schedule ?? null;
}

/** In the place of an optimizer's name: the state holds what predicting needs and no more. */
const INFERENCE = 'none';

/** Optimizer state stands beside its parameter as `LAYER/kernel:momentum`. */
export const isOptimizerState = (tensor: TensorHeader): boolean => tensor.name.includes(':');

/** The parameter whose moving average a tensor is; null where it is none. */
function averaged({ name }: TensorHeader): string | null {
  return name.endsWith(`:${AVERAGE}`) ? name.slice(0, -AVERAGE.length - 1) : null;
}

/** The state without that of its optimizer, averages in the place of weights: a third to a half of the bytes. It can be loaded, to predict. Throws DataError. */
export function inferenceState(state: Uint8Array): Uint8Array {
  const tensors = tensorsIn(state);
  const averages = new Map(tensors.flatMap((tensor): [string, Tensor][] => {
    const weight = averaged(tensor);
    return weight === null ? [] : [[weight, tensor]];
  }));
  return encodeState(INFERENCE, 0, tensors.filter((tensor) => !isOptimizerState(tensor)).map((tensor) => ({ ...tensor, values: averages.get(tensor.name)?.values ?? tensor.values })));
}

/**
 * Copies each tensor to the one of the same name and shape in `tensors`; of a state for inference, what
 * belongs to the optimizer stays as it is. Throws DataError, having changed nothing.
 */
export function decodeState(bytes: Uint8Array, optimizer: string, all: readonly Tensor[]): { readonly steps: number } {
  const { header, payload } = split(bytes);
  const tensors = header.optimizer === INFERENCE ? all.filter((tensor) => !isOptimizerState(tensor)) : all;
  if (header.optimizer !== INFERENCE && header.optimizer !== optimizer) throw new DataError(`the checkpoint is of optimizer ${header.optimizer}, this training has ${optimizer}`);
  const describe = (tensor: TensorHeader): string => `${tensor.name} [${tensor.shape.join(', ')}]`;
  const found = header.tensors.map(describe);
  tensors.forEach((tensor, index) => {
    if (found[index] !== describe(tensor)) throw new DataError(`the checkpoint is of another model: found ${found[index] ?? 'nothing'}, expected ${describe(tensor)}`);
  });
  const expected = tensors.reduce((sum, tensor) => sum + tensor.values.byteLength, 0);
  if (found.length !== tensors.length || payload.byteLength !== expected) {
    throw new DataError(`the checkpoint has ${String(payload.byteLength)} bytes of weights, this model ${String(expected)}`);
  }
  let at = 0;
  for (const { values } of tensors) {
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(payload.subarray(at, at + values.byteLength));
    at += values.byteLength;
  }
  // What is loaded to predict has averages as its weights.
  if (header.optimizer === INFERENCE) {
    for (const tensor of all) {
      const weight = averaged(tensor);
      if (weight !== null) tensor.values.set(all.find(({ name }) => name === weight)?.values ?? []);
    }
  }
  return { steps: header.steps };
}

function split(bytes: Uint8Array): { readonly header: StateHeader; readonly payload: Uint8Array } {
  const { header, payload } = splitState(bytes);
  return { header: header as StateHeader, payload };
}

/** The state's tensors, each with memory of its own. Throws DataError where it is cut off. */
export function tensorsIn(state: Uint8Array): Tensor[] {
  const { header, payload } = split(state);
  let at = 0;
  return header.tensors.map((tensor) => {
    const bytes = 4 * tensor.shape.reduce((product, length) => product * length, 1);
    // A copy of its own: a Buffer's slice would be a view, and not aligned for floats.
    const part = Uint8Array.from(payload.subarray(at, at + bytes));
    if (part.byteLength !== bytes) throw new DataError(`the checkpoint ends before ${tensor.name}`);
    at += bytes;
    return { ...tensor, values: new Float32Array(part.buffer) };
  });
}

/** The same training with these tensors in the place of its own, in their order: `tensors` are what `tensorsIn` gave, or some of them, or others. Throws DataError. */
export function stateOf(state: Uint8Array, tensors: readonly Tensor[]): Uint8Array {
  const { header } = split(state);
  const made = encodeState(header.optimizer, header.steps, tensors);
  return header.schedule === undefined ? made : withSchedule(made, header.schedule);
}

/** The state's weights and statistics, for a training that begins with another optimizer. Throws DataError. */
export function weightsState(state: Uint8Array): Uint8Array {
  return encodeState(INFERENCE, 0, tensorsIn(state).filter((tensor) => !isOptimizerState(tensor)));
}

/** Whether two states are of the same tensors, so that a training goes on from either. Throws DataError. */
export function sameTensors(one: Uint8Array, other: Uint8Array): boolean {
  const names = (state: Uint8Array): string => JSON.stringify(split(state).header.tensors);
  return names(one) === names(other);
}

/** A weight file against a model: each of the model's tensors from the file, in Keras' layout. */
import type { WeightNames } from '../../proto/pretrained.js';
import { programOf, parametersOf } from '../../worker/engine/program.js';
import type { NamedTensor } from '../../worker/model/safetensors.js';
import type { Topology } from '../../worker/model/topology.js';
import type { FileTensors } from './file.js';
import { TORCH_TENSORS, torchLayers } from './torch-names.js';

/** A tensor that a model wants. */
export interface WantedTensor {
  readonly layer: string;
  /** kernel, gamma, moving_mean, ... */
  readonly tensor: string;
  readonly shape: readonly number[];
  /** [height, width, channels] that were flattened to what a dense layer takes; null for others. */
  readonly flattened: readonly [number, number, number] | null;
}

export type Found =
  | { readonly kind: 'found'; /** In the file. */ readonly name: string; /** By its own name. */ readonly tensor: NamedTensor }
  | Unfit;

/** `name` and the shape `expected` are in the file's layout, which for PyTorch's names is PyTorch's. */
export type Unfit = { readonly name: string; readonly expected: readonly number[] } & (
  | { readonly kind: 'missing' }
  | { readonly kind: 'mistyped'; /** No floating-point numbers. */ readonly type: string }
  | { readonly kind: 'misshapen'; readonly shape: readonly number[] }
);

/** In the order of the layers. Throws ModelError and UnsupportedLayerError. */
export function wantedTensors(topology: Topology): WantedTensor[] {
  const { operations } = programOf(topology, 'wasm');
  return operations.flatMap((operation): WantedTensor[] => {
    const own = (tensor: string, shape: readonly number[], flat: WantedTensor['flattened'] = null): WantedTensor => ({ layer: operation.name, tensor, shape, flattened: flat });
    const moving = operation.kind === 'batchNorm' ? ['moving_mean', 'moving_variance'].map((name) => own(name, [operation.input.channels])) : [];
    const before = operations[operation.inputs[0] ?? -1];
    const image = operation.kind === 'dense' && before?.kind === 'flatten' ? before.input : null;
    const flattened = image === null ? null : ([image.height, image.width, image.channels] as const);
    return [...parametersOf(operation).map(({ name, shape }) => own(name.slice(name.lastIndexOf('/') + 1), shape, flattened)), ...moving];
  });
}

/** `blueFirst`: the first convolution's input channels are turned round. */
export function matched(wanted: readonly WantedTensor[], file: FileTensors, model: string, blueFirst: boolean): Found[] {
  const first = wanted.find(({ tensor }) => tensor === 'kernel');
  return wanted.map((one): Found => {
    const place = placeOf(one, wanted, file, model);
    const unfit = unfitOf(place, file);
    if (unfit !== null) return unfit;
    const { layer, tensor, shape, flattened } = one;
    const own = place.found === null ? new Float32Array(shape[0] ?? 0) : place.found.values;
    const keras = file.layers === null ? kerasLayout(own, tensor, shape, flattened) : own;
    const values = blueFirst && one === first && shape[2] === 3 ? channelsTurned(keras, shape) : keras;
    return { kind: 'found', name: place.name, tensor: { name: `${layer}/${tensor}`, shape, values } };
  });
}

/** How many of them the file has in the right shape, and type. */
export function fitting(wanted: readonly WantedTensor[], file: FileTensors, model: string): number {
  return wanted.filter((one) => unfitOf(placeOf(one, wanted, file, model), file) === null).length;
}

export function namesOf(file: FileTensors): WeightNames {
  return file.layers === null ? 'torch' : 'keras';
}

/** Where a tensor is, or should be, in the file. */
interface Place {
  readonly name: string;
  readonly found: NamedTensor | null;
  readonly expected: readonly number[];
  /** Whether zeros may stand for it where the file has none. */
  readonly zeros: boolean;
}

function placeOf(wanted: WantedTensor, all: readonly WantedTensor[], file: FileTensors, model: string): Place {
  return file.layers === null ? placeInTorch(wanted, file, model) : placeInKeras(wanted, all, file);
}

function unfitOf({ name, found, expected, zeros }: Place, { otherTypes }: FileTensors): Unfit | null {
  if (found !== null) return sameShape(found.shape, expected) ? null : { kind: 'misshapen', name, shape: found.shape, expected };
  const type = otherTypes.get(name);
  if (type !== undefined) return { kind: 'mistyped', name, type, expected };
  return zeros ? null : { kind: 'missing', name, expected };
}

function placeInKeras(wanted: WantedTensor, all: readonly WantedTensor[], { tensors, otherTypes }: FileTensors): Place {
  const { layer, tensor, shape } = wanted;
  const order = all.filter((one) => one.layer === layer).sort((a, b) => KERAS_ORDER.indexOf(a.tensor) - KERAS_ORDER.indexOf(b.tensor)).indexOf(wanted);
  // Keras 3 calls that of a DepthwiseConv2D its kernel.
  const names = [tensor, ...(tensor === 'depthwise_kernel' ? ['kernel'] : []), String(order)].map((own) => `${layer}/${own}`);
  const name = names.find((one) => tensors.has(one)) ?? names.find((one) => otherTypes.has(one)) ?? `${layer}/${tensor}`;
  return { name, found: tensors.get(name) ?? null, expected: shape, zeros: false };
}

/** As `layer.weights` has them. */
const KERAS_ORDER = ['depthwise_kernel', 'pointwise_kernel', 'kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance'];

function placeInTorch({ layer, tensor, shape }: WantedTensor, { tensors }: FileTensors, model: string): Place {
  const prefix = torchLayers(model)(layer) ?? layer;
  const name = `${prefix}.${TORCH_TENSORS[tensor] ?? tensor}`;
  // Before a batch norm a bias changes nothing, and PyTorch's models leave it out.
  const zeros = tensor === 'bias' && tensors.get(`${prefix}.weight`)?.shape.length === 4;
  return { name, found: tensors.get(name) ?? null, expected: torchShape(tensor, shape), zeros };
}

/** Of a tensor of this shape in Keras: convolutions [out, in, height, width], depthwise [channels, 1, height, width], dense [out, in]. */
function torchShape(tensor: string, shape: readonly number[]): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  if (tensor === 'depthwise_kernel') return [c, d, a, b];
  if (tensor !== 'kernel') return shape;
  return shape.length === 4 ? [d, c, a, b] : [b, a];
}

function kerasLayout(values: Float32Array, tensor: string, shape: readonly number[], flattened: WantedTensor['flattened']): Float32Array {
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  if (tensor === 'depthwise_kernel') return permuted(values, [c, d, a, b], [2, 3, 0, 1]);
  if (tensor !== 'kernel') return values;
  if (shape.length === 4) return permuted(values, [d, c, a, b], [2, 3, 1, 0]);
  if (flattened === null) return permuted(values, [b, a], [1, 0]);
  // PyTorch flattens channels first.
  const [height, width, channels] = flattened;
  return permuted(values, [b, channels, height, width], [2, 3, 1, 0]);
}

/** A tensor of `shape` with its axes in another order: axis i of the result is axis `order[i]`. */
export function permuted(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const extents = order.map((axis) => shape[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 1);
  const result = new Float32Array(values.length);
  const at = extents.map(() => 0);
  let from = 0;
  for (let index = 0; index < result.length; index += 1) {
    result[index] = values[from] ?? NaN;
    for (let axis = extents.length - 1; axis >= 0; axis -= 1) {
      at[axis] = (at[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      if ((at[axis] ?? 0) < (extents[axis] ?? 0)) break;
      from -= (steps[axis] ?? 0) * (extents[axis] ?? 0);
      at[axis] = 0;
    }
  }
  return result;
}

/** Of a kernel [height, width, channels, filters]. */
function channelsTurned(values: Float32Array, [, , channels = 1, filters = 1]: readonly number[]): Float32Array {
  return values.map((_, index) => {
    const filter = index % filters;
    const channel = Math.floor(index / filters) % channels;
    const tap = index - filter - channel * filters;
    return values[tap + (channels - 1 - channel) * filters + filter] ?? NaN;
  });
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

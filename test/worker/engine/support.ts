/** Small topologies, seeded images, and the tensors inside a checkpoint, for the engine's tests. */
import type { Json, OptimizerChoice } from '../../../proto/work.js';
import type { Executable, ImageSource, StepSettings, Training } from '../../../worker/engine/engine.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import type { LayerConfig, Topology } from '../../../worker/model/topology.js';

export const SGDM: OptimizerChoice = { name: 'sgdm', momentum: 0.9 };
export const ADAM: OptimizerChoice = { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x100000000;
  };
}

export type LayerSketch = readonly [className: string, config: { readonly [field: string]: Json }];

/** A Sequential of the sketched layers for images [height, width, channels]. */
export function sequential(input: readonly [number, number, number], ...sketches: readonly LayerSketch[]): Topology {
  const layers: LayerConfig[] = sketches.map(([className, config], index) => ({
    class_name: className,
    config: { name: `layer${String(index)}`, ...(index === 0 ? { batch_input_shape: [null, ...input] } : {}), ...config },
  }));
  return { class_name: 'Sequential', config: { name: 'sketch', layers } };
}

/** A layer of a functional model and the layers it takes; 'image' is the input. */
export interface NodeSketch {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly className: string;
  readonly config: { readonly [field: string]: Json };
}

/** A functional model as tf.layers writes it; the last layer is the output. */
export function functional(input: readonly [number, number, number], ...nodes: readonly NodeSketch[]): Topology {
  const image: LayerConfig = { class_name: 'InputLayer', config: { name: 'image', batch_input_shape: [null, ...input], dtype: 'float32', sparse: false }, inbound_nodes: [] };
  const layers = nodes.map(({ name, inputs, className, config }): LayerConfig => ({
    class_name: className,
    config: { name, ...config },
    inbound_nodes: [inputs.map((from) => [from, 0, 0, {}])],
  }));
  return { class_name: 'Model', config: { name: 'sketch', layers: [image, ...layers], input_layers: [['image', 0, 0]], output_layers: [[nodes.at(-1)?.name ?? '', 0, 0]] } };
}

/** uint8 noise; `learnable` adds a bright left half to the images of class 1. */
export function images(count: number, [height, width, channels]: readonly [number, number, number], classes: number, seed: number, learnable = false): ImageSource & { readonly pixels: Uint8Array } {
  const random = generator(seed);
  const bytes = height * width * channels;
  const pixels = Uint8Array.from({ length: count * bytes }, () => Math.floor(random() * 256));
  const labels = Uint16Array.from({ length: count }, () => Math.floor(random() * classes));
  if (learnable) {
    labels.forEach((label, n) => {
      for (let i = 0; i < bytes; i++) {
        const left = Math.floor(i / channels) % width < width / 2;
        pixels[n * bytes + i] = Math.floor((pixels[n * bytes + i] ?? 0) / 2) + (left === (label === 1) ? 100 : 0);
      }
    });
  }
  return {
    count, height, width, channels, labels, pixels,
    read: (indices, into) => {
      indices.forEach((index, position) => {
        into.set(pixels.subarray(index * bytes, (index + 1) * bytes), position * bytes);
      });
    },
  };
}

export function training(classes: number, more: Partial<Training> = {}): Training {
  return { optimizer: SGDM, classes, normalisation: { mean: null, deviation: null }, initSeed: 7, replicate: 0, maxBatch: 4, accumulate: 1, clips: false, augments: false, memoryBytes: null, ...more };
}

/** Plain steps but for what `more` says. */
export function stepSettings(more: Partial<StepSettings> = {}): StepSettings {
  return { lr: 0.01, dropout: 0, classWeights: null, l2: 0, labelSmoothing: 0, clipNorm: null, augment: null, dropoutSeed: 0, ...more };
}

export async function compiled(topology: Topology, source: ImageSource, options: Training): Promise<Executable> {
  return (await createWasmEngine()).compile(topology, options, source);
}

export function range(count: number, from = 0): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => from + index);
}

/** The tensors of a checkpoint by name, read by the description in state.ts. */
export function tensorsOf(state: Uint8Array): Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }> {
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  const length = view.getUint32(4, true);
  const header = JSON.parse(Buffer.from(state.subarray(8, 8 + length)).toString()) as { tensors: { name: string; shape: number[] }[] };
  const tensors = new Map<string, { shape: number[]; values: Float32Array }>();
  let at = 8 + length;
  for (const { name, shape } of header.tensors) {
    const count = shape.reduce((product, extent) => product * extent, 1);
    tensors.set(name, { shape, values: new Float32Array(state.slice(at, at + 4 * count).buffer) });
    at += 4 * count;
  }
  return tensors;
}

/** The bytes with a tensor's values replaced, to begin from chosen weights. */
export function withTensor(state: Uint8Array, tensor: string, values: ArrayLike<number>): Uint8Array {
  const copy = state.slice();
  const view = new DataView(copy.buffer);
  const length = view.getUint32(4, true);
  let at = 8 + length;
  for (const [name, { values: old }] of tensorsOf(state)) {
    if (name === tensor) new Float32Array(copy.buffer, at, old.length).set(Float32Array.from(values));
    at += 4 * old.length;
  }
  return copy;
}

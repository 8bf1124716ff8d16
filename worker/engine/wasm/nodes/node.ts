import type { Shape } from '../../parameter.js';
import type { View } from '../arena.js';
import type { Kernels } from '../kernels.js';
import type { Slot } from '../parameters.js';

/** What holds for one pass. `dropout` is null in inference. */
export interface Pass {
  readonly training: boolean;
  /** Number of the pass's first image in its batch: dropout masks are drawn by it. */
  readonly first: number;
  readonly dropout: DropoutDraw | null;
}

export interface DropoutDraw {
  /** round(rate * 2^32). */
  readonly threshold: number;
  /** 1 / (1 - rate). */
  readonly scale: number;
  readonly seed: number;
}

/** What every node works with once memory exists. */
export interface Machine {
  readonly kernels: Kernels;
  readonly bytes: Uint8Array;
  readonly floats: Float32Array;
  readonly doubles: Float64Array;
  /** Applies the optimizer to `count` elements of a parameter from element `from` on. */
  update(slot: Slot, gradientAt: number, from: number, count: number): void;
}

/**
 * The gradient with respect to a node's input. Where `view` is null it exists one image at a time: the
 * node below asks for each image just before it uses it, so that it never leaves the cache.
 */
export interface Gradient {
  readonly view: View | null;
  write(image: number, at: number, row: number): void;
}

/**
 * One part of the compiled program. Forward and backward go over `count` images; backward takes the
 * gradient with respect to the output and updates the node's parameters.
 */
export interface Node {
  /** The layers that it stands for, for messages. */
  readonly name: string;
  readonly input: View;
  readonly output: View;
  forward(machine: Machine, count: number, pass: Pass): void;
  backward(machine: Machine, count: number, pass: Pass, above: Gradient): Gradient;
}

/** Told of each image of its input as soon as it is there, while it is in cache. Training only. */
export interface Observer {
  observe(machine: Machine, image: number): void;
}

export const NO_GRADIENT: Gradient = {
  view: null,
  write: () => {
    throw new Error('the first node gives no gradient to its input');
  },
};

export function wholeGradient(machine: Machine, view: View): Gradient {
  const { height, width, channels } = view.shape;
  return {
    view,
    write: (image, at, row) => {
      machine.kernels.spread(view.at + 4 * image * view.image, view.row, at, row, height, width, channels, 1);
    },
  };
}

export function elements(shape: Shape): number {
  return shape.height * shape.width * shape.channels;
}

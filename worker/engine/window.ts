/** Windows that slide over an image, of convolutions and pools. */
import type { Shape } from './parameter.js';

/** Zeros round an image. */
export interface Zeros {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** A sliding window: `rows` x `columns`, its strides, and the zeros before and after the image. */
export interface Window extends Zeros {
  readonly rows: number;
  readonly columns: number;
  readonly strideRows: number;
  readonly strideColumns: number;
}

/** Zeros before and after, as TensorFlow's SAME: the odd one goes after. */
export function paddingOf(size: number, window: number, stride: number, same: boolean): [number, number] {
  if (!same) return [0, 0];
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

export function slid(input: Shape, window: Window, channels: number): Shape {
  const steps = (size: number, padding: number, extent: number, stride: number): number => Math.floor((size + padding - extent) / stride) + 1;
  return {
    height: steps(input.height, window.top + window.bottom, window.rows, window.strideRows),
    width: steps(input.width, window.left + window.right, window.columns, window.strideColumns),
    channels,
  };
}

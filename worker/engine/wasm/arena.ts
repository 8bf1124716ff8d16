import type { Shape } from '../parameter.js';

/** Tiles read up to 7 floats past the end of a buffer (kernels/simd.h). */
const SLACK_BYTES = 32;
const ALIGNMENT = 64;

export interface Border {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export const NO_BORDER: Border = { top: 0, bottom: 0, left: 0, right: 0 };

/** Images [count, height, width, channels] in memory, perhaps inside borders that stay zero. */
export interface View {
  readonly shape: Shape;
  /** Byte offset of the first pixel of image 0. */
  readonly at: number;
  /** Floats from one row to the next, and from one image to the next. */
  readonly row: number;
  readonly image: number;
}

/**
 * Plans where everything lies, before any memory exists: what it has handed out is exactly what the
 * program will take. Nothing is handed back: activations live for the whole step because the backward
 * pass reads them, and the few buffers that could be shared (gradients) are shared by their owners.
 */
export class Arena {
  private end: number;

  constructor(base: number) {
    this.end = base;
  }

  get bytes(): number {
    return this.end;
  }

  take(bytes: number): number {
    const at = this.end;
    this.end = Math.ceil((at + bytes + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
    return at;
  }

  floats(count: number): number {
    return this.take(4 * count);
  }

  doubles(count: number): number {
    return this.take(8 * count);
  }

  view(shape: Shape, images: number, border: Border): View {
    const bytes = 4 * images * imageFloats(shape, border);
    return viewAt(this.take(bytes), shape, border);
  }
}

export function imageFloats(shape: Shape, border: Border): number {
  return (shape.height + border.top + border.bottom) * (shape.width + border.left + border.right) * shape.channels;
}

/** A view on images that begin, borders included, at byte offset `at`. */
export function viewAt(at: number, shape: Shape, border: Border): View {
  const row = (shape.width + border.left + border.right) * shape.channels;
  return { shape, at: at + 4 * (border.top * row + border.left * shape.channels), row, image: imageFloats(shape, border) };
}

export function imageAt(view: Pick<View, 'at' | 'image'>, index: number): number {
  return view.at + 4 * index * view.image;
}

/** The same memory under another shape; the view must have no borders. */
export function reshaped(view: View, shape: Shape): View {
  return { shape, at: view.at, row: shape.width * shape.channels, image: view.image };
}

import { attribute, type Attributes } from '../graph-def.js';
import type { Shape } from '../../parameter.js';
import type { Window } from '../../window.js';

/** TensorFlow's words for a window's zeros. Its SAME and VALID are faster than zeros that are spelt out. */
export function paddingAttributes(window: Window, input: Shape): Attributes {
  const { top, bottom, left, right } = window;
  if (top + bottom + left + right === 0) return { padding: attribute.text('VALID'), explicit_paddings: attribute.ints([]) };
  if (isSame(window, input)) return { padding: attribute.text('SAME'), explicit_paddings: attribute.ints([]) };
  return { padding: attribute.text('EXPLICIT'), explicit_paddings: attribute.ints([0, 0, top, bottom, left, right, 0, 0]) };
}

export function isSame({ rows, columns, strideRows, strideColumns, top, bottom, left, right }: Window, input: Shape): boolean {
  const same = (size: number, extent: number, stride: number, before: number, after: number): boolean => {
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size);
    return before === Math.floor(total / 2) && after === total - before;
  };
  return same(input.height, rows, strideRows, top, bottom) && same(input.width, columns, strideColumns, left, right);
}

export function windowAttributes({ strideRows, strideColumns }: Window): Attributes {
  return { strides: attribute.ints([1, strideRows, strideColumns, 1]), data_format: attribute.text('NHWC') };
}

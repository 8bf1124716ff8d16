import type { ImageSource } from './engine.js';
import type { Shape } from './parameter.js';

/** Throws RangeError where the data have another size or number of classes than the model. */
export function expectFit({ input, classes }: { readonly input: Shape; readonly classes: number }, dataClasses: number, source: Pick<ImageSource, 'height' | 'width' | 'channels'>): void {
  const size = ({ height, width, channels }: Shape): string => `${String(height)} x ${String(width)} x ${String(channels)}`;
  if (size(source) !== size(input)) throw new RangeError(`the images are ${size(source)}, the model takes ${size(input)}`);
  if (classes !== dataClasses) throw new RangeError(`the model gives ${String(classes)} classes, the data has ${String(dataClasses)}`);
}

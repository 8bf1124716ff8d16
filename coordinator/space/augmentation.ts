import type { Augmentation } from '../../proto/work.js';

/** Augmentation as a sweep file writes it; what is left out is not done. */
export interface WrittenAugmentation {
  readonly rotation?: number;
  /** Of both directions, or [horizontal, vertical]. */
  readonly shift?: number | readonly [number, number];
  readonly shear?: number;
  readonly zoom?: number;
  readonly flip?: Augmentation['flip'];
  readonly contrast?: number;
  readonly brightness?: number;
  readonly crop?: number;
  readonly noise?: number;
  readonly cutout?: number;
  readonly mixup?: number;
  readonly fill?: Augmentation['fill'];
}

/** With every field filled in, but those that were not always there, which are left out where they are 0; null where nothing would be done, whatever the fill. */
export function resolveAugmentation(written: WrittenAugmentation | null): Augmentation | null {
  if (written === null) return null;
  const { rotation = 0, shift = 0, shear = 0, zoom = 0, flip = 'none', contrast = 0, brightness = 0, crop = 0, noise = 0, cutout = 0, mixup = 0, fill = 'nearest' } = written;
  const [shiftHorizontal, shiftVertical] = typeof shift === 'number' ? [shift, shift] : shift;
  const isZero = (amount: number): boolean => amount === 0;
  const stays = [rotation, shiftHorizontal, shiftVertical, shear, zoom, crop].every(isZero);
  const later = Object.fromEntries(Object.entries({ noise, cutout, mixup }).filter(([, amount]) => !isZero(amount)));
  const idle = stays && [contrast, brightness].every(isZero) && flip === 'none' && Object.keys(later).length === 0;
  // Where nothing moves, nothing is filled: trials that differ in it alone are one.
  return idle ? null : { rotation, shiftHorizontal, shiftVertical, shear, zoom, flip, contrast, brightness, crop, ...later, fill: stays ? 'nearest' : fill };
}

/** What of a sweep's data and of an assignment every kind of model is told. */
import type { ImageInput, Json, Region } from '../../proto/work.js';
import type { DataSpec, DataSummary } from './spec.js';

/** Of masks what workers are told: boxes stand in the data set, and where its folder lay says nothing. */
export function regionOf(crop: NonNullable<DataSpec['crop']>): Region {
  return 'box' in crop ? crop : { masks: { margin: crop.margin } };
}

export function inputOf(data: DataSpec, size: number, normalisation: ImageInput['normalisation']): ImageInput {
  return { height: size, width: size, channels: data.channels === 'rgb' ? 3 : 1, resize: data.resize, ...(data.crop === undefined ? {} : { crop: regionOf(data.crop) }), normalisation: data.normalisation ?? normalisation };
}

/**
 * One weight per class, or null where all are 1. `balanced` is n / (classes * count of the class) over
 * the training part, as scikit-learn's compute_class_weight; in a map, classes left out weigh 1.
 */
export function classWeights(written: Json, data: DataSummary): readonly number[] | null {
  const counts = data.counts.train;
  let weights: readonly number[];
  if (written === 'none') return null;
  if (written === 'balanced') {
    const total = counts.reduce((sum, count) => sum + count, 0);
    weights = counts.map((count) => total / (counts.length * count));
  } else {
    const map = written as { readonly [className: string]: number };
    weights = data.classes.map((className) => (Object.hasOwn(map, className) ? (map[className] ?? 1) : 1));
  }
  return weights.every((weight) => weight === 1) ? null : weights;
}

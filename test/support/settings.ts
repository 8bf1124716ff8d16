import type { ImageEpochSettings } from '../../proto/work.js';

/** An epoch without any of the optional tricks but for what `more` says. */
export function imageSettings(more: Partial<ImageEpochSettings> = {}): ImageEpochSettings {
  const lr = more.lr ?? Math.fround(0.01);
  return {
    lr, lrFrom: lr, batch: 30, accumulate: 1, dropout: 0.5, classWeights: null, l2: 0, labelSmoothing: 0, clipNorm: null, trainFraction: 1, augment: null, dataSeed: 0,
    ...more,
  };
}

import type { ImageEpochSettings, ImageTrajectory } from '../../proto/work.js';
import type { StepSettings } from '../engine/engine.js';
import { pixelTransform } from './augmentation.js';
import { dropoutSeed } from './order.js';

/** What is in force in one step of an epoch over `train`, on the images at `images`, at the rate `lr`. */
export function stepSettings(
  { replicate, input }: Pick<ImageTrajectory, 'replicate' | 'input'>, settings: ImageEpochSettings, epoch: number, step: number, images: Int32Array, lr: number, train: Int32Array,
): StepSettings {
  const { base, dropout, classWeights, l2, labelSmoothing, clipNorm, augment, dataSeed } = settings;
  const transforms = augment === null ? null : Array.from(images, (image) => pixelTransform(augment, input, dataSeed, replicate, epoch, image, train));
  const baseLr = base === undefined ? {} : { baseLr: base.lr ?? lr * (base.lrFactor ?? 1) };
  return { lr, ...baseLr, dropout, classWeights, l2, labelSmoothing, clipNorm, augment: transforms, dropoutSeed: dropoutSeed(dataSeed, replicate, epoch, step) };
}

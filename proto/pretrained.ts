/** What is known of weights that were trained elsewhere. */
import type { PretrainedNormalisation } from './normalisations.js';
import type { BlobId } from './work.js';

/** Whose names the tensors of a weight file have. */
export type WeightNames = 'keras' | 'torch';

/** What the submitting side found out about the weight file that a sweep file names. */
export interface WeightsSource {
  /** What workers get: its tensors in Keras' names and layouts. */
  readonly blob: BlobId;
  readonly bytes: number;
  readonly names: WeightNames;
}

const CAFFE = new Set(['vgg16', 'vgg19', 'resnet50', 'resnet101']);
const KERAS_TF = new Set(['mobilenetv2', 'xception', 'inception']);

/** What the weights that are usual for a model were trained with; null where nothing is known. */
export function usualNormalisation(model: string, names: WeightNames): PretrainedNormalisation | null {
  if (model === 'efficientnet-lite0') return 'lite';
  if (names === 'torch') return 'torch';
  return CAFFE.has(model) ? 'caffe' : KERAS_TF.has(model) ? 'tf' : null;
}

/** How images are normalised for weights that were trained elsewhere, and what is known of such weights. */
import type { BlobId } from './work.js';

/** x = (v - mean) / deviation per channel, on values from 0 to 255. */
interface Constants {
  readonly mean: readonly [red: number, green: number, blue: number];
  readonly deviation: readonly [red: number, green: number, blue: number];
}

/**
 * `tf`, `torch` and `caffe` are the modes of Keras' imagenet_utils.preprocess_input; `caffe` there takes
 * blue first, which is in the weights here: they are turned round when they are read. `lite` is EfficientNet-Lite's.
 */
export const PRETRAINED_NORMALISATIONS = {
  tf: { mean: [127.5, 127.5, 127.5], deviation: [127.5, 127.5, 127.5] },
  torch: { mean: [0.485 * 255, 0.456 * 255, 0.406 * 255], deviation: [0.229 * 255, 0.224 * 255, 0.225 * 255] },
  caffe: { mean: [123.68, 116.779, 103.939], deviation: [1, 1, 1] },
  lite: { mean: [127, 127, 127], deviation: [128, 128, 128] },
} as const satisfies { readonly [name: string]: Constants };

export type PretrainedNormalisation = keyof typeof PRETRAINED_NORMALISATIONS;

export function isPretrained(normalisation: string): normalisation is PretrainedNormalisation {
  return Object.hasOwn(PRETRAINED_NORMALISATIONS, normalisation);
}

/** Whose names the tensors of a weight file have. */
export type WeightNames = 'keras' | 'torch';

/** What the submitting side found out about the weight file that a sweep file names. */
export interface WeightsSource {
  /** What workers get: its tensors in Keras' names and layouts. */
  readonly blob: BlobId;
  readonly bytes: number;
  readonly names: WeightNames;
  /** Of the model whose weights they are: its layers in order, and the one that its base ends with unless `cutAt` says otherwise; of several structures, those that all have. */
  readonly layers: readonly string[];
  readonly usualCut: string;
}

const CAFFE = new Set(['vgg16', 'vgg19', 'resnet50', 'resnet101']);
const KERAS_TF = new Set(['mobilenetv2', 'xception', 'inception']);

/** What the weights that are usual for a model were trained with; null where nothing is known. */
export function usualNormalisation(model: string, names: WeightNames): PretrainedNormalisation | null {
  if (model === 'efficientnet-lite0') return 'lite';
  if (names === 'torch') return 'torch';
  return CAFFE.has(model) ? 'caffe' : KERAS_TF.has(model) ? 'tf' : null;
}

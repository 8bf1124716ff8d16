/** How images are normalised for weights that were trained elsewhere. */

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

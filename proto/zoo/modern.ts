/** Networks of the years since 2014: branches that are joined, and convolutions that are cut into depthwise and pointwise ones. */
import { HEAD_KNOBS, OPTIMIZERS, type ZooModel } from './model.js';

const DEFAULTS: ZooModel['defaults'] = { imageSize: 224, batch: 32, epochs: 25, lr: 0.001, dropout: 0.2, optimizer: OPTIMIZERS.adam, normalisation: 'scale' };

export const MODERN: readonly ZooModel[] = [
  {
    name: 'inception',
    meaning: 'GoogLeNet: nine modules of four branches each, without auxiliary heads',
    from: 'Szegedy et al. 2015',
    knobs: [
      { name: 'batchNorm', kind: 'choice', default: true, choices: [true, false], meaning: 'batch norm between convolution and activation; published without' },
      ...HEAD_KNOBS,
    ],
    minImageSize: 1,
    defaults: { ...DEFAULTS, dropout: 0.4 },
  },
  {
    name: 'xception',
    meaning: 'Xception: separable convolutions in residual blocks',
    from: 'Chollet 2017, as Keras Applications has it; study D',
    knobs: HEAD_KNOBS,
    minImageSize: 7,
    defaults: { ...DEFAULTS, imageSize: 128 },
  },
  {
    name: 'mobilenetv2',
    meaning: 'MobileNetV2: inverted residual blocks, small and fast',
    from: 'Sandler et al. 2018, as Keras Applications has it',
    knobs: [
      { name: 'alpha', kind: 'float', default: 1, min: 0.1, max: 4, length: null, meaning: 'multiplies the filters of all layers, rounded to multiples of 8' },
      ...HEAD_KNOBS,
    ],
    minImageSize: 1,
    defaults: DEFAULTS,
  },
  {
    name: 'efficientnet-lite0',
    meaning: 'EfficientNet-Lite0: inverted residual blocks of width and depth found by search',
    from: 'Tan and Le 2019; Liu 2020',
    knobs: HEAD_KNOBS,
    minImageSize: 1,
    defaults: DEFAULTS,
  },
];

/** Plain networks: a few layers one after another. */
import { ACTIVATION, OPTIMIZERS, type ZooModel } from './model.js';

export const PLAIN: readonly ZooModel[] = [
  {
    name: 'garth-cnn',
    meaning: 'three convolutions with batch norm and a swept dense layer',
    from: 'study A (pneumonia, MATLAB 2018)',
    knobs: [
      { name: 'filters', kind: 'int-list', default: [8, 16, 49], min: 1, max: 4096, length: 3, meaning: 'filters of the three convolutions' },
      { name: 'fcWidth', kind: 'int', default: 100, min: 0, max: 65536, length: null, meaning: 'neurons of the dense layer before the output; 0 leaves it out' },
    ],
    minImageSize: 4,
    defaults: {
      imageSize: 100,
      batch: 30,
      epochs: 100,
      lr: { piecewise: { initial: 0.01, factor: 0.2, every: 5 } },
      dropout: 0.5,
      optimizer: OPTIMIZERS.sgdm,
      normalisation: 'zerocenter',
    },
  },
  {
    name: 'lenet5',
    meaning: 'LeNet-5: two convolutions, two poolings, three dense layers',
    from: 'LeCun et al. 1998',
    knobs: [
      { name: 'fcWidth', kind: 'int', default: 120, min: 1, max: 65536, length: null, meaning: 'neurons of the first dense layer' },
    ],
    minImageSize: 12,
    defaults: { imageSize: 28, batch: 64, epochs: 10, lr: 0.001, dropout: 0, optimizer: OPTIMIZERS.adam, normalisation: 'scale' },
  },
  {
    name: 'cnn',
    meaning: 'blocks of convolution, batch norm, activation and pooling, then a dense layer: everything swept',
    from: 'trawl',
    knobs: [
      { name: 'blocks', kind: 'int', default: 3, min: 1, max: 10, length: null, meaning: 'blocks; one pools only where its image has 2 pixels or more each way' },
      { name: 'filters', kind: 'int', default: 32, min: 1, max: 1024, length: null, meaning: "filters of the first block's convolution; each next block has twice as many" },
      { name: 'kernel', kind: 'int', default: 3, min: 1, max: 15, length: null, meaning: 'width and height of the convolutions, padded so that the image keeps its size' },
      { name: 'pooling', kind: 'choice', default: 'max', choices: ['max', 'average'], meaning: 'pooling of 2 x 2 at the end of each block' },
      ACTIVATION,
      { name: 'batchNorm', kind: 'choice', default: true, choices: [true, false], meaning: 'batch norm between convolution and activation' },
      { name: 'fcWidth', kind: 'int', default: 128, min: 0, max: 65536, length: null, meaning: 'neurons of the dense layer before the output; 0 leaves it out' },
    ],
    minImageSize: 1,
    defaults: { imageSize: 64, batch: 32, epochs: 20, lr: 0.001, dropout: 0.5, optimizer: OPTIMIZERS.adam, normalisation: 'scale' },
  },
  {
    name: 'mlp',
    meaning: 'dense layers on the pixels, each with dropout',
    from: 'study E (sign-language digits)',
    knobs: [
      { name: 'hidden', kind: 'int-list', default: [512, 512], min: 1, max: 65536, length: null, meaning: 'neurons of each hidden layer' },
      ACTIVATION,
    ],
    minImageSize: 1,
    defaults: { imageSize: 64, batch: 128, epochs: 50, lr: 0.001, dropout: 0.2, optimizer: OPTIMIZERS.adam, normalisation: 'scale' },
  },
];

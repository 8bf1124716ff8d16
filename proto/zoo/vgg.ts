/** VGG (Simonyan and Zisserman 2015), configurations D and E: blocks of 3 x 3 convolutions, each pooled. */
import { HEAD_KNOBS, OPTIMIZERS, WIDEST, type Knob, type ZooModel } from './model.js';

const KNOBS: readonly Knob[] = [
  { name: 'filters', kind: 'int-list', default: [64, 128, 256, 512, 512], min: 1, max: WIDEST.filters, length: 5, meaning: 'filters of the convolutions of each of the five blocks' },
  { name: 'inputNorm', kind: 'choice', default: false, choices: [true, false], meaning: 'batch norm on the image' },
  ...HEAD_KNOBS,
];
const DEFAULTS = { imageSize: 224, batch: 32, epochs: 25, lr: 0.0001, dropout: 0, optimizer: OPTIMIZERS.adam, normalisation: 'scale' } as const;

export const VGG: readonly ZooModel[] = [
  { name: 'vgg16', meaning: 'VGG-16 without its top: 13 convolutions in five blocks', from: 'Simonyan and Zisserman 2015', knobs: KNOBS, minImageSize: 1, defaults: DEFAULTS },
  { name: 'vgg19', meaning: 'VGG-19 without its top: 16 convolutions in five blocks', from: 'Simonyan and Zisserman 2015; study C', knobs: KNOBS, minImageSize: 1, defaults: DEFAULTS },
];

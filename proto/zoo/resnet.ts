/** Residual networks (He, Zhang, Ren, Sun 2016). */
import { HEAD_KNOBS, OPTIMIZERS, type Knob, type ZooModel } from './model.js';

const KNOBS: readonly Knob[] = [
  { name: 'width', kind: 'int', default: 64, min: 1, max: 512, length: null, meaning: 'filters of the first stage; each of the three next ones has twice as many' },
  ...HEAD_KNOBS,
];
const DEFAULTS = { imageSize: 128, batch: 44, epochs: 100, lr: 0.001, dropout: 0, optimizer: OPTIMIZERS.adam, normalisation: 'scale' } as const;

export const RESNET: readonly ZooModel[] = [
  { name: 'resnet18', meaning: 'ResNet-18 without its top: eight blocks of two convolutions', from: 'He et al. 2016, as torchvision has it', knobs: KNOBS, minImageSize: 1, defaults: DEFAULTS },
  { name: 'resnet50', meaning: 'ResNet-50 without its top: 16 blocks of three convolutions', from: 'He et al. 2016, as Keras Applications has it', knobs: KNOBS, minImageSize: 1, defaults: DEFAULTS },
  { name: 'resnet101', meaning: 'ResNet-101 without its top: 33 blocks of three convolutions', from: 'He et al. 2016, as Keras Applications has it; study D', knobs: KNOBS, minImageSize: 1, defaults: DEFAULTS },
];

/** The networks of the published studies that train from scratch. */
import { ACTIVATION, type Knob, OPTIMIZERS, WIDEST, type ZooModel } from './model.js';

function filters(published: readonly number[], what: string, length: number | null = null): Knob {
  return { name: 'filters', kind: 'int-list', default: published, min: 1, max: WIDEST.filters, length, meaning: what };
}

function hidden(published: readonly number[]): Knob {
  return { name: 'hidden', kind: 'int-list', default: published, min: 1, max: WIDEST.neurons, length: null, meaning: 'neurons of each dense layer before the output' };
}

/** Of four classes of chest X-rays, 224 px. */
const STUDY_C = { imageSize: 224, batch: 32, epochs: 25, lr: 0.001, optimizer: OPTIMIZERS.adam, normalisation: 'scale' } as const;
/** Of pneumonia, 128 px. */
const STUDY_D = { imageSize: 128, batch: 44, epochs: 100, lr: 0.001, dropout: 0, optimizer: OPTIMIZERS.adam, normalisation: 'scale' } as const;

export const STUDIES: readonly ZooModel[] = [
  {
    name: 'lmap3',
    meaning: 'batch norm, stages of convolution and pooling, two dense layers',
    from: 'study C (chest X-rays of four classes)',
    knobs: [filters([32, 32, 32, 64, 64], 'filters of the convolution of each stage'), hidden([128, 64])],
    minImageSize: 1,
    defaults: { ...STUDY_C, dropout: 0.25 },
  },
  {
    name: 'alexnet',
    meaning: 'AlexNet with batch norm on the image, five convolutions and two wide dense layers',
    from: 'Krizhevsky et al. 2012, as study C has it',
    knobs: [filters([96, 256, 384, 384, 256], 'filters of the five convolutions', 5), hidden([4096, 4096])],
    minImageSize: 1,
    defaults: { ...STUDY_C, dropout: 0.5 },
  },
  {
    name: 'ann',
    meaning: 'dense layers on the pixels, dropout on these and after each layer',
    from: 'study D (pneumonia with many models)',
    knobs: [hidden([256, 128, 64, 32, 10]), ACTIVATION],
    minImageSize: 1,
    defaults: STUDY_D,
  },
  {
    name: 'cnn-d',
    meaning: 'stages of convolution and pooling, then dense layers, each with dropout',
    from: 'study D (pneumonia with many models)',
    knobs: [filters([32, 64, 128], 'filters of the convolution of each stage'), hidden([128, 64])],
    minImageSize: 1,
    defaults: STUDY_D,
  },
  {
    name: 'cnn-e',
    meaning: 'four convolutions, three of them pooled, and a wide dense layer',
    from: 'study E (sign-language digits)',
    knobs: [filters([32, 64, 128, 128], 'filters of the four convolutions', 4), hidden([1024])],
    minImageSize: 1,
    defaults: { imageSize: 64, batch: 128, epochs: 10, lr: 0.001, dropout: 0.25, optimizer: OPTIMIZERS.adam, normalisation: 'scale' },
  },
];

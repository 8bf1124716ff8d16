// A network of one's own, for `model: ./my-model.ts`: blocks of two convolutions and a pooling.
// Needs `npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-cpu` beside it.
import '@tensorflow/tfjs-backend-cpu';
import { layers, sequential } from '@tensorflow/tfjs-layers';

// What a sweep file may name in `space`, with defaults and bounds.
export const knobs = {
  blocks: { default: 2, min: 1, max: 4, meaning: 'blocks of two convolutions and a pooling' },
  filters: { default: 8, min: 1, max: 256, meaning: 'filters of the first block; each next one has twice as many' },
  activation: { default: 'relu', choices: ['relu', 'elu'] },
};

type Settings = { blocks: number; filters: number; activation: 'relu' | 'elu' };
type Input = { height: number; width: number; channels: number; classes: number };

export function build({ blocks, filters, activation }: Settings, { height, width, channels, classes }: Input) {
  const model = sequential();
  const kernelInitializer = 'glorotUniform';
  for (let block = 0; block < blocks; block++) {
    const convolution = { filters: filters * 2 ** block, kernelSize: 3, padding: 'same', activation, kernelInitializer } as const;
    model.add(layers.conv2d(block === 0 ? { ...convolution, inputShape: [height, width, channels] } : convolution));
    model.add(layers.conv2d(convolution));
    model.add(layers.maxPooling2d({ poolSize: 2 }));
  }
  model.add(layers.flatten());
  model.add(layers.dropout({ rate: 0 })); // the rate in force is the sweep's `dropout`
  model.add(layers.dense({ units: classes, activation: 'softmax', kernelInitializer }));
  return model;
}

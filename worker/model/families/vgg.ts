import type { ModelBuilders } from '../builders.js';
import type { Knobs } from '../knobs.js';
import type { Input } from '../layers.js';
import { headOf, Network } from '../network.js';
import type { Output } from '../output.js';
import type { Topology } from '../topology.js';

/** `convolutions`: how many each block has. Layers have the names of Keras Applications. */
function vgg(name: string, convolutions: readonly number[], knobs: Knobs, input: Input, output: Output): Topology {
  const model = new Network(name, input);
  const filters = knobs.several('filters', 5);
  let value = knobs.oneOf('inputNorm', [true, false] as const) ? model.batchNorm('input_norm', model.image) : model.image;
  convolutions.forEach((count, index) => {
    const block = `block${String(index + 1)}`;
    for (let nth = 1; nth <= count; nth++) value = model.conv(`${block}_conv${String(nth)}`, value, filters[index]!, 3, { activation: 'relu' });
    value = model.maxPool(`${block}_pool`, value, 2, 2);
  });
  return model.head(value, headOf(knobs, output));
}

export const VGG_BUILDERS: ModelBuilders = {
  vgg16: (knobs, input, output) => vgg('vgg16', [2, 2, 3, 3, 3], knobs, input, output),
  vgg19: (knobs, input, output) => vgg('vgg19', [2, 2, 4, 4, 4], knobs, input, output),
};

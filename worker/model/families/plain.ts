import type { ModelBuilders } from '../builders.js';
import { ACTIVATIONS } from '../layers.js';
import { cnn } from './cnn.js';
import { garthCnn } from './garth-cnn.js';
import { lenet5 } from './lenet5.js';
import { mlp } from './mlp.js';

export const PLAIN_BUILDERS: ModelBuilders = {
  'garth-cnn': (knobs, input, output) => garthCnn(knobs.several('filters', 3), knobs.whole('fcWidth', 0), input, output),
  lenet5: (knobs, input, output) => lenet5(knobs.whole('fcWidth', 1), input, output),
  cnn: (knobs, input, output) => {
    const [blocks, filters, kernel, fcWidth] = [knobs.whole('blocks', 1), knobs.whole('filters', 1), knobs.whole('kernel', 1), knobs.whole('fcWidth', 0)];
    const pooling = knobs.oneOf('pooling', ['max', 'average'] as const);
    const chosen = { blocks, filters, kernel, fcWidth, pooling, activation: knobs.oneOf('activation', ACTIVATIONS), batchNorm: knobs.oneOf('batchNorm', [true, false] as const) };
    return cnn(chosen, input, output);
  },
  mlp: (knobs, input, output) => mlp(knobs.list('hidden'), knobs.oneOf('activation', ACTIVATIONS), input, output),
};

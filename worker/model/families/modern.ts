import type { ModelBuilders } from '../builders.js';
import { headOf } from '../network.js';
import { efficientNetLite0 } from './efficientnet.js';
import { inception } from './inception.js';
import { mobileNetV2 } from './mobilenet.js';
import { xception } from './xception.js';

export const MODERN_BUILDERS: ModelBuilders = {
  inception: (knobs, input, output) => inception(knobs.oneOf('batchNorm', [true, false] as const), input, headOf(knobs, output)),
  xception: (knobs, input, output) => xception(input, headOf(knobs, output)),
  mobilenetv2: (knobs, input, output) => mobileNetV2(knobs.number('alpha'), input, headOf(knobs, output)),
  'efficientnet-lite0': (knobs, input, output) => efficientNetLite0(input, headOf(knobs, output)),
};

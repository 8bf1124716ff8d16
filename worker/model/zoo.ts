import { ZOO } from '../../proto/models.js';
import type { ModelChoice } from '../../proto/work.js';
import type { ModelBuilders } from './builders.js';
import { MODERN_BUILDERS } from './families/modern.js';
import { PLAIN_BUILDERS } from './families/plain.js';
import { RESNET_BUILDERS } from './families/resnet.js';
import { STUDY_BUILDERS } from './families/studies.js';
import { VGG_BUILDERS } from './families/vgg.js';
import { Knobs } from './knobs.js';
import type { Input } from './layers.js';
import { ModelError } from './model-error.js';
import { outputOf } from './output.js';
import type { Topology } from './topology.js';
import { transferModel, type TransferModel } from './transfer.js';

/** One family a line; what the models may be told is said in proto/zoo. */
const BUILDERS: ModelBuilders = {
  ...PLAIN_BUILDERS,
  ...STUDY_BUILDERS,
  ...VGG_BUILDERS,
  ...RESNET_BUILDERS,
  ...MODERN_BUILDERS,
};

export const MODEL_NAMES: readonly string[] = Object.keys(BUILDERS);

/**
 * A zoo model for images of `input` and so many classes, where `model.knobs` must be complete; or a
 * module's, which was built and checked for them when its sweep was submitted.
 * Throws ModelError: unknown name, a knob missing or out of range, a head that does not go with the classes, or images too small for its layers.
 */
export function buildModel(model: ModelChoice, input: Input, classes: number): Topology {
  return model.transfer === undefined ? wholeModel(model, input, classes) : transferOf(model, input, classes).topology;
}

/** A transfer's model, and how much of it is the base. Throws ModelError. */
export function transferOf(model: ModelChoice, input: Input, classes: number): TransferModel {
  if (model.transfer === undefined) throw new ModelError(`${model.name}: no weights of a base are named`);
  return transferModel(wholeModel(model, input, classes), model.transfer, outputOf(model, classes));
}

function wholeModel(model: ModelChoice, input: Input, classes: number): Topology {
  if (model.topology !== undefined) return model.topology;
  const build = Object.hasOwn(BUILDERS, model.name) ? BUILDERS[model.name] : undefined;
  if (build === undefined) throw new ModelError(`model: found ${model.name}, expected one of ${MODEL_NAMES.join(', ')}`);
  const least = ZOO.find(({ name }) => name === model.name)?.minImageSize ?? 1;
  if (input.height < least || input.width < least) {
    throw new ModelError(
      `${model.name}: images of ${String(input.height)} x ${String(input.width)} are too small for its kernels and pools; the least imageSize is ${String(least)}`,
    );
  }
  return build(new Knobs(model), input, outputOf(model, classes));
}

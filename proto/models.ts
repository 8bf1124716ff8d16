/**
 * The zoo as data: what each model may be told, and the settings under which its study published it.
 * The coordinator checks and completes sweeps from it; the worker builds the layers
 * (worker/model/families), and a test holds both equal.
 */
import { CodedError } from './coded-error.js';
import { CLASSICAL, type ClassicalModel } from './zoo/classical.js';
import type { ZooModel } from './zoo/model.js';
import { MODERN } from './zoo/modern.js';
import { PLAIN } from './zoo/plain.js';
import { RESNET } from './zoo/resnet.js';
import { STUDIES } from './zoo/studies.js';
import { VGG } from './zoo/vgg.js';

export { CLASSICAL, CLASSICAL_HYPERPARAMETERS, type ClassicalModel } from './zoo/classical.js';
export { OPTIMIZERS, type ChoiceKnob, type Knob, type NumberKnob, type ZooModel } from './zoo/model.js';

/** Raised with every change of the built-in trainable that moves numbers; part of every key. */
export const IMAGE_CLASSIFIER_VERSION = 4;
export const SYNTHETIC_VERSION = 1;
/** Raised with every change that moves what a classical model is fitted to, or says. */
export const CLASSICAL_VERSION = 1;

export const DEFAULT_MODEL = 'garth-cnn';

/** The networks, one family a line. */
export const ZOO: readonly ZooModel[] = [
  ...PLAIN,
  ...STUDIES,
  ...VGG,
  ...RESNET,
  ...MODERN,
];

/** Whatever a sweep over images may name as its model. */
export type NamedModel = ZooModel | ClassicalModel;

export const MODELS: readonly NamedModel[] = [...ZOO, ...CLASSICAL];

export function isClassical(model: NamedModel): model is ClassicalModel {
  return 'classical' in model;
}

export class UnknownModelError extends CodedError {
  readonly code = 'UnknownModel';
  constructor(name: string) {
    super(`there is no model ${JSON.stringify(name)}; the zoo has ${MODELS.map((model) => model.name).join(', ')}`);
  }
}

/** Throws UnknownModelError. */
export function namedModel(name: string): NamedModel {
  const model = MODELS.find((candidate) => candidate.name === name);
  if (model === undefined) throw new UnknownModelError(name);
  return model;
}

/** What a file with a classical model may not say: it has no layers, and is fitted at once. */
import { CLASSICAL_HYPERPARAMETERS, type ClassicalModel } from '../../proto/models.js';
import type { ImageDraft } from './draft.js';
import { describe, type Problem } from './mistakes.js';
import { oneOf } from './schema-parts.js';
import { COMMON_HYPERPARAMETERS, hyperparametersOf } from './schema-space.js';
import type { Axis } from './spec.js';

export function checkClassical(draft: ImageDraft, model: ClassicalModel, axes: readonly Axis[]): Problem[] {
  return [...checkWeights(draft, model), ...[...draft.space.keys()].flatMap((name) => checkName(name, model)), ...checkEpochs(model, axes)];
}

function checkWeights({ raw }: ImageDraft, { name }: ClassicalModel): Problem[] {
  if (raw.weights === undefined) return [];
  return [{ path: ['weights'], at: 'key', found: `weights beside ${name}`, expected: 'a network of the zoo as the model', suggestion: 'a classical model begins with nothing' }];
}

/** Of what every network has; the knobs of other models are told elsewhere. */
function checkName(name: string, model: ClassicalModel): Problem[] {
  const known: readonly string[] = [...CLASSICAL_HYPERPARAMETERS, ...(model.takesClassWeights ? ['classWeights'] : [])];
  if (known.includes(name) || !COMMON_HYPERPARAMETERS.includes(name)) return [];
  const suggestion = name === 'classWeights' ? `${model.name} has no classes that count more` : 'a classical model is fitted at once, without layers, steps or rates';
  return [{ path: ['space', name], at: 'key', found: `${name} for ${model.name}`, expected: oneOf(hyperparametersOf(model.name) ?? []), suggestion }];
}

function checkEpochs({ name }: ClassicalModel, axes: readonly Axis[]): Problem[] {
  const wrong = axes.find((axis) => axis.name === 'epochs')?.values.find((value) => value !== 1);
  return wrong === undefined ? [] : [{ path: ['space', 'epochs'], at: 'value', found: describe(wrong), expected: `1 for ${name}`, suggestion: 'a classical model is fitted in one epoch: leave epochs out' }];
}

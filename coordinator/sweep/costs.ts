/** What the model of a trial costs, for constraints that speak of it. */
import { canonicalJson } from '../../proto/canonical.js';
import type { ModelModule } from '../../proto/model-module.js';
import { isClassical } from '../../proto/models.js';
import { modelCost, ModelError, UnsupportedLayerError, type CostQuestion, type ModelCost } from '../../worker/model/cost.js';
import { speaksOfCosts, type CostOf } from '../space/constraints.js';
import { resolveAugmentation, type WrittenAugmentation } from '../space/augmentation.js';
import { resolveOptimizer, type WrittenOptimizer } from '../space/optimizer.js';
import type { DataSummary, SweepSpec } from './spec.js';
import { modelChoice, modelFor, structureOf } from './structures.js';
import { transferOf } from './transfer.js';

export { UnsupportedLayerError };

/** Costs that are remembered: many trials have the same model and batch. */
const MOST_KNOWN = 10_000;

/**
 * Null where no constraint speaks of costs. `data` is null for a trainable without data, which has no
 * model; `module` is the one that the spec names, built for all its structures.
 */
export function costsFor(spec: SweepSpec, data: Pick<DataSummary, 'classes'> | null, module: ModelModule | null): CostOf | null {
  const { trainable, constraints = [] } = spec;
  if (trainable.kind !== 'image-classifier' || data === null || !constraints.some(speaksOfCosts)) return null;
  const model = modelFor(trainable.model, module);
  if (isClassical(model)) return null;
  const known = new Map<string, ModelCost | null>();
  return (assignment) => {
    const structure = structureOf(assignment, model, trainable.data, data.classes.length);
    const step = {
      optimizer: resolveOptimizer(assignment.optimizer as WrittenOptimizer),
      batch: Number(assignment.batch),
      accumulate: Number(assignment.accumulate ?? 1),
      clips: (assignment.clipNorm ?? null) !== null,
      augments: resolveAugmentation((assignment.augment ?? null) as WrittenAugmentation | null) !== null,
    };
    const transfer = transferOf({ ...trainable, ...(trainable.weights === undefined ? {} : { weights: { file: '', blob: '' } }) }, assignment, null) ?? null;
    const text = canonicalJson({ structure, step, transfer });
    const before = known.get(text);
    if (before !== undefined) return before;
    const choice = modelChoice(trainable.model, module, structure);
    const cost = choice === null ? null : costOrNull({ model: { ...choice, ...(transfer === null ? {} : { transfer }) }, input: structure.input, classes: data.classes.length, ...step });
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(text, cost);
    return cost;
  };
}

/** A model that its images are too small for costs nothing: its trials are infeasible. */
function costOrNull(question: CostQuestion): ModelCost | null {
  try {
    return modelCost(question);
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  }
}

/** What a sweep says that only some engines can do, once its engine is settled. */
import { isGpuNumerics, numericsText } from '../../proto/numerics.js';
import type { Problem } from './mistakes.js';
import type { BudgetSpec, SweepSpec, TrainableSpec } from './spec.js';

/** Problems with a path into the sweep file; `ParsedSweep.place` gives them their lines. */
export function checkAgainstEngine({ budget, trainable }: Pick<SweepSpec, 'budget' | 'trainable'>, numerics: string): Problem[] {
  return [...checkWeights(trainable, numerics), ...checkGpuHours(budget, trainable, numerics)];
}

function checkWeights(trainable: TrainableSpec, numerics: string): Problem[] {
  if (trainable.kind !== 'image-classifier' || trainable.weights === undefined || !numerics.startsWith('eager')) return [];
  return [{ path: ['weights'], at: 'key', found: 'pretrained weights with the engine eager', expected: 'wasm or graph', suggestion: 'it trains all of a model' }];
}

function checkGpuHours(budget: BudgetSpec, trainable: TrainableSpec, numerics: string): Problem[] {
  if (budget.gpuMs === undefined || isGpuNumerics(numerics)) return [];
  const trainer = trainable.kind !== 'image-classifier' ? `the trainable ${trainable.kind}` : `the engine ${numericsText(numerics)}`;
  return [{ path: ['budget', 'gpuHours'], at: 'value', found: `GPU hours for ${trainer}`, expected: 'slotHours, which every engine counts', suggestion: 'or train on a GPU: trawl engine install --gpu' }];
}

import type { ClassicalKind } from './fit.js';
import { KNN } from './knn.js';
import { LOGISTIC_REGRESSION } from './logistic-regression.js';
import { RANDOM_FOREST } from './random-forest.js';
import { SVM } from './svm.js';

/** What the models may be told is said in proto/zoo/classical.ts. */
const KINDS: { readonly [model: string]: ClassicalKind } = { 'logistic-regression': LOGISTIC_REGRESSION, knn: KNN, svm: SVM, 'random-forest': RANDOM_FOREST };

/** Throws RangeError for a name that is not one of them. */
export function kindOf(model: string): ClassicalKind {
  const kind = Object.hasOwn(KINDS, model) ? KINDS[model] : undefined;
  if (kind === undefined) throw new RangeError(`there is no classical model ${JSON.stringify(model)}`);
  return kind;
}

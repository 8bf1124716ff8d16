import { OPTIMIZERS } from '../../proto/models.js';
import type { OptimizerChoice } from '../../proto/work.js';

/** An optimizer as a sweep file writes it: its name, or its name over the parameters that differ from the defaults. */
export type WrittenOptimizer =
  | OptimizerChoice['name']
  | { readonly sgdm: { readonly momentum?: number } }
  | { readonly adam: { readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number } };

/** With every parameter filled in. */
export function resolveOptimizer(written: WrittenOptimizer): OptimizerChoice {
  if (typeof written === 'string') return OPTIMIZERS[written];
  return 'sgdm' in written ? { ...OPTIMIZERS.sgdm, ...written.sgdm } : { ...OPTIMIZERS.adam, ...written.adam };
}

/** As short as a sweep file can say it. */
export function writeOptimizer(choice: OptimizerChoice): WrittenOptimizer {
  if (choice.name === 'sgdm') return choice.momentum === OPTIMIZERS.sgdm.momentum ? 'sgdm' : { sgdm: { momentum: choice.momentum } };
  const { beta1, beta2, epsilon } = choice;
  const standard = beta1 === OPTIMIZERS.adam.beta1 && beta2 === OPTIMIZERS.adam.beta2 && epsilon === OPTIMIZERS.adam.epsilon;
  return standard ? 'adam' : { adam: { beta1, beta2, epsilon } };
}

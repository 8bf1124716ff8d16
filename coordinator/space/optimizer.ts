import { OPTIMIZERS } from '../../proto/models.js';
import type { OptimizerChoice } from '../../proto/work.js';

type Name = OptimizerChoice['name'];
type Parameters = { readonly [parameter: string]: number };

/** An optimizer as a sweep file writes it: its name, or its name over the parameters that differ from the defaults. */
export type WrittenOptimizer = Name | { readonly [name: string]: Parameters };

/** With every parameter filled in. */
export function resolveOptimizer(written: WrittenOptimizer): OptimizerChoice {
  if (typeof written === 'string') return OPTIMIZERS[written];
  const [name, parameters] = Object.entries(written)[0] as [Name, Parameters];
  const { ema = 0, ...rule } = parameters;
  // An average that keeps nothing of itself is the weight.
  return { ...OPTIMIZERS[name], ...rule, ...(ema === 0 ? {} : { ema }) };
}

/** As short as a sweep file can say it. */
export function writeOptimizer(choice: OptimizerChoice): WrittenOptimizer {
  const { name, ...parameters } = choice;
  const defaults: { readonly [field: string]: number | string } = OPTIMIZERS[name];
  const standard = Object.entries(parameters).every(([parameter, value]) => defaults[parameter] === value);
  return standard ? name : { [name]: parameters };
}

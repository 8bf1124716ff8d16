import type { OptimizerChoice } from '../../../proto/work.js';
import { stateNames } from '../optimizer.js';
import type { Parameter } from '../parameter.js';
import type { Program } from '../program.js';
import type { Arena } from './arena.js';

/** A parameter and its optimizer state in memory. */
export interface Slot {
  readonly parameter: Parameter;
  readonly at: number;
  /** In the order of `stateNames`. */
  readonly state: readonly number[];
}

export function planSlots(program: Program, optimizer: OptimizerChoice, arena: Arena): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  for (const parameter of program.parameters) {
    const at = arena.floats(parameter.count);
    const state = parameter.frozen ? [] : stateNames(optimizer).map(() => arena.floats(parameter.count));
    slots.set(parameter.name, { parameter, at, state });
  }
  return slots;
}

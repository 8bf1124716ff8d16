import type { Json, ModelChoice } from '../../proto/work.js';
import { ModelError } from './model-error.js';

/** The knobs of a model as numbers and words. Everything throws ModelError where a knob is missing or out of its range. */
export class Knobs {
  private readonly model: ModelChoice;

  constructor(model: ModelChoice) {
    this.model = model;
  }

  whole(name: string, least: number): number {
    return this.check(name, this.model.knobs[name], least);
  }

  /** Above 0. */
  number(name: string): number {
    const value = this.model.knobs[name];
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw new ModelError(`${this.model.name}: ${name}: found ${shown(value)}, expected a number above 0`);
  }

  /** Exactly so many whole numbers from 1. */
  several(name: string, length: number): number[] {
    const value = this.model.knobs[name];
    if (!Array.isArray(value) || value.length !== length) {
      throw new ModelError(`${this.model.name}: ${name}: found ${shown(value)}, expected ${length} whole numbers from 1`);
    }
    return (value as readonly Json[]).map((item) => this.check(name, item, 1));
  }

  /** Whole numbers from 1, at least `atLeast` of them. */
  list(name: string, atLeast: 0 | 1 = 1): number[] {
    const value = this.model.knobs[name];
    if (!Array.isArray(value) || value.length < atLeast) throw new ModelError(`${this.model.name}: ${name}: found ${shown(value)}, expected a list of whole numbers from 1`);
    return (value as readonly Json[]).map((item) => this.check(name, item, 1));
  }

  oneOf<Choice extends Json>(name: string, choices: readonly Choice[]): Choice {
    const value = this.model.knobs[name];
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) throw new ModelError(`${this.model.name}: ${name}: found ${shown(value)}, expected one of ${choices.map(String).join(', ')}`);
    return choice;
  }

  private check(name: string, value: Json | undefined, least: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value;
    throw new ModelError(`${this.model.name}: ${name}: found ${shown(value)}, expected a whole number from ${String(least)}`);
  }
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

import type { Json, ModelChoice } from '../../proto/work.js';
import { cnn } from './cnn.js';
import { garthCnn } from './garth-cnn.js';
import { ACTIVATIONS, type Input } from './layers.js';
import { lenet5 } from './lenet5.js';
import { mlp } from './mlp.js';
import { ModelError } from './model-error.js';
import type { Topology } from './topology.js';

interface ZooEntry {
  /** Least width and height in pixels: what leaves every pool and kernel something to work on. */
  readonly leastSize: number;
  build(knobs: Knobs, input: Input, classes: number): Topology;
}

const ZOO: { readonly [name: string]: ZooEntry } = {
  'garth-cnn': {
    leastSize: 4,
    build: (knobs, input, classes) => garthCnn(knobs.three('filters'), knobs.whole('fcWidth', 0), input, classes),
  },
  lenet5: {
    leastSize: 12,
    build: (knobs, input, classes) => lenet5(knobs.whole('fcWidth', 1), input, classes),
  },
  cnn: {
    leastSize: 1,
    build: (knobs, input, classes) => {
      const [blocks, filters, kernel, fcWidth] = [knobs.whole('blocks', 1), knobs.whole('filters', 1), knobs.whole('kernel', 1), knobs.whole('fcWidth', 0)];
      const pooling = knobs.oneOf('pooling', ['max', 'average'] as const);
      const chosen = { blocks, filters, kernel, fcWidth, pooling, activation: knobs.oneOf('activation', ACTIVATIONS), batchNorm: knobs.oneOf('batchNorm', [true, false] as const) };
      return cnn(chosen, input, classes);
    },
  },
  mlp: {
    leastSize: 1,
    build: (knobs, input, classes) => mlp(knobs.list('hidden'), knobs.oneOf('activation', ACTIVATIONS), input, classes),
  },
};

export const MODEL_NAMES: readonly string[] = Object.keys(ZOO);

/**
 * A zoo model for images of `input` and so many classes, where `model.knobs` must be complete; or a
 * module's, which was built and checked for them when its sweep was submitted.
 * Throws ModelError: unknown name, a knob missing or out of range, or images too small for its layers.
 */
export function buildModel(model: ModelChoice, input: Input, classes: number): Topology {
  if (model.topology !== undefined) return model.topology;
  const entry = Object.hasOwn(ZOO, model.name) ? ZOO[model.name] : undefined;
  if (entry === undefined) throw new ModelError(`model: found ${model.name}, expected one of ${MODEL_NAMES.join(', ')}`);
  if (input.height < entry.leastSize || input.width < entry.leastSize) {
    const least = String(entry.leastSize);
    throw new ModelError(
      `${model.name}: images of ${String(input.height)} x ${String(input.width)} are too small for its kernels and pools; the least imageSize is ${least}`,
    );
  }
  return entry.build(new Knobs(model), input, classes);
}

class Knobs {
  private readonly model: ModelChoice;

  constructor(model: ModelChoice) {
    this.model = model;
  }

  whole(name: string, least: number): number {
    return this.check(name, this.model.knobs[name], least);
  }

  three(name: string): [number, number, number] {
    const value = this.model.knobs[name];
    if (!Array.isArray(value) || value.length !== 3) {
      throw new ModelError(`${this.model.name}: ${name}: found ${shown(value)}, expected three whole numbers from 1`);
    }
    const [first, second, third] = value as readonly Json[];
    return [this.check(name, first, 1), this.check(name, second, 1), this.check(name, third, 1)];
  }

  /** At least one whole number from 1. */
  list(name: string): number[] {
    const value = this.model.knobs[name];
    if (!Array.isArray(value) || value.length === 0) throw new ModelError(`${this.model.name}: ${name}: found ${shown(value)}, expected a list of whole numbers from 1`);
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

/** What a model costs before anything is trained. Pure: of settings alone. */
import type { ModelChoice, OptimizerChoice } from '../../proto/work.js';
import { Arena } from '../engine/wasm/arena.js';
import { ARENA_BASE } from '../engine/wasm/kernels.js';
import { planProgram } from '../engine/wasm/plan.js';
import { stateBytes } from '../engine/optimizer.js';
import { programOf, type Program } from '../engine/program.js';
import { UnsupportedLayerError } from '../engine/engine.js';
import type { Input } from './layers.js';
import { ModelError } from './model-error.js';
import { buildModel } from './zoo.js';

export interface CostQuestion {
  readonly model: ModelChoice;
  /** [height, width, channels] of an image. */
  readonly input: Input;
  readonly classes: number;
  readonly optimizer: OptimizerChoice;
  /** Images of a step. */
  readonly batch: number;
  readonly accumulate: number;
  readonly clips: boolean;
  readonly augments: boolean;
}

export interface ModelCost {
  /** Learnables and moving statistics. */
  readonly parameters: number;
  /** For one image, of convolutions and dense layers. */
  readonly multiplyAdds: number;
  /** Bytes that the `wasm` engine takes to train it, its checkpoint among them, beside the process: the same number on every machine. */
  readonly memory: number;
}

export { ModelError, UnsupportedLayerError };

/** Why such a model cannot be built, naming the layer that has nothing left to work on; null where it can. */
export function misfitOf({ model, input, classes }: Pick<CostQuestion, 'model' | 'input' | 'classes'>): string | null {
  try {
    programOf(buildModel(model, input, classes), 'wasm');
    return null;
  } catch (error) {
    if (error instanceof ModelError) return error.message;
    // A layer that another engine may have.
    if (error instanceof UnsupportedLayerError) return null;
    throw error;
  }
}

/** Throws ModelError for a model that cannot be built, and UnsupportedLayerError. */
export function modelCost({ model, input, classes, optimizer, batch, accumulate, clips, augments }: CostQuestion): ModelCost {
  const program: Program = programOf(buildModel(model, input, classes), 'wasm');
  const training = { optimizer, classes, normalisation: { mean: null, deviation: null }, initSeed: 0, replicate: 0, maxBatch: batch, accumulate, clips, augments, memoryBytes: null };
  const total = (of: (layer: Program['layers'][number]) => number): number => program.layers.reduce((sum, layer) => sum + of(layer), 0);
  return { parameters: total(({ params }) => params), multiplyAdds: total((layer) => layer.multiplyAdds), memory: planProgram(program, training, new Arena(ARENA_BASE)).bytes + stateBytes(program.parameters, optimizer) };
}

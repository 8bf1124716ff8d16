/**
 * The built-in `synthetic` trainable: sleeps a given time per epoch and reports formulas over the
 * epoch, the replicate and the hyperparameters. It carries no state from epoch to epoch, so it has no checkpoints;
 * with `epochMs` 0 it arms no timer and measures the path around it.
 */
import { evaluate, parseExpression, type Expression } from '../../proto/expression.js';
import { namedSettings } from '../../proto/named-settings.js';
import type { EpochSettings, SyntheticEpochSettings, SyntheticTrajectory } from '../../proto/work.js';
import type { EpochWatch, TrainedEpoch, Trainer } from './trainer.js';

/** Parsed once per child: the trials of a sweep share their formulas. */
const parsed = new Map<string, Expression>();

function expressionOf(text: string): Expression {
  let expression = parsed.get(text);
  if (expression === undefined) {
    expression = parseExpression(text);
    parsed.set(text, expression);
  }
  return expression;
}

export class SyntheticTrainer implements Trainer {
  readonly #epochMs: number;
  readonly #replicate: number;
  readonly #metrics: readonly (readonly [string, Expression])[];

  /** Throws ExpressionError where a formula does not parse. */
  constructor(trajectory: SyntheticTrajectory) {
    this.#epochMs = trajectory.epochMs;
    this.#replicate = trajectory.replicate ?? 0;
    this.#metrics = Object.entries(trajectory.metrics).map(([metric, text]) => [metric, expressionOf(text)] as const);
  }

  train(epoch: number, settings: EpochSettings, watch: EpochWatch): TrainedEpoch | null | Promise<TrainedEpoch | null> {
    const { values } = settings as SyntheticEpochSettings;
    return this.#epochMs > 0 ? this.#sleepThenReport(epoch, values, watch) : this.#report(epoch, values, 0);
  }

  state(): null {
    return null;
  }

  async evaluate(): Promise<null> {
    return null;
  }

  async #sleepThenReport(epoch: number, values: SyntheticEpochSettings['values'], watch: EpochWatch): Promise<TrainedEpoch | null> {
    const began = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#epochMs);
    });
    await Promise.race([slept, watch.interruption]);
    clearTimeout(timer);
    return watch.interrupted() ? null : this.#report(epoch, values, (performance.now() - began) / 1000);
  }

  /** A formula that is not finite is divergence, as a loss would be. */
  #report(epoch: number, values: SyntheticEpochSettings['values'], seconds: number): TrainedEpoch {
    const { numbers, texts } = namedSettings(values);
    // A space without replicates may have a hyperparameter of this name.
    const names = { numbers: { replicate: this.#replicate, ...numbers, epoch }, texts };
    const metrics: { [metric: string]: number } = {};
    let diverged = false;
    for (const [metric, expression] of this.#metrics) {
      const value = evaluate(expression, names);
      if (Number.isFinite(value)) metrics[metric] = value;
      else diverged = true;
    }
    return { result: { metrics, confusion: null, diverged }, cost: { seconds, steps: 0, params: 0, msPerImage: null } };
  }
}

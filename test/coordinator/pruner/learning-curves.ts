/**
 * The learning curves that other tools' pruners were measured on (definition and their figures:
 * search-quality.json of the shared facts, quoted in pruners.test.ts): 200 configurations of 27 epochs
 * with noise, arriving in a seeded order, so many in flight at once.
 */
import type { Pruner } from '../../../coordinator/pruner/pruner.js';

export const CONFIGURATIONS = 200;
export const EPOCHS = 27;
const SEEDS = 20;

/** Public-domain generator by Tommy Ettinger; the definition names it. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Curve {
  /** What each epoch reports. */
  readonly reported: readonly number[];
  /** Accuracy after the last epoch, without noise. */
  readonly final: number;
}

function makeCurves(): Curve[] {
  const next = mulberry32(12345);
  return Array.from({ length: CONFIGURATIONS }, () => {
    const [u1, u2] = [next(), next()];
    const height = 0.95 - 0.5 * u1 ** 1.5;
    const speed = 10 ** (-1.4 + 0.6 * u2 + 0.5 * u1);
    const accuracy = (epochs: number): number => height * (1 - Math.exp(-speed * epochs));
    const reported = Array.from({ length: EPOCHS }, (_, index) => {
      const [u3, u4] = [next(), next()];
      return accuracy(index + 1) + 0.01 * Math.sqrt(-2 * Math.log(1 - u3)) * Math.cos(2 * Math.PI * u4);
    });
    return { reported, final: accuracy(EPOCHS) };
  });
}

export const CURVES: readonly Curve[] = makeCurves();

function arrivals(seed: number): number[] {
  const next = mulberry32(seed);
  const order = Array.from({ length: CONFIGURATIONS }, (_, index) => index);
  for (let index = CONFIGURATIONS - 1; index > 0; index -= 1) {
    const other = Math.floor(next() * (index + 1));
    [order[index], order[other]] = [order[other] ?? 0, order[index] ?? 0];
  }
  return order;
}

export interface Outcome {
  /** Trained over all configurations. */
  readonly epochs: number;
  /** Noiseless final accuracy of the finished configuration with the best reported one. */
  readonly bestTrue: number;
  /** Epochs of each arrival. */
  readonly trained: readonly number[];
}

/** One sweep; all in flight take their epochs in step. */
export function runCurves(pruner: Pruner, inFlight: number, seed: number): Outcome {
  const order = arrivals(seed);
  const trained = new Array<number>(CONFIGURATIONS).fill(0);
  let running: number[] = [];
  let next = 0;
  let best = { reported: -1, final: -1 };
  const fill = (): void => {
    while (running.length < inFlight) {
      const promotion = pruner.promote();
      if (promotion !== null) running.push(promotion.number);
      else if (next < CONFIGURATIONS) {
        pruner.enter(next, EPOCHS);
        running.push(next);
        next += 1;
        if (next === CONFIGURATIONS) pruner.close();
      } else return;
    }
  };
  const step = (number: number): boolean => {
    const curve = CURVES[order[number] ?? 0];
    const epochs = (trained[number] = (trained[number] ?? 0) + 1);
    const reported = curve?.reported[epochs - 1] ?? 0;
    const judgement = pruner.report(number, epochs, -reported);
    if (epochs === EPOCHS) {
      if (reported > best.reported) best = { reported, final: curve?.final ?? 0 };
      pruner.leave(number, true);
      return false;
    }
    if (judgement.kind === 'stop') pruner.leave(number, false);
    return judgement.kind === 'continue';
  };
  fill();
  while (running.length > 0) {
    running = running.filter(step);
    fill();
  }
  return { epochs: trained.reduce((sum, epochs) => sum + epochs, 0), bestTrue: best.final, trained };
}

/** Medians over the seeds. */
export function measureCurves(make: () => Pruner, inFlight: number): { readonly epochs: number; readonly bestTrue: number } {
  const outcomes = Array.from({ length: SEEDS }, (_, seed) => runCurves(make(), inFlight, seed));
  return { epochs: median(outcomes.map(({ epochs }) => epochs)), bestTrue: median(outcomes.map(({ bestTrue }) => bestTrue)) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[sorted.length / 2 - 1] ?? 0) + (sorted[sorted.length / 2] ?? 0)) / 2;
}

/**
 * The median rule (Golovin et al. 2017, "Google Vizier", section 3.2.2, with the best value so far in the
 * place of the last, as Optuna has it): a trial stops where the best it has shown is worse than the
 * median of what the completed trials had shown by the same epoch. Pruned trials are left out: with them
 * the median sinks as the rule does its work, and it prunes ever less.
 */
import type { Judgement, Promotion, Pruner } from './pruner.js';
import { insertSorted } from './sorted.js';

export interface MedianOptions {
  /** Not judged before so many epochs; at least 1. */
  readonly minEpochs: number;
  /** So many trials must have completed an epoch before anyone is judged there. */
  readonly minTrials: number;
  /** Judged every so many epochs. */
  readonly every: number;
}

interface Entry {
  readonly length: number;
  /** Until when it was let go before a restart. */
  trusted: number;
  /** The best value so far, after each epoch. */
  readonly best: number[];
}

export class MedianPruner implements Pruner {
  readonly #options: MedianOptions;
  readonly #trials = new Map<number, Entry>();
  /** For each number of epochs, the best values so far of the trials that came to their end, in rising order. */
  readonly #shown: number[][] = [];

  constructor(options: MedianOptions) {
    this.#options = options;
  }

  enter(number: number, length: number): number {
    this.#trials.set(number, { length, trusted: 0, best: [] });
    return Math.min(length, this.#options.minEpochs);
  }

  report(number: number, epochs: number, value: number | null): Judgement {
    const trial = this.#trials.get(number);
    if (trial === undefined) throw new Error(`trial ${number} was never entered`);
    const best = Math.min(trial.best.at(-1) ?? Number.POSITIVE_INFINITY, value ?? Number.POSITIVE_INFINITY);
    trial.best.push(best);
    const shown = this.#shown[epochs] ?? [];
    const isJudged = epochs >= trial.trusted && epochs < trial.length && this.#isDue(epochs) && shown.length >= this.#options.minTrials;
    if (isJudged && best > median(shown)) return { kind: 'stop' };
    return { kind: 'continue', until: this.#nextDue(Math.max(epochs, trial.trusted - 1), trial.length) };
  }

  promote(): Promotion | null {
    return null;
  }

  restore(number: number, until: number): void {
    const trial = this.#trials.get(number);
    if (trial !== undefined) trial.trusted = until;
  }

  /** Whoever came to its end is who others are compared with. */
  leave(number: number, completed: boolean): void {
    const trial = this.#trials.get(number);
    this.#trials.delete(number);
    if (completed) trial?.best.forEach((best, index) => insertSorted((this.#shown[index + 1] ??= []), best));
  }

  close(): void {
    // Nobody waits for others here.
  }

  #isDue(epochs: number): boolean {
    return epochs >= this.#options.minEpochs && (epochs - this.#options.minEpochs) % this.#options.every === 0;
  }

  /** The first judged number of epochs after `epochs`. */
  #nextDue(epochs: number, length: number): number {
    const { minEpochs, every } = this.#options;
    const next = epochs < minEpochs ? minEpochs : minEpochs + (Math.floor((epochs - minEpochs) / every) + 1) * every;
    return Math.min(next, length);
  }
}

/** Of values in rising order; the mean of the middle two where their number is even. */
function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Hyperband (Li et al. 2018, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization"):
 * rounds of successive halving that trade many short trials against few long ones, one after another.
 * Here a rung is judged when all of its round have come to it; meanwhile the next rounds' trials run,
 * so that no slot waits for a rung.
 */
import type { Judgement, Promotion, Pruner } from './pruner.js';
import { Rung, rungEpochs } from './rungs.js';

export interface HyperbandOptions {
  readonly minEpochs: number;
  /** Above 1. */
  readonly eta: number;
}

interface Round {
  readonly rungs: readonly Rung[];
  readonly size: number;
  entered: number;
  /** How many are expected at each rung. */
  readonly expected: number[];
}

interface Entry {
  readonly round: Round;
  readonly length: number;
  trusted: number;
  /** Index of the rung that it goes to, or waits at. */
  at: number;
}

export class HyperbandPruner implements Pruner {
  readonly #options: HyperbandOptions;
  readonly #trials = new Map<number, Entry>();
  readonly #rounds: Round[] = [];
  #closed = false;

  constructor(options: HyperbandOptions) {
    this.#options = options;
  }

  enter(number: number, length: number): number {
    let round = this.#rounds.at(-1);
    if (round === undefined || round.entered === round.size) round = this.#nextRound(length);
    round.entered += 1;
    const trial = { round, length, trusted: 0, at: 0 };
    this.#trials.set(number, trial);
    return goalOf(trial);
  }

  report(number: number, epochs: number, value: number | null): Judgement {
    const trial = this.#trials.get(number);
    if (trial === undefined) throw new Error(`trial ${number} was never entered`);
    const rung = trial.round.rungs[trial.at];
    if (rung === undefined || epochs < rung.epochs || epochs >= trial.length) return { kind: 'continue', until: Math.max(trial.trusted, goalOf(trial)) };
    const goesOn = epochs < trial.trusted;
    rung.add(number, value ?? Number.POSITIVE_INFINITY, !goesOn);
    if (!goesOn) return { kind: 'pause' };
    trial.at += 1;
    return { kind: 'continue', until: Math.max(trial.trusted, goalOf(trial)) };
  }

  promote(): Promotion | null {
    for (const round of this.#rounds) {
      for (let index = round.rungs.length - 1; index >= 0; index -= 1) {
        const number = this.#takeFrom(round, index);
        const trial = number === null ? undefined : this.#trials.get(number);
        if (number === null || trial === undefined) continue;
        trial.at = index + 1;
        return { number, until: goalOf(trial) };
      }
    }
    return null;
  }

  restore(number: number, until: number): void {
    const trial = this.#trials.get(number);
    if (trial !== undefined) trial.trusted = until;
  }

  /** A trial that ends on its way is not waited for. */
  leave(number: number): void {
    const trial = this.#trials.get(number);
    if (trial === undefined) return;
    this.#trials.delete(number);
    const { round, at } = trial;
    round.rungs[at]?.leave(number);
    for (let index = at; index < round.rungs.length; index += 1) {
      if (round.rungs[index]?.has(number) !== true) round.expected[index] = Math.max(0, (round.expected[index] ?? 0) - 1);
    }
  }

  close(): void {
    this.#closed = true;
  }

  #takeFrom(round: Round, index: number): number | null {
    const rung = round.rungs[index];
    if (rung === undefined || !this.#isFull(round, index)) return null;
    return rung.takeBest(Math.max(1, Math.floor(rung.size / this.#options.eta)));
  }

  #isFull(round: Round, index: number): boolean {
    const rung = round.rungs[index];
    const wanted = this.#closed ? Math.min(round.expected[index] ?? 0, rung?.size ?? 0) : (round.expected[index] ?? 0);
    return rung !== undefined && rung.size > 0 && rung.size >= wanted;
  }

  /** Brackets from the most halvings to none, over and over; sizes as in the paper's algorithm 1. */
  #nextRound(length: number): Round {
    const { minEpochs, eta } = this.#options;
    const most = rungEpochs(minEpochs, eta, 0, length).length;
    const bracket = most - (this.#rounds.length % (most + 1));
    const rungs = rungEpochs(minEpochs, eta, most - bracket, length).map((epochs) => new Rung(epochs));
    const size = Math.ceil(((most + 1) / (bracket + 1)) * eta ** bracket);
    const expected: number[] = [];
    for (let count = size; expected.length < rungs.length; count = Math.max(1, Math.floor(count / eta))) expected.push(count);
    const round = { rungs, size, entered: 0, expected };
    this.#rounds.push(round);
    return round;
  }
}

function goalOf({ round, at, length }: Entry): number {
  return Math.min(round.rungs[at]?.epochs ?? length, length);
}

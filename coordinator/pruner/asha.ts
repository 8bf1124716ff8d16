/**
 * Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter
 * Tuning"): a trial waits at each rung and goes on when it is among the best 1/eta of all who have come
 * there so far; nobody waits for a rung to fill. With several brackets some trials are first judged at
 * a later rung, so that slow starters have a chance. All brackets share the rungs: a slow starter is
 * compared with the survivors of the others, and the last rung picks from all of them (on the curves of
 * test/coordinator/pruner this found better configurations for fewer epochs than rungs of their own).
 */
import type { Judgement, Promotion, Pruner } from './pruner.js';
import { Rung, rungEpochs } from './rungs.js';

export interface AshaOptions {
  readonly minEpochs: number;
  /** Above 1: of so many one goes on. */
  readonly eta: number;
  readonly brackets: number;
}

interface Entry {
  /** Numbers of epochs after which it is judged, rising. */
  readonly rungs: readonly number[];
  readonly length: number;
  trusted: number;
}

export class AshaPruner implements Pruner {
  readonly #options: AshaOptions;
  readonly #trials = new Map<number, Entry>();
  /** By epochs. Trials of different lengths meet on the same rungs. */
  readonly #rungs = new Map<number, Rung>();
  #entered = 0;
  #closed = false;

  constructor(options: AshaOptions) {
    this.#options = options;
  }

  enter(number: number, length: number): number {
    const { minEpochs, eta } = this.#options;
    const trial = { length, rungs: rungEpochs(minEpochs, eta, this.#nextBracket(), length), trusted: 0 };
    this.#trials.set(number, trial);
    return rungAfter(trial, 0);
  }

  report(number: number, epochs: number, value: number | null): Judgement {
    const trial = this.#entry(number);
    if (!trial.rungs.includes(epochs)) return { kind: 'continue', until: Math.max(trial.trusted, rungAfter(trial, epochs)) };
    const rung = this.#rung(epochs);
    const isTrusted = epochs < trial.trusted;
    rung.add(number, value ?? Number.POSITIVE_INFINITY, !isTrusted);
    if (!isTrusted) {
      // After a restart the others have not all been told yet: it waits, and is promoted from the whole rung.
      const isRestored = epochs === trial.trusted;
      if (isRestored || !rung.isAmongBest(number, this.#places(rung))) return { kind: 'pause' };
      rung.goOn(number);
    }
    return { kind: 'continue', until: Math.max(trial.trusted, rungAfter(trial, epochs)) };
  }

  /** From the highest rung down, as the paper's get_job. */
  promote(): Promotion | null {
    const rungs = [...this.#rungs.values()].sort((a, b) => b.epochs - a.epochs);
    for (const rung of rungs) {
      const number = rung.takeBest(this.#places(rung));
      if (number !== null) return { number, until: rungAfter(this.#entry(number), rung.epochs) };
    }
    return null;
  }

  restore(number: number, until: number): void {
    this.#entry(number).trusted = until;
  }

  leave(number: number): void {
    for (const epochs of this.#trials.get(number)?.rungs ?? []) this.#rungs.get(epochs)?.leave(number);
    this.#trials.delete(number);
  }

  close(): void {
    this.#closed = true;
  }

  #places(rung: Rung): number {
    const places = Math.floor(rung.size / this.#options.eta);
    // Where so few came that none would go on, the best one does in the end: some trial is to be completed.
    return this.#closed ? Math.max(1, places) : places;
  }

  /**
   * Bracket s begins at rung s and costs each of its trials eta^s as much, so it is given 1/eta^s as
   * many: the bracket whose share of the trials so far grows by a whole one with this trial.
   */
  #nextBracket(): number {
    const { brackets, eta } = this.#options;
    const weights = Array.from({ length: brackets }, (_, index) => eta ** -index);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const place = this.#entered;
    this.#entered += 1;
    const given = (index: number, entered: number): number => Math.floor((entered * (weights[index] ?? 0)) / total);
    for (let index = brackets - 1; index > 0; index -= 1) if (given(index, place + 1) > given(index, place)) return index;
    return 0;
  }

  #entry(number: number): Entry {
    const trial = this.#trials.get(number);
    if (trial === undefined) throw new Error(`trial ${number} was never entered`);
    return trial;
  }

  #rung(epochs: number): Rung {
    let rung = this.#rungs.get(epochs);
    if (rung === undefined) {
      rung = new Rung(epochs);
      this.#rungs.set(epochs, rung);
    }
    return rung;
  }
}

function rungAfter({ rungs, length }: Entry, epochs: number): number {
  return rungs.find((rung) => rung > epochs) ?? length;
}

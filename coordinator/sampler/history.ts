/**
 * What the tree-structured Parzen estimator keeps of the trials: the few best, and of the others a
 * sample whose size is bounded. Nothing here depends on the order in which trials were observed.
 */
import type { Point } from '../space/dimension.js';
import { hashOf } from './random.js';
import type { Observation } from './sampler.js';

export interface Seen extends Observation {
  /** The point as the estimator reads it, one number for each dimension; NaN where there is none. */
  readonly encoded: Float64Array;
}

/**
 * Trials of the good group at most, as in Optuna, and their share below that. With Optuna's tenth, branin
 * comes out worse after 50, 100 and 200 trials and hartmann6 no better (test/bench/search.ts, 40 seeds).
 */
const MOST_GOOD = 25;
const GOOD_SHARE = 0.15;
/**
 * Kernels of the bad group at most. Its density is smooth (the bandwidth is a tenth of an axis or so),
 * so a uniform sample of a thousand estimates it to a few per cent, and a proposal costs the same for
 * 2,000 trials and for 100,000. Half of the sample is dropped whenever it would outgrow this.
 */
const MOST_SAMPLED = 2048;

const ORDER = { completed: 0, pruned: 1, infeasible: 2, pending: 3, failed: 4 } as const;

/** Smaller goes first: floors kept, run to the end, more epochs, the better value, the earlier trial. */
export function byMerit(a: Observation, b: Observation): number {
  if (a.shortfall !== b.shortfall) return a.shortfall - b.shortfall;
  if (a.state !== b.state) return ORDER[a.state] - ORDER[b.state];
  if (a.state === 'pruned' && a.epochs !== b.epochs) return b.epochs - a.epochs;
  // Equal values, two infinite ones and two missing ones leave it to the number.
  return (a.value ?? 0) - (b.value ?? 0) || a.number - b.number;
}

const isRanked = ({ state, value }: Observation): boolean => (state === 'completed' || state === 'pruned') && value !== null;
/** A failure, or an end without the objective, says nothing of the point. */
const saysSomething = (seen: Observation): boolean => isRanked(seen) || seen.state === 'pending' || seen.state === 'infeasible';

export class History {
  readonly #encode: (point: Point) => Float64Array;
  readonly #trials = new Map<number, Seen>();
  #ranked = 0;
  #infeasible = 0;
  /** The MOST_GOOD best, the best first; complete unless `#bestIsShort`. */
  #best: Seen[] = [];
  #bestIsShort = false;
  /** Trials whose number's hash begins with `#level` zero bits, by rising number. */
  #sample: Seen[] = [];
  #level = 0;
  #lowest = 0;
  #highest = -1;

  constructor(encode: (point: Point) => Float64Array) {
    this.#encode = encode;
  }

  /** Trials with an end that says something. */
  get ended(): number {
    return this.#ranked + this.#infeasible;
  }

  observe(observation: Observation): void {
    const before = this.#trials.get(observation.number);
    if (before !== undefined) this.#take(before);
    if (!saysSomething(observation)) {
      this.#trials.delete(observation.number);
      return;
    }
    const seen: Seen = { ...observation, encoded: this.#encode(observation.point) };
    this.#trials.set(seen.number, seen);
    this.#raiseLevel(seen.number);
    if (this.#isSampled(seen.number)) this.#sample.splice(placeOf(this.#sample, seen, byNumber), 0, seen);
    if (seen.state === 'infeasible') this.#infeasible += 1;
    if (isRanked(seen)) this.#rank(seen);
  }

  /** The good group, the best first, and the bad one, or a sample of it, by rising number. */
  split(): { readonly good: readonly Seen[]; readonly bad: readonly Seen[] } {
    if (this.#bestIsShort) this.#findBest();
    const good = this.#best.slice(0, Math.min(Math.ceil(GOOD_SHARE * this.ended), MOST_GOOD));
    const chosen = new Set(good.map(({ number }) => number));
    return { good, bad: this.#sample.filter(({ number }) => !chosen.has(number)) };
  }

  #take(seen: Seen): void {
    if (this.#isSampled(seen.number)) this.#sample.splice(placeOf(this.#sample, seen, byNumber), 1);
    if (seen.state === 'infeasible') this.#infeasible -= 1;
    if (!isRanked(seen)) return;
    this.#ranked -= 1;
    const place = this.#best.indexOf(seen);
    if (place < 0) return;
    this.#best.splice(place, 1);
    this.#bestIsShort = true;
  }

  #rank(seen: Seen): void {
    this.#ranked += 1;
    const worst = this.#best.at(-1);
    if (this.#best.length === MOST_GOOD && worst !== undefined && byMerit(worst, seen) < 0) return;
    this.#best.splice(placeOf(this.#best, seen, byMerit), 0, seen);
    if (this.#best.length > MOST_GOOD) this.#best.pop();
  }

  /** A good trial became another: who follows the others is looked for among all. */
  #findBest(): void {
    this.#best = [];
    this.#ranked = 0;
    for (const seen of this.#trials.values()) if (isRanked(seen)) this.#rank(seen);
    this.#bestIsShort = false;
  }

  #isSampled(number: number): boolean {
    return Math.clz32(hashOf(number)) >= this.#level;
  }

  /** The level follows from the range of the numbers, which does not depend on the order of observations. */
  #raiseLevel(number: number): void {
    if (number <= this.#highest && number >= this.#lowest) return;
    this.#highest = Math.max(this.#highest, number);
    this.#lowest = Math.min(this.#lowest, number);
    const level = Math.max(0, Math.ceil(Math.log2((this.#highest - this.#lowest + 1) / MOST_SAMPLED)));
    if (level === this.#level) return;
    this.#level = level;
    this.#sample = this.#sample.filter((seen) => this.#isSampled(seen.number));
  }
}

const byNumber = (a: Observation, b: Observation): number => a.number - b.number;

/** Where `seen` stands, or would stand, in a sorted list. */
function placeOf(sorted: readonly Seen[], seen: Seen, compare: (a: Observation, b: Observation) => number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(sorted[middle]!, seen) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

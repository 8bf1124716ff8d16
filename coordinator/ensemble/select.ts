/**
 * Which trials make an ensemble, and with what weights. Pure.
 *
 * `greedy` is forward selection with replacement (Caruana, Niculescu-Mizil, Crew and Ksikes 2004,
 * 'Ensemble selection from libraries of models'): beginning with the best single model, each round adds
 * the one whose probabilities improve the mean most; one that is added again gains weight. Of the nested
 * ensembles the best one counts, so on validation it is never worse than the single model that it began
 * with. Accuracy, and an AUC near 1, have many equals: those go by the cross-entropy, without which (seen on
 * 200 digits) models that know little but change no prediction pile up weight; but a further member must
 * improve the score itself, since each costs memory and time in every prediction. Two things that Caruana adds against overfitting are left out: bagging
 * (another random choice whose seed would be one more thing to say), and beginning with the best N.
 */
import type { WeightedMember } from './combine.js';
import type { Score } from './measure.js';

export interface Candidate {
  /** The trial's. */
  readonly number: number;
  /** Of validation, float32 [images, classes]. */
  readonly probabilities: Float32Array;
}

export interface Selected<C extends Candidate> extends WeightedMember {
  readonly candidate: C;
}

/** One round of a greedy selection. */
export interface Step<C extends Candidate> {
  /** What it added: a new member, or more weight for one that was there. */
  readonly candidate: C;
  /** Distinct members by then. */
  readonly members: number;
  /** What all that was added by then scores together, in the metric's own direction. */
  readonly value: number;
}

export interface Selection<C extends Candidate> {
  /** Heaviest first. */
  readonly members: readonly Selected<C>[];
  /** Every round that was tried, in order. */
  readonly path: readonly Step<C>[];
  /** So many of them are the ensemble. */
  readonly rounds: number;
}

/** As in auto-sklearn; weights are then multiples of 1/50 at the finest. */
const MAX_ROUNDS = 50;
/** A search that has not improved for so long has seldom more to find, and each round costs a score per candidate. */
const PATIENCE_ROUNDS = 10;

/**
 * `candidates` are distinct models, best first, at least one. At most `maxMembers` of them are chosen; the
 * heaviest comes first, ties go by trial number here as in every choice.
 */
export function selectGreedy<C extends Candidate>(candidates: readonly C[], score: Score, maxMembers: number): Selection<C> {
  const first = candidates[0];
  if (first === undefined) return { members: [], path: [], rounds: 0 };
  const byNumber = candidates.toSorted((a, b) => a.number - b.number);
  const values = new Map(candidates.map((candidate) => [candidate, score.project(candidate.probabilities)]));
  const valuesOf = (candidate: C): Float32Array => values.get(candidate) ?? new Float32Array();
  const sums = Float64Array.from(valuesOf(first));
  const added: C[] = [first];
  let best: Found = { ...worthOf(valuesOf(first), score), length: 1, members: 1 };
  const own = (value: number): number => (score.direction === 'maximize' ? value : -value);
  const path: Step<C>[] = [{ candidate: first, members: 1, value: own(best.value) }];
  while (added.length < MAX_ROUNDS && added.length - best.length < PATIENCE_ROUNDS) {
    const members = new Set(added);
    const pool = members.size < maxMembers ? byNumber : byNumber.filter((candidate) => members.has(candidate));
    const next = bestAddition(pool, valuesOf, sums, added.length + 1, score);
    if (next === null) break;
    added.push(next.candidate);
    const probabilities = valuesOf(next.candidate);
    for (let index = 0; index < sums.length; index += 1) sums[index] = (sums[index] ?? 0) + (probabilities[index] ?? 0);
    const found: Found = { value: next.value, tieBreak: next.tieBreak, length: added.length, members: new Set(added).size };
    path.push({ candidate: next.candidate, members: found.members, value: own(found.value) });
    if (found.value > best.value || (isBetter(found, best) && found.members <= best.members)) best = found;
  }
  return { members: weigh(added.slice(0, best.length)), path, rounds: best.length };
}

interface Worth {
  readonly value: number;
  readonly tieBreak: number;
}

/** An ensemble on the way: the first `length` that were added. */
interface Found extends Worth {
  readonly length: number;
  /** Distinct ones among them. */
  readonly members: number;
}

function worthOf(projected: Float32Array, score: Score): Worth {
  return { value: score.ofProjected(projected), tieBreak: score.tieBreak(projected) };
}

function isBetter(a: Worth, b: Worth): boolean {
  return a.value === b.value ? a.tieBreak > b.tieBreak : a.value > b.value;
}

/** Null where no score is a number. */
function bestAddition<C extends Candidate>(pool: readonly C[], valuesOf: (candidate: C) => Float32Array, sums: Float64Array, total: number, score: Score): (Worth & { readonly candidate: C }) | null {
  const mean = new Float32Array(sums.length);
  let best: (Worth & { readonly candidate: C }) | null = null;
  for (const candidate of pool) {
    const probabilities = valuesOf(candidate);
    for (let index = 0; index < mean.length; index += 1) mean[index] = ((sums[index] ?? 0) + (probabilities[index] ?? 0)) / total;
    const value = score.ofProjected(mean);
    if (Number.isNaN(value) || (best !== null && value < best.value)) continue;
    const worth = { value, tieBreak: score.tieBreak(mean) };
    if (best === null || isBetter(worth, best)) best = { ...worth, candidate };
  }
  return best;
}

function weigh<C extends Candidate>(added: readonly C[]): Selected<C>[] {
  const counts = new Map<C, number>();
  for (const candidate of added) counts.set(candidate, (counts.get(candidate) ?? 0) + 1);
  return [...counts]
    .toSorted(([a, countA], [b, countB]) => countB - countA || a.number - b.number)
    .map(([candidate, count]) => ({ candidate, weight: count / added.length, probabilities: candidate.probabilities }));
}

/** The first `maxMembers` of the candidates, best first, with equal weights. */
export function selectBest<C extends Candidate>(candidates: readonly C[], maxMembers: number): Selected<C>[] {
  return weigh(candidates.slice(0, maxMembers));
}

/**
 * One sweep's trials as they are proposed: what the sampler is told, and how its points become trials.
 * A trial is proposed before a slot is free for it, so that no slot waits for a sampler. A sampler knows
 * assignments: it is told of one what its replicates came to together, once all have ended.
 */
import { canonicalJson } from '../../proto/canonical.js';
import type { Search } from '../sampler/search.js';
import { MOST_TURNED_DOWN } from '../sampler/unseen.js';
import type { Point } from '../space/dimension.js';
import { meanOf } from '../sweep/replicates.js';
import type { Resolver } from '../sweep/resolve.js';
import type { TrialPlan } from '../sweep/spec.js';
import { warmObservations, type WarmTrial } from '../sweep/warm-start.js';
import type { SweepRecord } from '../store/records.js';
import { toldOfEpoch, type Told } from '../trial/told.js';
import type { Proposing, TrialRun } from './model.js';
import type { SamplerHost } from './sampler-host.js';

/** The replicates of one assignment. */
interface Group {
  /** What the sampler knows it by. */
  readonly number: number;
  /** Null for one that lies outside the space. */
  readonly point: Point | null;
  /** What was last told of each, by its number. */
  readonly told: Map<number, Told>;
  /** What the sampler was last told; null for nothing. */
  state: Told['state'] | null;
}

/** Null for a sweep whose trials are all known at its start. */
export type ProposingOf = (record: SweepRecord) => Proposing | null;

export class SweepProposing implements Proposing {
  readonly #search: Search;
  readonly #host: SamplerHost;
  readonly #resolver: Resolver;
  readonly #replicates: number;
  /** By their assignment, and by the numbers of their trials. */
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<number, Group>();
  #next = 0;
  #nextGroup = 0;
  /** Whether the sampler will give no more. */
  exhausted = false;
  /** A batch is being made. */
  busy = false;

  /** `replicates`: trials of each assignment. `warm`: what is known of other sweeps' trials; the sampler is told of them before all else. */
  constructor(search: Search, host: SamplerHost, resolver: Resolver, replicates = 1, warm: readonly WarmTrial[] = []) {
    this.#search = search;
    this.#host = host;
    this.#resolver = resolver;
    this.#replicates = replicates;
    for (const observation of warmObservations(warm, (settings) => search.pointOf(settings))) host.observe(observation);
  }

  /** How many more trials the budget, which counts assignments, allows. */
  get left(): number {
    if (this.exhausted) return 0;
    return this.#search.trials === null ? Number.POSITIVE_INFINITY : Math.max(0, this.#search.trials - this.#groups.size) * this.#replicates;
  }

  /** Whether the sweep may still get trials. */
  get more(): boolean {
    return this.busy || this.left > 0;
  }

  /** A trial that is there already. */
  adopt(plan: TrialPlan): void {
    const text = canonicalJson(plan.assignment);
    const group = this.#groups.get(text) ?? { number: this.#groupNumber(plan.number), point: this.#search.pointOf(plan.assignment), told: new Map(), state: null };
    this.#groups.set(text, group);
    this.#groupOf.set(plan.number, group);
    this.#next = Math.max(this.#next, plan.number + 1);
    this.#nextGroup = Math.max(this.#nextGroup, group.number + 1);
  }

  tell(told: Told): void {
    const group = this.#groupOf.get(told.number);
    if (group === undefined) return;
    group.told.set(told.number, told);
    const together = toldTogether(group.number, [...group.told.values()], this.#replicates);
    const isNews = together.state !== 'pending' || group.state !== 'pending';
    group.state = together.state;
    if (isNews && group.point !== null) this.#host.observe({ ...together, point: group.point });
  }

  /** At most `count` new trials but for the last one's replicates, each told to the sampler as pending. Fewer when the space or the budget ends. */
  async propose(count: number): Promise<TrialPlan[]> {
    const plans: TrialPlan[] = [];
    while (plans.length < count && this.left > 0) {
      const proposed = await this.#proposeOne(this.#next);
      if (proposed === null) {
        this.exhausted = true;
        break;
      }
      plans.push(...proposed);
    }
    return plans;
  }

  close(): void {
    this.#host.close();
  }

  /** The sampler's number of an assignment whose first trial has this one: without replicates the same. */
  #groupNumber(first: number): number {
    return Math.max(this.#nextGroup, Math.floor(first / this.#replicates));
  }

  /** The replicates of one new assignment; `first` is the number of the first. */
  async #proposeOne(first: number): Promise<TrialPlan[] | null> {
    for (let again = 0; again <= MOST_TURNED_DOWN; again += 1) {
      const point = await this.#host.propose(this.#groupNumber(first), again);
      if (point === null) return null;
      const assignment = this.#search.assignmentOf(point);
      // The same settings again would teach nothing: the result is known.
      if (this.#groups.has(canonicalJson(assignment)) || !this.#search.accepts(assignment)) continue;
      const plans = Array.from({ length: this.#replicates }, (_, replicate) => this.#resolver.plan(first + replicate, assignment, replicate));
      for (const plan of plans) {
        this.adopt(plan);
        this.tell({ number: plan.number, state: 'pending', value: null, shortfall: 0, epochs: 0 });
      }
      return plans;
    }
    return null;
  }
}

/** Means over `count` replicates once all of them have ended; the worst end that one had counts for all. */
function toldTogether(number: number, told: readonly Told[], count: number): Told {
  const mean = (of: (each: Told) => number): number => meanOf(told.map(of));
  const has = (state: Told['state']): boolean => told.some((each) => each.state === state);
  const blank = { number, value: null, shortfall: 0, epochs: 0 };
  if (told.length < count || has('pending')) return { ...blank, state: 'pending' };
  if (has('infeasible')) return { ...blank, state: 'infeasible' };
  if (has('failed')) return { ...blank, state: 'failed' };
  const values = told[0]?.values?.map((_, index) => mean((each) => each.values?.[index] ?? Number.NaN));
  return {
    number,
    state: has('pruned') ? 'pruned' : 'completed',
    value: told.some(({ value }) => value === null) ? null : mean(({ value }) => value ?? Number.NaN),
    ...(values === undefined ? {} : { values }),
    shortfall: mean((each) => each.shortfall),
    epochs: Math.min(...told.map(({ epochs }) => epochs)),
  };
}

/** What a sampler is told of a trial as it stands now. A cancelled one says as little as a failed one. */
export function toldOf(trial: TrialRun): Told {
  const { number, state, length } = trial;
  const blank = { number, value: null, shortfall: 0, epochs: 0 };
  if (state === 'infeasible') return { ...blank, state };
  if (state === 'failed' || state === 'cancelled') return { ...blank, state: 'failed' };
  if (state !== 'completed' && state !== 'pruned') return { ...blank, state: 'pending' };
  const node = state === 'completed' ? trial.chosen : trial.nodes[length - 1];
  const result = node?.result ?? null;
  if (node === null || node === undefined || result === null) return { ...blank, state: 'failed' };
  const { record, rule } = trial.sweep;
  return toldOfEpoch({ number, state, epochs: length }, { ...node, result }, record.spec.objective, rule);
}

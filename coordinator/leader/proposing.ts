/**
 * One sweep's trials as they are proposed: what the sampler is told, and how its points become trials.
 * A trial is proposed before a slot is free for it, so that no slot waits for a sampler.
 */
import { canonicalJson } from '../../proto/canonical.js';
import type { Search } from '../sampler/search.js';
import type { Point } from '../space/dimension.js';
import type { Resolver } from '../sweep/resolve.js';
import type { TrialPlan } from '../sweep/spec.js';
import { warmObservations, type WarmTrial } from '../sweep/warm-start.js';
import type { SweepRecord } from '../store/store.js';
import { toldOfEpoch, type Told } from '../trial/told.js';
import type { Proposing, TrialRun } from './model.js';
import type { SamplerHost } from './sampler-host.js';

/** Rejected or repeated proposals for one trial after which the space is taken to be used up. */
const TRIES = 200;

/** Null for a sweep whose trials are all known at its start. */
export type ProposingOf = (record: SweepRecord) => Proposing | null;

export class SweepProposing implements Proposing {
  readonly #search: Search;
  readonly #host: SamplerHost;
  readonly #resolver: Resolver;
  /** Points by trial number; null for one that lies outside the space. */
  readonly #points = new Map<number, Point | null>();
  readonly #known = new Set<string>();
  #next = 0;
  /** Trials there are: a revision may have left some numbers out. */
  #count = 0;
  /** Whether the sampler will give no more. */
  exhausted = false;
  /** A batch is being made. */
  busy = false;

  /** `warm`: what is known of other sweeps' trials; the sampler is told of them before all else. */
  constructor(search: Search, host: SamplerHost, resolver: Resolver, warm: readonly WarmTrial[] = []) {
    this.#search = search;
    this.#host = host;
    this.#resolver = resolver;
    for (const observation of warmObservations(warm, (settings) => search.pointOf(settings))) host.observe(observation);
  }

  /** How many more trials the budget allows. */
  get left(): number {
    if (this.exhausted) return 0;
    return this.#search.trials === null ? Number.POSITIVE_INFINITY : Math.max(0, this.#search.trials - this.#count);
  }

  /** Whether the sweep may still get trials. */
  get more(): boolean {
    return this.busy || this.left > 0;
  }

  /** A trial that is there already. */
  adopt(plan: TrialPlan): void {
    const point = this.#search.pointOf(plan.assignment);
    this.#points.set(plan.number, point);
    this.#known.add(canonicalJson(plan.assignment));
    this.#next = Math.max(this.#next, plan.number + 1);
    this.#count += 1;
  }

  tell(told: Told): void {
    const point = this.#points.get(told.number);
    if (point !== undefined && point !== null) this.#host.observe({ ...told, point });
  }

  /** At most `count` new trials, each told to the sampler as pending. Fewer when the space or the budget ends. */
  async propose(count: number): Promise<TrialPlan[]> {
    const plans: TrialPlan[] = [];
    while (plans.length < count && this.left > 0) {
      const plan = await this.#proposeOne(this.#next);
      if (plan === null) {
        this.exhausted = true;
        break;
      }
      plans.push(plan);
    }
    return plans;
  }

  close(): void {
    this.#host.close();
  }

  async #proposeOne(number: number): Promise<TrialPlan | null> {
    for (let again = 0; again < TRIES; again += 1) {
      const point = await this.#host.propose(number, again);
      if (point === null) return null;
      const assignment = this.#search.assignmentOf(point);
      // The same settings again would teach nothing: the result is known.
      if (this.#known.has(canonicalJson(assignment)) || !this.#search.accepts(assignment)) continue;
      const plan = this.#resolver.plan(number, assignment);
      this.adopt(plan);
      this.tell({ number, state: 'pending', value: null, shortfall: 0, epochs: 0 });
      return plan;
    }
    return null;
  }
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

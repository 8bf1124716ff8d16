/** What people ask of single trials: to be tried again, or to be added. */
import { shellWord } from '../../proto/shell-word.js';
import type { EpochKey, Json } from '../../proto/work.js';
import { isProposed } from '../sampler/search.js';
import { AxesSpace } from '../space/assignment.js';
import { describe } from '../sweep/mistakes.js';
import { replicateOf, trialIdentity } from '../sweep/replicates.js';
import { Resolver } from '../sweep/resolve.js';
import type { Replacement } from '../sweep/rewrite.js';
import { oneOf } from '../sweep/schema-parts.js';
import type { Assignment, Axis, TrialPlan } from '../sweep/spec.js';
import { suggestKey } from '../sweep/suggest.js';
import type { SweepRecord, TrialRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { FreshTrial } from '../store/turn-writes.js';
import { trialTransitions } from '../trial/states.js';
import { compileRewritten, fieldLine, type Stored } from './compile.js';
import { BadRequest, codeOf } from './errors.js';
import { distinctKeys, epochsOf } from './known-epochs.js';
import type { Leading } from './leading.js';
import { sweepView } from './results.js';
import { readTrialName } from './trial-name.js';
import type { Enqueued, Retried } from './views.js';

/** Others may write in the same moment; so often it is worked out anew. */
const TRIES = 5;

export interface TrialRequestOptions {
  readonly store: Store;
  readonly leader: Leading;
  readonly project: string;
  readonly actor: string;
}

export class TrialRequests {
  readonly #options: TrialRequestOptions;
  readonly #store: Store;

  constructor(options: TrialRequestOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  async retry(sweep: SweepRecord, asked: readonly string[], dryRun: boolean): Promise<Retried> {
    const trials = await this.#store.trialsOf(sweep.id);
    const chosen = asked.length === 0 ? trials.filter(({ state }) => state === 'failed' || state === 'infeasible' || state === 'cancelled') : named(sweep, trials, asked);
    const isRemembered = ({ failure }: TrialRecord): boolean => failure?.class === 'Diverged';
    const again = chosen.filter((trial) => !isRemembered(trial));
    if (again.length > 0) requireBudget(sweep);
    if (again.length > 0 && !dryRun) {
      const { leader, actor } = this.#options;
      await this.#store.retryTrials(sweep.id, again.map(({ id }) => id), actor, await leader.epoch());
      await leader.wake();
    }
    const keys = distinctKeys(again.map(({ plan }) => plan.path));
    return {
      retried: again.map(({ number }) => number),
      remembered: chosen.filter(isRemembered).map(({ number, failure }) => ({ number, message: failure?.message ?? '' })),
      stayCancelled: countCancelled(trials.filter((trial) => !again.includes(trial))),
      epochs: keys.length - (await epochsOf(this.#store, keys)).size,
      sweep: sweepView((await this.#store.findSweep(this.#options.project, sweep.id)) ?? sweep),
    };
  }

  async enqueue(find: () => Promise<SweepRecord>, asked: readonly Assignment[], front: boolean): Promise<Enqueued> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#enqueue(find, asked, front);
      } catch (error) {
        if (codeOf(error) !== 'StaleWrite' || tried === TRIES) throw error;
      }
    }
  }

  async #enqueue(find: () => Promise<SweepRecord>, asked: readonly Assignment[], front: boolean): Promise<Enqueued> {
    const sweep = await find();
    const source = await this.#store.sourceOf(sweep.id);
    if (source === null) throw new BadRequest(`sweep ${sweep.name} was submitted before sweep files were kept; submit its file once more, with a change: trawl run FILE`);
    const { data, numerics } = sweep;
    const stored: Stored = { source, sharing: sweep.spec.sharing, data, numerics };
    const assignments = wholeSettings(sweep, stored, asked);
    const records = await this.#store.trialsOf(sweep.id);
    const resolver = new Resolver({ spec: sweep.spec, data, numerics, module: source.module });
    const known: TrialRecord[] = [];
    const plans: TrialPlan[] = [];
    const bySettings = new Map(records.map((trial) => [trialIdentity(trial.assignment, replicateOf(trial.plan)), trial]));
    const byEnd = new Map(records.map((trial) => [trial.plan.path.at(-1), trial]));
    const ends = new Set<EpochKey | undefined>();
    const last = records.reduce((most, { number }) => Math.max(most, number), -1);
    for (const { assignment, replicate } of assignments) {
      const plan = resolver.plan(last + plans.length + 1, assignment, replicate);
      const end = plan.path.at(-1);
      const twin = bySettings.get(trialIdentity(assignment, replicate)) ?? byEnd.get(end);
      if (twin !== undefined) known.push(twin);
      else if (!ends.has(end)) plans.push(plan);
      ends.add(end);
    }
    if (plans.length > 0) {
      requireBudget(sweep);
      const { leader, actor } = this.#options;
      await this.#store.enqueueTrials(sweep, inLine(plans, records, front), actor, await leader.epoch());
      await leader.wake();
    }
    const space = isProposed(sweep.spec) ? new AxesSpace(sweep.spec.axes) : null;
    return {
      enqueued: plans.map(({ number, assignment }) => ({ number, settings: assignment, observed: space === null ? null : space.pointOf(assignment) !== null })),
      known: known.map(({ number, state, assignment }) => ({ number, state, settings: assignment })),
      stayCancelled: countCancelled(records),
      sweep: sweepView(plans.length > 0 ? await find() : sweep),
    };
  }
}

function countCancelled(trials: readonly TrialRecord[]): number {
  return trials.filter(({ state }) => state === 'cancelled').length;
}

/** What runs beyond it would be cancelled at once. */
function requireBudget({ name, endedBy }: SweepRecord): void {
  if (endedBy !== null) throw new BadRequest(`budget.${endedBy}: found a budget that is used up, expected some left; raise it first: trawl edit ${shellWord(name)} --budget ${endedBy}=...`);
}

/** By number, id, or SWEEP and number. Throws BadRequest with a line for each that is not there, or has nothing to be tried again. */
function named(sweep: SweepRecord, trials: readonly TrialRecord[], asked: readonly string[]): TrialRecord[] {
  const wrong: string[] = [];
  const found = asked.flatMap((name) => {
    const whole = readTrialName(name);
    const alone = /^#?(\d+)$/.exec(name)?.[1];
    const wanted = alone !== undefined ? Number(alone) : whole !== null && [sweep.name, sweep.id].includes(whole.sweep) ? whole.number : null;
    const trial = trials.find(({ id, number }) => name === id || number === wanted);
    if (trial === undefined) wrong.push(`trial: found ${name}, expected a number or id of a trial of ${sweep.name}; \`trawl trials ${shellWord(sweep.name)}\` lists them`);
    else if (!trialTransitions[trial.state].includes('queued')) wrong.push(`trial: found ${name}, which is ${trial.state}, expected one that failed, was pruned, or was cancelled`);
    return trial === undefined ? [] : [trial];
  });
  if (wrong.length > 0) throw new BadRequest(wrong.join('\n'));
  return [...new Set(found)];
}

/** Before those that wait in the line already, or after them. */
function inLine(plans: readonly TrialPlan[], records: readonly TrialRecord[], front: boolean): FreshTrial[] {
  const places = records.flatMap(({ ahead }) => ahead ?? []);
  const first = front ? Math.min(0, ...places) - plans.length : Math.max(-1, ...places) + 1;
  return plans.map((plan, index) => ({ plan, ahead: first + index }));
}

/**
 * Checked as a sweep file with these values alone; what is left out takes the first value of its axis.
 * Every replicate of each. Throws BadRequest with a line for each mistake of each.
 */
function wholeSettings(sweep: SweepRecord, stored: Stored, asked: readonly Assignment[]): { readonly assignment: Assignment; readonly replicate: number }[] {
  const wrong: string[] = [];
  const whole = asked.flatMap((settings, index) => {
    const place = asked.length === 1 ? '' : `${index + 1}: `;
    try {
      const { replacements, problems } = single(sweep.spec.axes, settings);
      wrong.push(...problems.map((line) => `${place}${line}`));
      return problems.length > 0 ? [] : compileRewritten(stored, replacements).planned.map((plan) => ({ assignment: plan.assignment, replicate: replicateOf(plan) }));
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      wrong.push(...error.message.split('\n').map((line) => `${place}${line}`));
      return [];
    }
  });
  if (wrong.length > 0) throw new BadRequest(wrong.join('\n'));
  return whole;
}

function single(all: readonly Axis[], settings: Assignment): { readonly replacements: readonly Replacement[]; readonly problems: readonly string[] } {
  // An axis inside a choice stands in the value of that.
  const axes = all.filter(({ when }) => when === undefined);
  const names = axes.map(({ name }) => name);
  const unknown = Object.keys(settings).filter((name) => !names.includes(name));
  const open = axes.filter(({ name, range }) => range !== undefined && !Object.hasOwn(settings, name));
  const problems = [
    ...unknown.map((name) => fieldLine({ field: `space.${name}`, found: `the unknown key ${describe(name)}`, expected: oneOf(names), suggestion: suggestKey(name, names, ['space']) })),
    ...open.map(({ name, range }) => fieldLine({ field: `space.${name}`, found: 'nothing', expected: `a value, such as ${range?.min ?? ''}`, suggestion: 'only what has listed values may be left out' })),
  ];
  const space = Object.fromEntries(axes.map(({ name, values }): [string, Json] => [name, [settings[name] ?? values[0] ?? null]]));
  return { replacements: [{ path: ['space'], value: space }, { path: ['sampler'], value: 'grid' }, { path: ['budget'], value: undefined }], problems };
}

/** From the sweeps that a spec names to what its sampler is told of their trials. */
import type { EpochKey } from '../../proto/work.js';
import { learnsFrom } from '../sampler/search.js';
import { describe, type Problem } from '../sweep/mistakes.js';
import type { ObjectiveSpec, SweepSpec } from '../sweep/spec.js';
import { suggestValue } from '../sweep/suggest.js';
import { sameGoals, warmStartOf, type FormerSweep, type FormerTrial, type WarmStart } from '../sweep/warm-start.js';
import type { RecordedEpoch, SweepRecord, TrialRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { toldOfEpoch } from '../trial/told.js';
import { epochsOf } from './known-epochs.js';
import type { WarmStartView } from './views.js';

export interface WarmStartAnswer {
  /** Null where none is wanted, or where it would have no effect. */
  readonly warmStart: WarmStart | null;
  readonly problems: readonly Problem[];
}

export async function takeWarmStart(store: Pick<Store, 'findSweep' | 'listSweeps' | 'trialsOf' | 'epochsByKey'>, project: string, spec: SweepSpec): Promise<WarmStartAnswer> {
  if (spec.warmStart === undefined) return { warmStart: null, problems: [] };
  const problems: Problem[] = [];
  const sweeps = new Map<string, SweepRecord>();
  for (const [index, name] of spec.warmStart.from.entries()) {
    const sweep = await store.findSweep(project, name);
    const wrong = sweep === null ? await unknown(store, project, name, spec) : mismatch(sweep, name, spec);
    if (wrong !== null) problems.push({ path: ['warmStart', 'from', index], at: 'value', ...wrong });
    else if (sweep !== null) sweeps.set(sweep.id, sweep);
  }
  if (problems.length > 0 || !learnsFrom(spec.sampler)) return { warmStart: null, problems };
  const former: FormerSweep[] = [];
  for (const sweep of sweeps.values()) former.push({ name: sweep.name, trials: await endedTrials(store, sweep, spec.objective) });
  return { warmStart: warmStartOf(spec, former), problems };
}

export function warmStartView({ from, trials, unfit }: WarmStart): WarmStartView {
  const taken: { [state: string]: number } = {};
  for (const { state } of trials) taken[state] = (taken[state] ?? 0) + 1;
  return { from, taken, unfit };
}

type Wrong = Pick<Problem, 'found' | 'expected' | 'suggestion'>;

const ITSELF: Wrong = { found: 'the sweep itself', expected: 'another sweep', suggestion: 'a sampler knows the trials of its own sweep anyway' };

async function unknown(store: Pick<Store, 'listSweeps'>, project: string, name: string, spec: SweepSpec): Promise<Wrong> {
  if (name === spec.name) return ITSELF;
  const others = (await store.listSweeps(project)).map((sweep) => sweep.name).filter((other) => other !== spec.name);
  return { found: describe(name), expected: 'the name or id of a sweep of this home', suggestion: suggestValue(name, others) ?? '`trawl ls` shows them' };
}

function mismatch(sweep: SweepRecord, name: string, spec: SweepSpec): Wrong | null {
  if (sweep.name === spec.name) return ITSELF;
  if (sameGoals(sweep.spec.objective, spec.objective)) return null;
  return { found: `${describe(name)}, which is to ${goalsText(sweep.spec.objective)}`, expected: `a sweep that is to ${goalsText(spec.objective)}`, suggestion: null };
}

function goalsText({ metric, direction, others = [] }: ObjectiveSpec): string {
  return [{ metric, direction }, ...others].map((goal) => `${goal.direction} ${goal.metric}`).join(' and ');
}

/** Those that say something: cancelled ones and those that go on are left out. */
async function endedTrials(store: Pick<Store, 'trialsOf' | 'epochsByKey'>, sweep: SweepRecord, objective: ObjectiveSpec): Promise<FormerTrial[]> {
  const trials = await store.trialsOf(sweep.id);
  const epochs = await epochsOf(store, trials.flatMap((trial) => judgedBy(trial) ?? []));
  return trials.flatMap((trial) => {
    const told = toldOfRecord(trial, epochs, objective, sweep);
    return told === null ? [] : [{ settings: trial.assignment, told }];
  });
}

/** Key of the epoch that stands for the trial: the chosen one, or the last of a pruned one. */
function judgedBy({ state, plan, bestEpoch, epochs }: TrialRecord): EpochKey | null {
  const at = state === 'completed' ? bestEpoch : state === 'pruned' && epochs !== null ? epochs - 1 : null;
  return at === null ? null : (plan.path[at] ?? null);
}

function toldOfRecord(trial: TrialRecord, epochs: ReadonlyMap<EpochKey, RecordedEpoch>, objective: ObjectiveSpec, { data }: SweepRecord): FormerTrial['told'] | null {
  const { number, state } = trial;
  if (state === 'failed' || state === 'infeasible') return { number, state, value: null, shortfall: 0, epochs: 0 };
  if (state !== 'completed' && state !== 'pruned') return null;
  const epoch = epochs.get(judgedBy(trial) ?? '');
  if (epoch === undefined) return null;
  return toldOfEpoch({ number, state, epochs: trial.epochs ?? trial.plan.path.length }, epoch, objective, { classes: data?.classes ?? [], positive: data?.positive ?? 0 });
}

/**
 * Which trials of a sweep go on under its new revision. Pure.
 *
 * A trial is known by its settings and its replicate. One whose epochs come out the same is kept as it stands, with its
 * id, its number and its result. One whose settings stay but whose epochs are others (longer, on other
 * data, another rule to stop) is made anew under its number: what it shares with its former self is in
 * the store already. So numbers mean the same settings from one revision to the next, and with
 * `--no-sharing`, whose keys are salted with the number, an extended trial still trains only what is new.
 */
import { canonicalJson } from '../../proto/canonical.js';
import { isProposed } from '../sampler/search.js';
import { AxesSpace } from '../space/assignment.js';
import { acceptance } from '../space/constraints.js';
import { replicateOf, replicatesOf, trialIdentity } from '../sweep/replicates.js';
import type { Resolver } from '../sweep/resolve.js';
import type { Assignment, SweepSpec, TrialPlan } from '../sweep/spec.js';
import type { TrialRecord } from '../store/records.js';
import type { FreshTrial } from '../store/turn-writes.js';
import { isEnded } from '../trial/states.js';

export interface Carrying {
  readonly kept: readonly TrialRecord[];
  /** In the order of their numbers; `of` is the trial that goes on in it. */
  readonly fresh: readonly (FreshTrial & { readonly of: TrialRecord | null })[];
  /** Trials that are no part of the sweep any more; their epochs stay in the store. */
  readonly dropped: readonly TrialRecord[];
  /** Whether the rule to stop is another one, so that only trials that have not ended are kept. */
  readonly foldedAnew: boolean;
}

export interface Former {
  readonly spec: SweepSpec;
  readonly trials: readonly TrialRecord[];
}

/** `planned`: trials that the new spec has by itself; `plan` resolves settings under the new spec for a trial of this number. */
export function carryTrials(before: Former, spec: SweepSpec, planned: readonly TrialPlan[], plan: Resolver['plan']): Carrying {
  const servedBy = new Map<string, TrialRecord>();
  for (const { trial, assignment, exact } of before.trials.map((trial) => movedTo(trial, spec))) {
    const identity = trialIdentity(assignment, replicateOf(trial.plan));
    if (exact || !servedBy.has(identity)) servedBy.set(identity, trial);
  }
  // Several may have come to the same settings: they go on as one.
  const wanted = new Map<string, Wanted>();
  const want = ({ assignment, replicate }: Wanted): void => {
    const identity = trialIdentity(assignment, replicate);
    if (!wanted.has(identity)) wanted.set(identity, { assignment, replicate });
  };
  for (const trial of planned) want({ assignment: trial.assignment, replicate: replicateOf(trial) });
  for (const { assignment } of staying(before, spec)) for (let replicate = 0; replicate < replicatesOf(spec); replicate += 1) want({ assignment, replicate });
  const all = [...wanted.values()];
  const matched = [...wanted.keys()].map((identity) => servedBy.get(identity) ?? null);
  const foldedAnew = !same(before.spec.stop, spec.stop);
  let next = matched.reduce((most, trial) => Math.max(most, trial?.number ?? -1), -1) + 1;
  const kept: TrialRecord[] = [];
  const fresh: (FreshTrial & { readonly of: TrialRecord | null })[] = [];
  for (const [index, { assignment, replicate }] of all.entries()) {
    const of = matched[index] ?? null;
    const made = plan(of === null ? next : of.number, assignment, replicate);
    if (of === null) next += 1;
    if (of !== null && same(of.plan.path, made.path) && (!foldedAnew || !isEnded(of.state))) kept.push(of);
    else fresh.push({ plan: made, ahead: of?.ahead ?? null, of });
  }
  const used = new Set(matched);
  return { kept, fresh: fresh.toSorted((a, b) => a.plan.number - b.plan.number), dropped: before.trials.filter((trial) => !used.has(trial)), foldedAnew };
}

interface Wanted {
  readonly assignment: Assignment;
  readonly replicate: number;
}

interface Moved {
  readonly trial: TrialRecord;
  readonly assignment: Assignment;
  readonly exact: boolean;
}

/** A trial of a number of epochs that there is no more goes on to the next larger one. */
function movedTo(trial: TrialRecord, spec: SweepSpec): Moved {
  const { assignment } = trial;
  const axis = spec.axes.find(({ name }) => name === 'epochs');
  const epochs = assignment.epochs;
  if (trial.ahead !== null || axis === undefined || axis.range !== undefined || typeof epochs !== 'number' || axis.values.includes(epochs)) return { trial, assignment, exact: true };
  const larger = axis.values.filter((value) => typeof value === 'number').filter((value) => value > epochs);
  return larger.length === 0 ? { trial, assignment, exact: true } : { trial, assignment: { ...assignment, epochs: Math.min(...larger) }, exact: false };
}

/**
 * Trials that stay although the spec does not list them: a person's own; of a sampler that proposes all
 * that lie in the space; and what has begun of a draw that was cut. They stay with all their replicates.
 */
function staying(before: Former, spec: SweepSpec): Pick<Moved, 'assignment'>[] {
  const space = new AxesSpace(spec.axes);
  const accepts = acceptance(spec.constraints ?? []);
  const proposes = isProposed(spec);
  const sameDraw = typeof spec.sampler === 'object' && same([before.spec.axes, before.spec.sampler], [spec.axes, spec.sampler]);
  return before.trials.flatMap((trial) => {
    const moved = movedTo(trial, spec);
    if (trial.ahead !== null) return [moved];
    const hasBegun = trial.state !== 'queued' && trial.state !== 'cancelled';
    if (!proposes && !(sameDraw && hasBegun)) return [];
    return space.pointOf(moved.assignment) !== null && accepts(moved.assignment) ? [moved] : [];
  });
}

function same(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

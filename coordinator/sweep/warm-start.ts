/**
 * What a sampler is told of other sweeps' trials before its first proposal. It is worked out once, when a
 * revision is submitted, and stored with it: the other sweeps may go on meanwhile, and the next leader
 * tells the same. Pure.
 */
import { sameJson } from '../../proto/canonical.js';
import type { Observation } from '../sampler/sampler.js';
import { AxesSpace } from '../space/assignment.js';
import type { Point } from '../space/dimension.js';
import type { Told } from '../trial/told.js';
import { OFF } from './axes.js';
import type { Assignment, ObjectiveSpec, SweepSpec } from './spec.js';

/** Under its number in the other sweep. */
export type WarmTrial = Told & {
  /** As a trial of this sweep would have them. */
  readonly settings: Assignment;
};

export interface WarmStart {
  /** Names of the sweeps. */
  readonly from: readonly string[];
  /** In the order of `from`, each sweep's by their numbers. */
  readonly trials: readonly WarmTrial[];
  /** Why others were not taken, the most frequent first. */
  readonly unfit: readonly { readonly reason: string; readonly trials: number }[];
}

export interface FormerTrial {
  readonly settings: Assignment;
  readonly told: Told;
}

/** Ended trials of one sweep, by their numbers. */
export interface FormerSweep {
  readonly name: string;
  readonly trials: readonly FormerTrial[];
}

/** Hyperparameters count by name and value; one that is off unless it is named counts by what off means. */
export function warmStartOf({ axes, trainable }: Pick<SweepSpec, 'axes' | 'trainable'>, former: readonly FormerSweep[]): WarmStart {
  const space = new AxesSpace(axes);
  const off = trainable.kind === 'image-classifier' ? OFF : {};
  const trials: WarmTrial[] = [];
  const unfit = new Map<string, number>();
  for (const { settings, told } of former.flatMap((sweep) => sweep.trials)) {
    const mapped = settingsIn(space, settings, off);
    const reason = typeof mapped === 'string' ? mapped : [told.value ?? 0, ...(told.values ?? []), told.shortfall].every(Number.isFinite) ? null : 'its objective, or what floors and ceilings hold it to, is no finite number';
    if (reason === null && typeof mapped !== 'string') trials.push({ ...told, settings: mapped });
    else if (reason !== null) unfit.set(reason, (unfit.get(reason) ?? 0) + 1);
  }
  return {
    from: former.map(({ name }) => name),
    trials,
    unfit: [...unfit].map(([reason, count]) => ({ reason, trials: count })).toSorted((a, b) => b.trials - a.trials),
  };
}

/** The trial's settings under the names of the space, or why it has no place there. */
function settingsIn(space: AxesSpace, settings: Assignment, off: Assignment): Assignment | string {
  const all = { ...off, ...settings };
  const mapped = Object.fromEntries(space.names.flatMap((name) => (Object.hasOwn(all, name) ? [[name, all[name] ?? null] as const] : [])));
  const misfit = space.misfit(mapped);
  if (misfit !== null) return misfit.why === 'missing' ? `it has no ${misfit.name}` : `its ${misfit.name} is outside the space`;
  const more = Object.keys(settings).find((name) => !Object.hasOwn(mapped, name) && !(Object.hasOwn(off, name) && sameJson(off[name] ?? null, settings[name] ?? null)));
  return more === undefined ? mapped : `the space has no ${more}`;
}

/** Numbered below 0 in their order: no trial of the sweep has such a number. */
export function warmObservations(trials: readonly WarmTrial[], pointOf: (settings: Assignment) => Point | null): Observation[] {
  return trials.flatMap(({ settings, ...told }, index) => {
    const point = pointOf(settings);
    return point === null ? [] : [{ ...told, number: index - trials.length, point }];
  });
}

/** Whether two objectives name the same metrics in the same directions, in their order. */
export function sameGoals(a: ObjectiveSpec, b: ObjectiveSpec): boolean {
  const goals = ({ metric, direction, others = [] }: ObjectiveSpec): string[] => [{ metric, direction }, ...others].map((goal) => `${goal.direction} ${goal.metric}`);
  return sameJson(goals(a), goals(b));
}

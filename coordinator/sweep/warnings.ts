/** What a sweep file may say but its author perhaps did not mean. */
import type { ModelModule } from '../../proto/model-module.js';
import { isSchedule, type RateSchedule } from '../space/schedule.js';
import { speaksOfCosts } from '../space/constraints.js';
import { learnsFrom } from '../sampler/search.js';
import { countAccepted, type Counted } from './check-constraints.js';
import { vanishesAt } from './check-rates.js';
import { costsFor } from './costs.js';
import type { Path } from './mistakes.js';
import type { DataSummary, SweepSpec } from './spec.js';

export interface Warning {
  readonly path: Path;
  readonly text: string;
}

export function warningsOf(spec: SweepSpec): readonly Warning[] {
  const longest = Math.max(...axisValues(spec, 'epochs').map(Number));
  return [...rateWarnings(spec, longest), ...prunerWarnings(spec, longest), ...constraintWarnings(spec), ...warmStartWarnings(spec), ...thawWarnings(spec, longest)];
}

/** Epochs are counted from 0, and a trial that ends before one never reaches it. */
function thawWarnings(spec: SweepSpec, longest: number): Warning[] {
  const never = axisValues(spec, 'unfreezeAt').filter((value): value is number => typeof value === 'number' && value >= longest);
  if (never.length === 0) return [];
  return [{ path: ['space', 'unfreezeAt'], text: `${never.join(' and ')} ${never.length === 1 ? 'is' : 'are'} never in force: with epochs ${longest} the last epoch is ${longest - 1}, and the base stays as freeze has it` }];
}

function constraintWarnings({ constraints, axes, sampler }: SweepSpec): Warning[] {
  // What models cost is known once there are data.
  if (constraints === undefined || !isGrid(sampler) || constraints.some(speaksOfCosts)) return [];
  return leftOut(countAccepted(constraints, axes, 'grid'));
}

/** Once classes and models are known: how many combinations of a grid cost too much. */
export function costWarningsOf(spec: SweepSpec, data: Pick<DataSummary, 'classes'> | null, module: ModelModule | null): readonly Warning[] {
  const costOf = costsFor(spec, data, module);
  return costOf === null || !isGrid(spec.sampler) ? [] : leftOut(countAccepted(spec.constraints ?? [], spec.axes, 'grid', costOf));
}

function isGrid(sampler: SweepSpec['sampler']): boolean {
  return sampler === 'grid' || (typeof sampler === 'object' && 'grid' in sampler);
}

function leftOut({ met, of, all }: Counted): Warning[] {
  return !all || met === of ? [] : [{ path: ['constraints'], text: `${of - met} of the ${of} combinations do not meet them and are left out` }];
}

function warmStartWarnings({ warmStart, sampler }: SweepSpec): Warning[] {
  if (warmStart === undefined || learnsFrom(sampler)) return [];
  const [name] = typeof sampler === 'string' ? [sampler] : Object.keys(sampler);
  return [{ path: ['warmStart'], text: `it has no effect: sampler ${name ?? ''} learns from no trials, as tpe and gp do` }];
}

/** A trial is not judged at its end. */
function prunerWarnings({ pruner }: SweepSpec, longest: number): Warning[] {
  if (pruner === null || pruner.minEpochs < longest) return [];
  const trials = longest === 1 ? 'trials of 1 epoch' : `trials of at most ${longest} epochs`;
  return [{ path: ['pruner'], text: `it judges nobody: its first look is after ${pruner.minEpochs === 1 ? '1 epoch' : `${pruner.minEpochs} epochs`}, of ${trials}` }];
}

function rateWarnings(spec: SweepSpec, longest: number): Warning[] {
  return axisValues(spec, 'lr').flatMap((value): Warning[] => {
    if (!isSchedule(value)) return [];
    const schedule = value as RateSchedule;
    const gone = vanishesAt(schedule, longest);
    if (gone !== null) return [{ path: ['space', 'lr'], text: `its rate is too small for float32 from epoch ${gone} on and counts as 0, so that nothing is learnt in epochs ${gone} to ${longest - 1}` }];
    const over = 'cosine' in schedule ? { what: 'cosine', final: 0, ...schedule.cosine } : 'oneCycle' in schedule ? { what: 'cycle', final: null, ...schedule.oneCycle } : null;
    const { epochs, final } = over ?? {};
    if (over === null || epochs === undefined || epochs >= longest || (typeof final === 'number' && final > 0)) return [];
    return [{ path: ['space', 'lr'], text: `its ${over.what} ends after ${epochs} epochs and stays at ${final === 0 ? '0' : 'its last rate, which is next to nothing'}, so that nothing is learnt in epochs ${epochs} to ${longest - 1}` }];
  });
}

function axisValues(spec: SweepSpec, name: string): SweepSpec['axes'][number]['values'] {
  return spec.axes.find((axis) => axis.name === name)?.values ?? [];
}

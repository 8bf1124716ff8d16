/** `trawl show FILE --axes | --trials | --cost`: what a sweep file comes to, before anything runs. */
import { resolve } from 'node:path';
import { misfitsFor, type MisfitOf } from '../../coordinator/sweep/check-fit.js';
import { isProposed } from '../../coordinator/sampler/search.js';
import { epochCounts, resolveTrials } from '../../coordinator/sweep/resolve.js';
import { replicateOf, replicatesOf } from '../../coordinator/sweep/replicates.js';
import { axisTree } from '../../coordinator/space/axis-tree.js';
import { withValueAt } from '../../coordinator/space/setting.js';
import type { Axis, SweepSpec, TrialPlan } from '../../coordinator/sweep/spec.js';
import type { Json } from '../../proto/work.js';
import { homeBlobs } from '../blobs.js';
import { progressLine } from '../data/prepare.js';
import type { Home } from '../home.js';
import { count, settingText } from '../text/format.js';
import { table } from '../text/table.js';
import { Display } from './display.js';
import { Interrupts } from './interrupts.js';
import { loadSweep } from './load.js';

export type Question = 'axes' | 'trials' | 'cost';

/** Throws BadInput with a line per mistake. Creates nothing but the home's caches of the images that it reads. */
export async function showFile(file: string, question: Question, home: Home): Promise<{ readonly lines: readonly string[]; readonly document: { readonly [field: string]: unknown } }> {
  const interrupts = new Interrupts();
  const display = new Display();
  try {
    const onProgress: Parameters<typeof loadSweep>[0]['onProgress'] = (progress) => display.passing(progressLine(progress));
    const onWarning = (line: string): void => display.say(`warning: ${line}`);
    const { spec, data, request } = await loadSweep({ file: resolve(file), home, blobs: await homeBlobs(home), sharing: true, engine: { asked: 'any', hasNative: false }, withoutData: () => Promise.resolve(null), onWarning, onProgress, signal: interrupts.signal });
    display.clear();
    if (question === 'axes') return { lines: axisLines(spec.axes), document: { axes: spec.axes } };
    const plans = resolveTrials(spec, data, request.numerics, request.module ?? null);
    if (question === 'trials') {
      const misfitOf: MisfitOf = misfitsFor(spec, data, request.module ?? null) ?? (() => null);
      const documented = ({ number, assignment, ...plan }: TrialPlan): { readonly [field: string]: unknown } => {
        const infeasible = misfitOf(assignment);
        return { number, ...(replicatesOf(spec) === 1 ? {} : { replicate: replicateOf(plan) }), settings: assignment, ...(infeasible === null ? {} : { infeasible }) };
      };
      return { lines: trialLines(spec, plans, misfitOf), document: { proposed: isProposed(spec), trials: plans.map(documented) } };
    }
    return { lines: costLines(spec, plans), document: { proposed: isProposed(spec), trials: plans.length, epochs: epochCounts(plans) } };
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

/** One line per axis, those inside a value after the one around them; fixed ones last. Then what keeps epochs from being shared. */
export function axisLines(axes: readonly Axis[]): string[] {
  const said = ({ name, values, range }: Axis): string => {
    if (range !== undefined) return `any ${range.type === 'int' ? 'whole number' : 'number'} from ${range.min} to ${range.max}${range.log ? ', on a log scale' : ''}`;
    return values.map((value, index) => settingText(withoutInner(value, axes.filter(({ when }) => when?.axis === name && when.value === index)))).join(', ');
  };
  const isFixed = ({ name, values }: Axis): boolean => values.length === 1 && !axes.some(({ when }) => when?.axis === name);
  const lines = table(
    [
      { title: 'axis', value: (axis: Axis) => axis.name },
      { title: 'values', value: (axis) => (axis.range === undefined ? String(axis.values.length) : '-'), align: 'right' },
      { title: '', value: said },
    ],
    [...axes.filter((axis) => !isFixed(axis)), ...axes.filter(isFixed)],
  );
  return [...lines, ...spoiltLines(axes)];
}

/** The value with dots where the axes inside it stand, which have lines of their own. */
function withoutInner(value: Json, inner: readonly Axis[]): Json {
  return inner.reduce((setting, { when }) => withValueAt(setting, when?.path ?? [], '…'), value);
}

/** One line per trial that is known before the sweep runs, with the settings that differ between them, and why one could not be trained. */
export function trialLines(spec: SweepSpec, plans: readonly TrialPlan[], misfitOf: MisfitOf = () => null): string[] {
  if (isProposed(spec)) return [proposedLine(spec)];
  const nodes = axisTree(spec.axes);
  const varying = nodes.filter(({ axis, settings }) => settings > 1 || axis.range !== undefined);
  const shown = (varying.length > 0 ? varying : nodes).map(({ axis }) => axis);
  return table(
    [
      { title: 'trial', value: (plan: TrialPlan) => `#${plan.number}`, align: 'right' as const },
      ...(replicatesOf(spec) === 1 ? [] : [{ title: 'replicate', value: (plan: TrialPlan) => String(replicateOf(plan)), align: 'right' as const }]),
      ...shown.map(({ name }) => ({ title: name, value: (plan: TrialPlan) => settingText(plan.assignment[name] ?? null) })),
      ...(plans.some(({ assignment }) => misfitOf(assignment) !== null) ? [{ title: 'infeasible', value: ({ assignment }: TrialPlan) => misfitOf(assignment) ?? '' }] : []),
    ],
    plans,
  );
}

/** Epochs asked for against epochs to train, and what keeps them from being shared. */
export function costLines(spec: SweepSpec, plans: readonly TrialPlan[]): string[] {
  const spoilt = spoiltLines(spec.axes);
  if (isProposed(spec)) return [proposedLine(spec), ...spoilt];
  const { requested, distinct } = epochCounts(plans);
  const saved = requested === 0 ? 0 : Math.round(((requested - distinct) / requested) * 100);
  const atMost = spec.pruner === null && spec.stop === null ? '' : ' at most';
  const limited = spec.budget.epochs !== undefined && spec.budget.epochs < distinct ? [`budget.epochs ends it after ${count(spec.budget.epochs, 'epoch')}`] : [];
  return [`${count(plans.length, 'trial')}: ${count(requested, 'epoch')} requested, ${distinct} to train${atMost} (${saved} % saved by sharing)`, ...limited, ...spoilt];
}

function proposedLine(spec: SweepSpec): string {
  const { trials } = spec.budget;
  return `${trials === null ? 'Trials' : `Up to ${count(trials * replicatesOf(spec), 'trial')}`}, proposed while the sweep runs.`;
}

function spoiltLines(axes: readonly Axis[]): string[] {
  return spoilers(axes).map((value) => `${settingText(value)} spoils sharing: its rates depend on each trial's own number of epochs; give the ${openOver(value)} epochs`);
}

/** Schedules over the trial's own length, where trials differ in length. */
function spoilers(axes: readonly Axis[]): Json[] {
  const lengths = axes.find(({ name }) => name === 'epochs')?.values.length ?? 1;
  return lengths < 2 ? [] : axes.flatMap(({ values, when }) => (when === undefined ? values.filter((value) => openOver(value) !== null) : []));
}

/** What of a schedule lasts as long as its trial; null where nothing does. */
function openOver(value: Json): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) continue;
    const own = name === 'cosine' || name === 'oneCycle';
    if (own && !Object.hasOwn(inner, 'epochs')) return name === 'cosine' ? 'cosine' : 'cycle';
    const deeper = own ? null : openOver(inner);
    if (deeper !== null) return deeper;
  }
  return null;
}

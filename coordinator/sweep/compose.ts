/** From a draft without a mistake to the spec: every default filled in, nothing left to look up. */
import type { Box } from '../../proto/work.js';
import type { NamedModel } from '../../proto/models.js';
import type { WorkerSelector } from '../placement/selector.js';
import { withDefaults } from './axes.js';
import type { ClassTalk } from './check-data.js';
import { usualNormalisation, type WeightsSource } from '../../proto/pretrained.js';
import type { ProgramSource } from '../../proto/program.js';
import { isRawMap, sectionsOf, type ImageDraft, type ProgramDraft, type SyntheticDraft } from './draft.js';
import { durationMs } from '../../proto/duration.js';
import { dataFields, type BudgetFile, type DataFile, type ImageFile, type ObjectiveFile, type WorkersFile } from './schema.js';
import type { PrunerFile, SamplerFile } from './schema-search.js';
import type { Assignment, Axis, BudgetSpec, CommandSpec, DataSpec, EnsembleSpec, Goal, ModuleSpec, ObjectiveSpec, PrunerSpec, SamplerSpec, SplitSpec, StopSpec, SweepSpec, WeightsSpec } from './spec.js';

export const DEFAULT_SPLIT = { val: 0.15, test: 0.15 } as const;

/** Share of unreadable files. A few are usual in collected images; one of ten is rather a mistake. */
export const DEFAULT_MAX_REJECTED = 0.1;

/** Ten members are what Caruana's selection seldom goes beyond, and ten networks still predict in no time. */
export const DEFAULT_ENSEMBLE: EnsembleSpec = { rule: 'greedy', maxMembers: 10 };

/** Longer than an epoch of most trainings takes: a process that hangs shall not hold a slot for ever. */
export const DEFAULT_SILENCE = '1h';

/** `weights` is what was found out about the file's; null where nobody has looked, and for none. */
export function composeImage(draft: ImageDraft, named: readonly Axis[], model: NamedModel, weights: WeightsSource | null, fallbackName: string, list: readonly Assignment[] | null): SweepSpec {
  const file = draft.sections;
  return {
    ...common(file, fallbackName, list),
    trainable: { kind: 'image-classifier', data: composeData(file.data, model, weights), model: model.name, ...(draft.module === null ? {} : { module: draft.module.digest }), ...composeWeights(file.weights, weights) },
    axes: withDefaults(named, model),
    objective: composeObjective(file.objective, 'val.auc'),
    stop: composeStop(file.stop, 'val.loss'),
    ensemble: file.ensemble === 'none' ? null : { rule: file.ensemble?.rule ?? DEFAULT_ENSEMBLE.rule, maxMembers: file.ensemble?.maxMembers ?? DEFAULT_ENSEMBLE.maxMembers },
  };
}

export function composeSynthetic(draft: SyntheticDraft, named: readonly Axis[], fallbackName: string, list: readonly Assignment[] | null): SweepSpec {
  const file = draft.sections;
  const { epochMs = 0, metrics = {} } = file.trainable?.synthetic ?? {};
  const reported = Object.keys(metrics);
  const objective = composeObjective(file.objective, reported.includes('val.auc') ? 'val.auc' : (reported[0] ?? ''));
  return {
    ...common(file, fallbackName, list),
    trainable: { kind: 'synthetic', epochMs, metrics: Object.fromEntries(Object.entries(metrics).map(([metric, formula]) => [metric, String(formula)])) },
    axes: named,
    objective,
    stop: composeStop(file.stop, objective.metric, objective),
    ensemble: null,
  };
}

/** `source` is what was found of its files; null where nobody has looked, and for a command without files. */
export function composeProgram(draft: ProgramDraft, named: readonly Axis[], source: ProgramSource | null, fallbackName: string, list: readonly Assignment[] | null): SweepSpec {
  const file = draft.sections;
  const objective = composeObjective(file.objective, '');
  return {
    ...common(file, fallbackName, list),
    trainable: { ...composeTrainable(file), ...(source === null ? {} : { program: source.blob }) },
    axes: named.some(({ name }) => name === 'epochs') ? named : [...named, { name: 'epochs', values: [1] }],
    objective,
    stop: composeStop(file.stop, objective.metric, objective),
    ensemble: null,
  };
}

function composeTrainable({ trainable, command = [], module }: ProgramDraft['sections']): CommandSpec | ModuleSpec {
  const written = trainable ?? (module === undefined ? { command } : { module });
  const silenceMs = durationMs(written.silence ?? DEFAULT_SILENCE);
  if ('module' in written) return { kind: 'module', path: written.module, silenceMs };
  const environment = Object.fromEntries(Object.entries(written.environment ?? {}).map(([name, value]) => [name, String(value)]));
  return { kind: 'command', command: written.command.map(String), files: written.files ?? null, share: written.share ?? false, environment, silenceMs };
}

function common(file: ImageDraft['sections'] | SyntheticDraft['sections'] | ProgramDraft['sections'], fallbackName: string, list: readonly Assignment[] | null): Omit<SweepSpec, 'trainable' | 'axes' | 'objective' | 'stop' | 'ensemble'> {
  const { seed = 0, replicates = 1 } = file;
  return {
    format: 1,
    name: file.name ?? fallbackName,
    ...(file.constraints === undefined ? {} : { constraints: file.constraints }),
    sampler: composeSampler(file.sampler, seed, list),
    ...(file.warmStart === undefined ? {} : { warmStart: { from: [...new Set([file.warmStart.from].flat())] } }),
    budget: composeBudget(file.budget ?? {}),
    pruner: composePruner(file.pruner),
    stageTimeoutMs: file.stageTimeout === undefined ? null : durationMs(file.stageTimeout),
    // As with limits: what is as ever stays out.
    ...(file.priority === undefined || file.priority === 0 ? {} : { priority: file.priority }),
    ...(file.concurrency === undefined ? {} : { concurrency: file.concurrency }),
    ...(file.workers === undefined ? {} : { workers: composeWorkers(file.workers) }),
    seed,
    // Once is what a sweep from before there were replicates says.
    ...(replicates === 1 ? {} : { replicates }),
    sharing: true,
  };
}

function composeWorkers({ pool, labels }: WorkersFile): WorkerSelector {
  return { ...(pool === undefined ? {} : { pool }), ...(labels === undefined ? {} : { labels }) };
}

const HOUR_MS = 3_600_000;

/** What is not limited stays out, so that a sweep from before a limit existed is the same sweep. */
function composeBudget({ trials, wallClock, slotHours, gpuHours, epochs, target, stagnation }: BudgetFile): BudgetSpec {
  return {
    trials: trials ?? null,
    wallClockMs: wallClock === undefined ? null : durationMs(wallClock),
    ...(epochs === undefined ? {} : { epochs }),
    ...(slotHours === undefined ? {} : { slotMs: slotHours * HOUR_MS }),
    ...(gpuHours === undefined ? {} : { gpuMs: gpuHours * HOUR_MS }),
    ...(target === undefined ? {} : { target }),
    ...(stagnation === undefined ? {} : { stagnation }),
  };
}

/** A sampler's seed is the sweep's unless it has its own. */
function composeSampler(file: SamplerFile | undefined, seed: number, list: readonly Assignment[] | null): SamplerSpec {
  if (list !== null) return { list };
  const written = file ?? 'grid';
  if (written === 'grid' || written === 'axes') return written;
  if (typeof written === 'object' && 'grid' in written) return written.grid.order === 'shuffled' ? { grid: { order: 'shuffled', seed: written.grid.seed ?? seed } } : 'grid';
  if (written === 'random' || (typeof written === 'object' && 'random' in written)) return { random: { seed: seedOf(written === 'random' ? {} : written.random, seed) } };
  if (written === 'sobol' || (typeof written === 'object' && 'sobol' in written)) return { sobol: { seed: seedOf(written === 'sobol' ? {} : written.sobol, seed) } };
  if (written === 'tpe' || (typeof written === 'object' && 'tpe' in written)) return { tpe: { seed: seedOf(written === 'tpe' ? {} : written.tpe, seed) } };
  return { gp: { seed: seedOf(typeof written === 'object' && 'gp' in written ? written.gp : {}, seed) } };
}

function seedOf(file: { readonly seed?: number | undefined }, seed: number): number {
  return file.seed ?? seed;
}

/** Defaults are those of the papers: of three one goes on; judged from the first epoch on. */
function composePruner(file: PrunerFile | undefined): PrunerSpec | null {
  if (file === undefined || file === 'none') return null;
  if (file === 'median' || (typeof file === 'object' && 'median' in file)) {
    const { minEpochs = 1, minTrials = 3, every = 1 } = file === 'median' ? {} : file.median;
    return { kind: 'median', minEpochs, minTrials, every };
  }
  if (file === 'asha' || (typeof file === 'object' && 'asha' in file)) {
    const { minEpochs = 1, eta = 3, brackets = 1 } = file === 'asha' ? {} : file.asha;
    return { kind: 'asha', minEpochs, eta, brackets };
  }
  const { minEpochs = 1, eta = 3 } = file === 'hyperband' ? {} : file.hyperband;
  return { kind: 'hyperband', minEpochs, eta };
}

function composeWeights(file: ImageFile['weights'], source: WeightsSource | null): { readonly weights?: WeightsSpec } {
  if (file === undefined) return {};
  const { file: path, sha256 } = typeof file === 'string' ? { file } : file;
  return { weights: { file: path, ...(sha256 === undefined ? {} : { sha256 }), ...(source === null ? {} : { blob: source.blob }) } };
}

/** What a draft says of classes, as far as it could be read. */
export function composeClassTalk(draft: ImageDraft, axes: readonly Axis[]): ClassTalk {
  const { objective, stop } = draft.sections;
  return { axes, objective: composeObjective(objective, 'val.auc'), stop: composeStop(stop, 'val.loss'), positive: composePositive(dataIn(draft)) };
}

/** What of `data` says which classes there are. */
const TELLS_CLASSES = ['path', 'label', 'labels', 'classes'] as const;

/** Where a draft has its images and labels; null where that could not be read in full. */
export function composePlace(draft: ImageDraft): ClassesPlace | null {
  const { path, label = null, labels, classes = null } = dataIn(draft);
  const written = draft.raw.data;
  if (path === undefined || (isRawMap(written) && TELLS_CLASSES.some((key) => Object.hasOwn(written, key) && !Object.hasOwn(dataIn(draft), key)))) return null;
  return { path, label, labels: composeLabels(labels), classes };
}

export type ClassesPlace = Pick<DataSpec, (typeof TELLS_CLASSES)[number]>;

/** Its right fields, whatever is wrong beside them. */
function dataIn({ raw: { data }, sections }: ImageDraft): Partial<DataFile> {
  return isRawMap(data) ? sectionsOf(dataFields, data) : typeof sections.data === 'string' ? { path: sections.data } : {};
}

function composePositive({ positive }: Partial<DataFile>): string | null {
  return positive === undefined ? null : String(positive);
}

function composeData(data: ImageFile['data'] | undefined, model: NamedModel, weights: WeightsSource | null): DataSpec {
  const file: Exclude<ImageFile['data'], string> = typeof data === 'object' ? data : { path: data ?? '' };
  return {
    path: file.path,
    split: composeSplit(file),
    label: file.label ?? null,
    labels: composeLabels(file.labels),
    classes: file.classes ?? null,
    perClass: file.perClass ?? null,
    dedupe: file.dedupe ?? false,
    groupBy: file.groupBy ?? null,
    positive: composePositive(file),
    channels: file.channels ?? 'gray',
    resize: file.resize ?? 'stretch',
    ...composeCrop(file.crop),
    normalisation: file.normalisation ?? (weights === null ? null : usualNormalisation(model.name, weights.names)) ?? model.defaults.normalisation,
    maxRejected: file.maxRejected ?? DEFAULT_MAX_REJECTED,
  };
}

function composeCrop(crop: Exclude<ImageFile['data'], string>['crop']): Pick<DataSpec, 'crop'> {
  if (crop === undefined) return {};
  if ('masks' in crop) return { crop: { masks: crop.masks, margin: crop.margin ?? 0 } };
  return isWhole(crop.box) ? {} : { crop };
}

function isWhole([x, y, width, height]: Box): boolean {
  return x === 0 && y === 0 && width === 1 && height === 1;
}

function composeLabels(labels: Exclude<ImageFile['data'], string>['labels']): DataSpec['labels'] {
  if (labels === undefined || typeof labels === 'string') return labels ?? null;
  return { file: labels.file, path: labels.path ?? 'path', label: labels.label ?? 'label', group: labels.group ?? null, part: labels.part ?? null };
}

/** Null where the file says nothing: the given parts then, else the default fractions. */
function composeSplit({ split, given }: Exclude<ImageFile['data'], string>): SplitSpec | null {
  const merge = given === 'merge' || split?.given === 'merge';
  if (split === undefined) return merge ? { ...DEFAULT_SPLIT, merge, seed: 0 } : null;
  const seed = split.seed ?? 0;
  // Only a seed, or only given: merge, is about the default fractions.
  if (split.val === undefined && split.test === undefined) return { ...DEFAULT_SPLIT, merge, seed };
  return { val: split.val ?? null, test: split.test ?? null, merge, seed };
}

function composeObjective(objective: ImageFile['objective'], fallback: string): ObjectiveSpec {
  const written = objective === undefined ? [] : Array.isArray(objective) ? objective : [objective];
  const [first = { metric: fallback, direction: direction(fallback) }, ...others] = written.map(goalOf);
  const ceilings = Object.assign({}, ...written.map((each) => each.ceilings ?? {})) as { readonly [metric: string]: number };
  return {
    ...first,
    ...(others.length === 0 ? {} : { others }),
    floors: Object.assign({}, ...written.map((each) => each.floors ?? {})) as { readonly [metric: string]: number },
    ...(Object.keys(ceilings).length === 0 ? {} : { ceilings }),
  };
}

/** One objective as written. */
export function goalOf(written: ObjectiveFile): Goal {
  return 'maximize' in written ? { metric: written.maximize, direction: 'maximize' } : { metric: written.minimize, direction: 'minimize' };
}

function composeStop(stop: ImageFile['stop'], fallback: string, objective?: ObjectiveSpec): StopSpec | null {
  if (stop === undefined) return null;
  const monitor = stop.monitor ?? fallback;
  const natural = monitor === objective?.metric ? objective.direction : direction(monitor);
  return { monitor, direction: stop.direction ?? natural, patience: stop.patience, minDelta: stop.minDelta ?? 0, restoreBest: stop.restoreBest ?? false };
}

/** By its name: losses and errors are to be small, everything else large. */
function direction(metric: string): 'minimize' | 'maximize' {
  return /loss|error|regret/i.test(metric) ? 'minimize' : 'maximize';
}


/** What changed between two revisions of a sweep, in the words of its file. */
import { sameJson } from '../../proto/canonical.js';
import { durationText } from '../../proto/duration.js';
import type { Json } from '../../proto/work.js';
import { axisTree, writtenAxis } from '../space/axis-tree.js';
import { fieldName, type Path } from './mistakes.js';
import { replicatesOf } from './replicates.js';
import type { BudgetSpec, DataSpec, ObjectiveSpec, PrunerSpec, SweepSpec, TrainableSpec } from './spec.js';

/** One line per field, e.g. `space.lr: [0.01] -> [0.01, 0.003]`; none where both say the same. */
export function differences(before: SweepSpec, after: SweepSpec): string[] {
  // A list of objectives is compared with a list.
  const several = [before, after].some(({ objective }) => objective.others !== undefined);
  const [old, now] = [flat(before, several), flat(after, several)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const lines = names.flatMap((name) => {
    const [a, b] = [old.get(name) ?? null, now.get(name) ?? null];
    return sameJson(a, b) ? [] : [`${name}: ${say(a)} -> ${say(b)}`];
  });
  return lines;
}

export interface FieldOfSweeps {
  /** As `differences` has it. */
  readonly name: string;
  /** As a person writes it in the file, in the order of the sweeps; null where a sweep says nothing of it. */
  readonly values: readonly (string | null)[];
}

/** What sweeps say of every field of their files, in the order of the files. */
export function sideBySide(specs: readonly SweepSpec[]): FieldOfSweeps[] {
  const several = specs.some(({ objective }) => objective.others !== undefined);
  const all = specs.map((spec) => flat(spec, several));
  return [...new Set(all.flatMap((fields) => [...fields.keys()]))].map((name) => ({
    name,
    values: all.map((fields) => {
      const value = fields.get(name) ?? null;
      return value === null ? null : say(value);
    }),
  }));
}

/** Field to value. Axes are lists and stay whole; maps are taken apart. */
function flat(spec: SweepSpec, several: boolean): Map<string, Json> {
  const fields = new Map<string, Json>();
  const put = (path: Path, value: Json): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fields.set(fieldName(path), value);
    else for (const [name, inner] of Object.entries(value)) put([...path, name], inner);
  };
  put([], asWritten(spec, several));
  for (const node of axisTree(spec.axes)) put(['space', node.axis.name], writtenList(writtenAxis(node)));
  if (typeof spec.sampler === 'object' && 'list' in spec.sampler) spec.sampler.list.forEach((trial, index) => put(['sampler', 'list', index], trial));
  return fields;
}

/** The spec under the names of the sweep file. */
function asWritten(spec: SweepSpec, several: boolean): { readonly [section: string]: Json } {
  const { trainable, objective, stop, budget, sampler, pruner } = spec;
  return {
    name: spec.name,
    ...writtenTrainable(trainable),
    constraints: spec.constraints ?? null,
    sampler: typeof sampler === 'string' || 'list' in sampler ? (typeof sampler === 'string' ? sampler : null) : Object.fromEntries(Object.entries(sampler).map(([kind, settings]) => [kind, { ...settings }])),
    warmStart: spec.warmStart === undefined ? null : { from: spec.warmStart.from },
    objective: writtenObjective(objective, several),
    stop: stop === null ? null : { ...stop },
    pruner: pruner === null ? null : writtenPruner(pruner),
    ensemble: spec.ensemble === null ? null : { ...spec.ensemble },
    budget: writtenBudget(budget),
    stageTimeout: spec.stageTimeoutMs === null ? null : durationText(spec.stageTimeoutMs),
    priority: spec.priority ?? 0,
    concurrency: spec.concurrency ?? null,
    workers: spec.workers === undefined ? null : { ...spec.workers, labels: { ...spec.workers.labels } },
    seed: spec.seed,
    replicates: replicatesOf(spec),
    sharing: spec.sharing,
  };
}

/** A list stays whole where fields are taken apart. */
function writtenList(written: Json): Json {
  return Array.isArray(written) ? (written as readonly Json[]) : [written];
}

/** Of several objectives the list that they are in the file, with all limits at the first. */
function writtenObjective({ others = [], floors, ceilings = {}, ...first }: ObjectiveSpec, several: boolean): Json {
  const [goal, ...more] = [first, ...others].map(({ direction, metric }): { readonly [field: string]: Json } => ({ [direction]: metric }));
  if (!several) return { ...goal, floors, ceilings };
  const limits = Object.entries({ floors, ceilings }).filter(([, limit]) => Object.keys(limit).length > 0);
  return [{ ...goal, ...Object.fromEntries(limits) }, ...more];
}

const HOUR_MS = 3_600_000;

function writtenBudget({ wallClockMs, slotMs, gpuMs, ...same }: BudgetSpec): Json {
  return {
    ...same,
    wallClock: wallClockMs === null ? null : durationText(wallClockMs),
    slotHours: slotMs === undefined ? null : slotMs / HOUR_MS,
    gpuHours: gpuMs === undefined ? null : gpuMs / HOUR_MS,
  };
}

function writtenData({ split, labels, crop, ...same }: DataSpec): Json {
  const { merge = false, ...parts } = split ?? {};
  return {
    ...same,
    crop: crop === undefined ? null : { ...crop },
    split: split === null ? null : { ...parts, given: merge ? 'merge' : null },
    labels: typeof labels === 'object' && labels !== null ? { ...labels } : labels,
  };
}

function writtenTrainable(trainable: TrainableSpec): { readonly [section: string]: Json } {
  switch (trainable.kind) {
    case 'image-classifier': {
      const { data, model, module, weights } = trainable;
      return { data: writtenData(data), model, 'code of the model': module?.slice(0, 12) ?? null, weights: weights?.file ?? null, 'bytes of the weights': weights?.blob?.slice(0, 12) ?? null };
    }
    case 'synthetic':
      return { trainable: { synthetic: { epochMs: trainable.epochMs, metrics: trainable.metrics } } };
    case 'command': {
      const { command, files, share, environment, silenceMs, program } = trainable;
      return { trainable: { command, files, share, environment, silence: durationText(silenceMs) }, 'files of the command': program?.slice(0, 12) ?? null };
    }
    case 'module': {
      const { path, silenceMs, program } = trainable;
      return { trainable: { module: path, silence: durationText(silenceMs) }, 'code of the module': program?.slice(0, 12) ?? null };
    }
  }
}

function writtenPruner({ kind, ...settings }: PrunerSpec): Json {
  return { [kind]: settings };
}

/** As flow YAML, which is how a person wrote it. */
function say(value: Json): string {
  if (value === null) return 'none';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(say).join(', ')}]`;
  return `{${Object.entries(value).map(([name, field]) => `${name}: ${say(field)}`).join(', ')}}`;
}

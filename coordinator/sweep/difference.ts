/** What changed between two revisions of a sweep, in the words of its file. */
import { sameJson } from '../../proto/canonical.js';
import type { Json } from '../../proto/work.js';
import { axisTree, writtenAxis } from '../space/axis-tree.js';
import { fieldName, type Path } from './mistakes.js';
import { replicatesOf } from './replicates.js';
import type { ObjectiveSpec, PrunerSpec, SweepSpec, TrainableSpec } from './spec.js';

/** One line per field, e.g. `space.lr: [0.01] -> [0.01, 0.003]`; none where both say the same. */
export function differences(before: SweepSpec, after: SweepSpec): string[] {
  const [old, now] = [flat(before), flat(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const lines = names.flatMap((name) => {
    const [a, b] = [old.get(name) ?? null, now.get(name) ?? null];
    return sameJson(a, b) ? [] : [`${name}: ${say(a)} -> ${say(b)}`];
  });
  return lines;
}

/** Field to value. Axes are lists and stay whole; maps are taken apart. */
function flat(spec: SweepSpec): Map<string, Json> {
  const fields = new Map<string, Json>();
  const put = (path: Path, value: Json): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fields.set(fieldName(path), value);
    else for (const [name, inner] of Object.entries(value)) put([...path, name], inner);
  };
  put([], asWritten(spec));
  for (const node of axisTree(spec.axes)) put(['space', node.axis.name], writtenList(writtenAxis(node)));
  if (typeof spec.sampler === 'object' && 'list' in spec.sampler) spec.sampler.list.forEach((trial, index) => put(['sampler', 'list', index], trial));
  return fields;
}

/** The spec under the names of the sweep file. */
function asWritten(spec: SweepSpec): { readonly [section: string]: Json } {
  const { trainable, objective, stop, budget, sampler, pruner } = spec;
  return {
    name: spec.name,
    ...writtenTrainable(trainable),
    constraints: spec.constraints ?? null,
    sampler: typeof sampler === 'string' || 'list' in sampler ? (typeof sampler === 'string' ? sampler : null) : Object.fromEntries(Object.entries(sampler).map(([kind, settings]) => [kind, { ...settings }])),
    warmStart: spec.warmStart === undefined ? null : { from: spec.warmStart.from },
    objective: writtenObjective(objective),
    stop: stop === null ? null : { ...stop },
    pruner: pruner === null ? null : writtenPruner(pruner),
    ensemble: spec.ensemble === null ? null : { ...spec.ensemble },
    budget: { ...budget },
    stageTimeoutMs: spec.stageTimeoutMs,
    priority: spec.priority ?? 0,
    concurrency: spec.concurrency ?? null,
    seed: spec.seed,
    replicates: replicatesOf(spec),
    sharing: spec.sharing,
  };
}

/** A list stays whole where fields are taken apart. */
function writtenList(written: Json): Json {
  return Array.isArray(written) ? (written as readonly Json[]) : [written];
}

function writtenObjective({ others = [], floors, ceilings = {}, ...first }: ObjectiveSpec): Json {
  const goals = [first, ...others].map(({ direction, metric }) => ({ [direction]: metric }));
  return others.length === 0 ? { ...goals[0], floors, ceilings } : { goals, floors, ceilings };
}

function writtenTrainable(trainable: TrainableSpec): { readonly [section: string]: Json } {
  switch (trainable.kind) {
    case 'image-classifier': {
      const { data, model, module } = trainable;
      const split = data.split === null ? null : { ...data.split };
      const labels = typeof data.labels === 'object' && data.labels !== null ? { ...data.labels } : data.labels;
      return { data: { ...data, split, labels }, model, 'code of the model': module?.slice(0, 12) ?? null };
    }
    case 'synthetic':
      return { trainable: { synthetic: { epochMs: trainable.epochMs, metrics: trainable.metrics } } };
    case 'command': {
      const { command, files, share, environment, silenceMs, program } = trainable;
      return { trainable: { command, files, share, environment, silenceMs }, 'files of the command': program?.slice(0, 12) ?? null };
    }
    case 'module': {
      const { path, silenceMs, program } = trainable;
      return { trainable: { module: path, silenceMs }, 'code of the module': program?.slice(0, 12) ?? null };
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

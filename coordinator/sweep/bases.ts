/** The bases that a sweep with pretrained weights freezes, each built once: what its settings name is counted in their layers. */
import { canonicalJson } from '../../proto/canonical.js';
import type { ModelModule } from '../../proto/model-module.js';
import { baseOf, type TransferBase } from '../../worker/model/base.js';
import { sampledAssignments } from '../sampler/assignments.js';
import { isProposed } from '../sampler/search.js';
import type { Assignment, SweepSpec } from './spec.js';
import { modelChoice, modelFor, structureOf } from './structures.js';
import { TRANSFER_DEFAULTS, type ImageSpec } from './transfer.js';

/** Bases that are remembered: many trials have the same. */
const MOST_KNOWN = 10_000;

export type BaseFor = (assignment: Assignment) => TransferBase | null;

/** The base of an assignment; null for images that its model is too small for, and for a structure that the module was not built for. */
export function basesFor(trainable: ImageSpec, classes: number, module: ModelModule | null): BaseFor {
  const model = modelFor(trainable.model, module);
  const known = new Map<string, TransferBase | null>();
  return (assignment) => {
    const structure = structureOf(assignment, model, trainable.data, classes);
    const cutAt = (assignment.cutAt ?? TRANSFER_DEFAULTS.cutAt) as string | null;
    const text = canonicalJson({ structure, cutAt });
    const before = known.get(text);
    if (before !== undefined) return before;
    const choice = modelChoice(trainable.model, module, structure);
    const base = choice === null ? null : baseOf(choice, structure.input, classes, cutAt);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(text, base);
    return base;
  };
}

/** Past so many combinations of a sampler that draws as it goes, its axes are walked one at a time. */
const MOST_DRAWN = 256;

/** Hyperparameters that make another network or base, beside the model's knobs. */
const SHAPING = ['imageSize', 'cutAt', 'head', 'freeze'];

/** Hyperparameters of which a trial's network and base are made. */
export function shapingNames(trainable: ImageSpec, module: ModelModule | null): ReadonlySet<string> {
  return new Set([...modelFor(trainable.model, module).knobs.map(({ name }) => name), ...SHAPING]);
}

/** The trials' assignments; of a sampler that draws as it goes, what it may: of each axis that shapes the network its values, of a range both ends. */
export function* shapingAssignments(spec: SweepSpec, trainable: ImageSpec, module: ModelModule | null): Generator<Assignment> {
  if (!isProposed(spec)) {
    yield* sampledAssignments(spec);
    return;
  }
  const shaping = shapingNames(trainable, module);
  const axes = spec.axes.filter(({ when }) => when === undefined);
  const first: Assignment = Object.fromEntries(axes.map(({ name, values }) => [name, values[0] ?? null]));
  const varied = axes.filter(({ name, values }) => shaping.has(name) && values.length > 1);
  const combinations = varied.reduce((product, { values }) => product * values.length, 1);
  if (combinations > MOST_DRAWN) {
    yield first;
    for (const { name, values } of varied) for (const value of values.slice(1)) yield { ...first, [name]: value };
  } else yield* varied.reduce<Assignment[]>((made, { name, values }) => made.flatMap((assignment) => values.map((value) => ({ ...assignment, [name]: value }))), [first]);
}

/** The structures that a sweep asks of its module: each combination of knobs and input once. */
import { builtTopology, moduleModel, structureName, type ModelModule, type Structure } from '../../proto/model-module.js';
import type { ModelChoice } from '../../proto/work.js';
import { namedModel, type NamedModel } from '../../proto/models.js';
import { sampledAssignments } from '../sampler/assignments.js';
import type { Assignment, DataSpec, SweepSpec } from './spec.js';

/** What is known of a model by its name, or of the module's. Throws as `namedModel` does. */
export function modelFor(name: string, module: ModelModule | null): NamedModel {
  return module === null ? namedModel(name) : moduleModel(module);
}

export function structureOf(assignment: Assignment, model: NamedModel, data: DataSpec, classes: number): Structure {
  const size = Number(assignment.imageSize);
  return {
    settings: Object.fromEntries(model.knobs.map((knob) => [knob.name, assignment[knob.name] ?? knob.default])),
    input: { height: size, width: size, channels: data.channels === 'rgb' ? 3 : 1, classes },
    ...(assignment.head === 'sigmoid' ? { head: 'sigmoid' as const } : {}),
  };
}

/** By its topology alone for a module: knobs that change nothing in it make no other trajectory. Null where the module was not built for it. */
export function modelChoice(name: string, module: ModelModule | null, structure: Structure): ModelChoice | null {
  const { settings: knobs, head } = structure;
  if (module === null) return { name, knobs, ...(head === undefined ? {} : { head }) };
  const topology = builtTopology(module, structure);
  return topology === null ? null : { name: 'module', knobs: {}, topology };
}

/** By name, in the order of the trials. */
export function structuresOf(spec: SweepSpec, model: NamedModel, classes: number): ReadonlyMap<string, Structure> {
  const structures = new Map<string, Structure>();
  if (spec.trainable.kind !== 'image-classifier') return structures;
  for (const assignment of sampledAssignments(spec)) {
    const structure = structureOf(assignment, model, spec.trainable.data, classes);
    const name = structureName(structure);
    if (!structures.has(name)) structures.set(name, structure);
  }
  return structures;
}

/** A trial of a classical model: what it is fitted to, in its one epoch. */
import { CLASSICAL_VERSION, type ClassicalModel } from '../../proto/models.js';
import { KEY_FORMAT, type ClassicalEpochSettings, type ClassicalTrajectory } from '../../proto/work.js';
import { classWeights, inputOf } from './image-input.js';
import type { Assignment, DataSpec, DataSummary } from './spec.js';
import { structureOf } from './structures.js';

export type Seeds = Pick<ClassicalTrajectory, 'numerics' | 'seed' | 'replicate' | 'salt'>;

export function classicalTrajectory(model: ClassicalModel, spec: DataSpec, data: DataSummary, assignment: Assignment, seeds: Seeds): ClassicalTrajectory {
  return {
    format: KEY_FORMAT,
    trainable: 'classical',
    version: CLASSICAL_VERSION,
    ...seeds,
    data: data.digest,
    classes: data.classes.length,
    input: inputOf(spec, Number(assignment.imageSize), model.defaults.normalisation),
    model: { name: model.name, knobs: structureOf(assignment, model, spec, data.classes.length).settings },
  };
}

export function classicalSettings(assignment: Assignment, data: DataSummary, dataSeed: number): ClassicalEpochSettings {
  return { classWeights: classWeights(assignment.classWeights ?? 'none', data), trainFraction: Number(assignment.trainFraction ?? 1), dataSeed };
}

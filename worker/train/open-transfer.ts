import { readFile } from 'node:fs/promises';
import type { ImageTrajectory } from '../../proto/work.js';
import { DataError } from '../data/data-error.js';
import type { Engine, Training } from '../engine/engine.js';
import { programOf } from '../engine/program.js';
import { readSafetensors } from '../model/safetensors.js';
import { type Halves, halvesOf, type TransferModel, withoutHead } from '../model/transfer.js';
import { transferOf } from '../model/zoo.js';
import type { ImageData } from './image-data.js';
import type { FeatureShape } from '../data/features.js';
import type { Order } from './protocol.js';
import { TransferModels } from './transfer-models.js';

/** The model cut behind its pooling, and the shape of what goes from one half to the other. Throws ModelError and UnsupportedLayerError. */
export function splitTransfer(model: TransferModel, numerics: string): { readonly halves: Halves; readonly shape: FeatureShape } {
  const { output: shape } = programOf(withoutHead(model), numerics).operations.at(-1)!;
  return { halves: halvesOf(model, [shape.height, shape.width, shape.channels]), shape };
}

/** The models of a transfer, none of them loaded yet. Throws ModelError, UnsupportedLayerError and DataError. */
export async function openTransfer(engine: Engine, order: Order, trajectory: ImageTrajectory, data: ImageData, training: Training): Promise<TransferModels> {
  const { weights, pixels } = order;
  if (weights === undefined || pixels === null) throw new DataError('a transfer needs its weights and a data set, and the work names none');
  const model = transferOf(trajectory.model, trajectory.input, trajectory.classes);
  return new TransferModels({ engine, trajectory, model, ...splitTransfer(model, engine.numerics), weights: readSafetensors(await readFile(weights)).tensors, data, pixels, training });
}

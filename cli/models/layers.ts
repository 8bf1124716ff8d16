import type { LayerView } from '../../coordinator/api/model-views.js';
import type { ImageTrajectory } from '../../proto/work.js';
import { eagerLayerTable } from '../../worker/engine/eager/layer-table.js';
import { UnsupportedLayerError } from '../../worker/engine/engine.js';
import { layerTable } from '../../worker/model/layer-table.js';
import { buildModel } from '../../worker/model/zoo.js';

/** As `trawl model` lists them; those that the other engines do not know as `--engine eager` does. */
export function layersOf({ model, input, classes }: ImageTrajectory): LayerView[] {
  const topology = buildModel(model, input, classes);
  try {
    return layerTable(topology);
  } catch (error) {
    if (!(error instanceof UnsupportedLayerError)) throw error;
    return eagerLayerTable(topology);
  }
}

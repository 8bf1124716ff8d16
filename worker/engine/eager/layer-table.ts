import type { LayerRow } from '../../model/layer-table.js';
import type { Topology } from '../../model/topology.js';
import { describeModel } from './model.js';

/** One row per layer, in order, as `layerTable` gives it for layers that the other engines know. Throws as `describeModel` does. */
export function eagerLayerTable(topology: Topology): LayerRow[] {
  return describeModel(topology).summaries.map((layer) => ({ ...layer, activationBytes: 4 * layer.output.reduce((product, size) => product * size, 1) }));
}

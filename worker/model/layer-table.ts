import { programOf } from '../engine/program.js';
import type { Topology } from './topology.js';

export interface LayerRow {
  readonly name: string;
  /** The layer's class in Keras' words, e.g. Conv2D. */
  readonly className: string;
  /** [height, width, channels], or [units] after Flatten. */
  readonly output: readonly number[];
  /** Trained by gradient. */
  readonly learnables: number;
  /** Learnables and moving statistics. */
  readonly params: number;
  /** For one image, of convolutions and dense layers. */
  readonly multiplyAdds: number;
  /** Of the output of one image, float32. Fused layers share one output, so the sum is more than a training takes. */
  readonly activationBytes: number;
}

/** One row per layer, in order. Throws as `programOf` does. */
export function layerTable(topology: Topology): LayerRow[] {
  return programOf(topology, 'wasm').layers.map(({ name, className, output, vector, learnables, params, multiplyAdds }) => ({
    name,
    className,
    output: vector ? [output.channels] : [output.height, output.width, output.channels],
    learnables,
    params,
    multiplyAdds,
    activationBytes: 4 * output.height * output.width * output.channels,
  }));
}

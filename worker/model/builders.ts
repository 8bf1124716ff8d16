import type { Knobs } from './knobs.js';
import type { Input } from './layers.js';
import type { Output } from './output.js';
import type { Topology } from './topology.js';

/** By model: its layers for images of `input`. Throws ModelError. */
export interface ModelBuilders {
  readonly [model: string]: (knobs: Knobs, input: Input, output: Output) => Topology;
}

import { type Activation, Builder, type Input } from './layers.js';
import type { Topology } from './topology.js';

/** Dense layers on the flattened pixels, each with its activation and dropout; then FC classes. */
export function mlp(hidden: readonly number[], activation: Activation, input: Input, classes: number): Topology {
  const model = new Builder('mlp', input).flatten();
  for (const width of hidden) model.dense(width).activation(activation).dropout();
  return model.dense(classes).softmax().topology();
}

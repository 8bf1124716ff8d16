import { type Activation, Builder, type Input } from '../layers.js';
import type { Output } from '../output.js';
import type { Topology } from '../topology.js';

/** Dense layers on the flattened pixels, each with its activation and dropout; then the output layer. */
export function mlp(hidden: readonly number[], activation: Activation, input: Input, output: Output): Topology {
  const model = new Builder('mlp', input).flatten();
  for (const width of hidden) model.dense(width).activation(activation).dropout();
  return model.dense(output.units).activation(output.activation).topology();
}

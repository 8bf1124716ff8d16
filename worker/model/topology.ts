/**
 * A model as tf.layers serialises it (`model.toJSON`): a Sequential of layers with class names and
 * configurations in Keras' words. Built-in models write it directly, so a training child needs no
 * TensorFlow.js; a test loads each into tf.layers and compares outputs and gradients.
 */
import type { Json } from '../../proto/work.js';

export interface LayerConfig {
  readonly class_name: string;
  readonly config: { readonly name: string } & { readonly [field: string]: Json };
}

export interface Topology {
  readonly class_name: 'Sequential';
  readonly config: { readonly name: string; readonly layers: readonly LayerConfig[] };
}

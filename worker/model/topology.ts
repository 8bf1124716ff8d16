/**
 * A model as tf.layers serialises it (`model.toJSON`): a Sequential of layers, or a functional model
 * (`Model` in tf.layers and Keras 2, `Functional` in Keras since), with class names and
 * configurations in Keras' words. Built-in models write it directly, so a training child needs no
 * TensorFlow.js; a test loads each into tf.layers and compares outputs and gradients.
 */
import type { Json } from '../../proto/work.js';

export interface LayerConfig {
  readonly class_name: string;
  readonly config: { readonly name: string } & { readonly [field: string]: Json };
  /** Of a functional model: the layers that this one takes. */
  readonly inbound_nodes?: Json;
}

export interface Topology {
  readonly class_name: 'Sequential' | 'Model' | 'Functional';
  readonly config: {
    readonly name: string;
    readonly layers: readonly LayerConfig[];
    /** Of a functional model: [[layer, 0, 0]]. */
    readonly input_layers?: Json;
    readonly output_layers?: Json;
  };
}

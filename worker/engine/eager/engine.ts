/**
 * The `eager` executor: tf.layers and tfjs-node as they are published, on the addon of a native engine.
 * Each operation is a call into TensorFlow, so that it is slower than either of the others (a step of
 * garth-cnn at 100 px: 369 operations, 161 tensors made, 542 deleted), and it is never chosen by itself.
 * It is there for layers that the walk of the others does not know.
 */
import type { Topology } from '../../model/topology.js';
import type { Engine, Executable, ImageSource, Training } from '../engine.js';
import { expectFit } from '../fit.js';
import type { JavaScriptPlace } from '../native/found.js';
import { DATA_TYPE, type NativeTensorFlow, type TfjsBinding } from '../native/native.js';
import { expectRoom } from '../native/room.js';
import { calling } from './errors.js';
import { activationBytes, estimateBytes, stagingBytes } from './estimate.js';
import { EagerExecutable } from './executable.js';
import { describeModel, type EagerModel } from './model.js';
import { eagerNumerics } from './numerics.js';
import { useTfjsNode } from './tfjs-node.js';

export interface EagerOptions {
  /** Free memory of the GPU, in bytes; null or absent where nobody told, or on a CPU. */
  readonly deviceBytes?: number | null;
}

/** `kernels` is tfjs-node's JavaScript. Its back end is set for the process, once. Throws what its files throw. */
export async function createEagerEngine(native: NativeTensorFlow, kernels: JavaScriptPlace, { deviceBytes = null }: EagerOptions = {}): Promise<Engine> {
  await useTfjsNode(kernels.folder, native.binding, native.device);
  return new EagerEngine(native, kernels, deviceBytes);
}

/** Floats that are asked for in one row, as the size of all would not fit into an int32. */
const BLOCK = 2 ** 18;

class EagerEngine implements Engine {
  readonly numerics: string;
  private readonly native: NativeTensorFlow;
  private readonly deviceBytes: number | null;

  constructor(native: NativeTensorFlow, kernels: JavaScriptPlace, deviceBytes: number | null) {
    this.native = native;
    this.deviceBytes = deviceBytes;
    this.numerics = eagerNumerics({ tensorflow: native.version, device: native.device, kernels: kernels.version });
  }

  estimate(topology: Topology, training: Training): number {
    return estimateBytes(describeModel(topology), training);
  }

  compile(topology: Topology, training: Training, source: ImageSource): Promise<Executable> {
    return new Promise((resolve) => {
      resolve(this.build(topology, training, source));
    });
  }

  private build(topology: Topology, training: Training, source: ImageSource): Executable {
    const model = describeModel(topology);
    expectFit(model, training.classes, source);
    const { device } = this.native;
    const needed = estimateBytes(model, training);
    expectRoom({ device, deviceBytes: this.deviceBytes, needed, staged: stagingBytes(model, training) }, training);
    this.tryRoom(model, training);
    return new EagerExecutable(model, training, source, needed);
  }

  /**
   * On a CPU, TensorFlow's oneDNN kernels end the process where an allocation fails, while its own
   * operations say so: what a step will need is asked for once beforehand, and not touched.
   */
  private tryRoom(model: EagerModel, training: Training): void {
    if (this.native.device === 'gpu') return;
    const blocks = Math.ceil(activationBytes(model, training) / (4 * BLOCK));
    calling('train', () => takeEmpty(this.native.binding, [blocks, BLOCK]));
  }
}


/** Memory for so many floats, taken without being touched, and given back. */
function takeEmpty(binding: TfjsBinding, shape: readonly number[]): void {
  const tensors = [binding.createTensor([shape.length], DATA_TYPE.int32, Int32Array.from(shape))];
  try {
    const attributes = [
      { name: 'dtype', type: binding.TF_ATTR_TYPE, value: DATA_TYPE.float },
      { name: 'init', type: binding.TF_ATTR_BOOL, value: false },
    ];
    tensors.push(...binding.executeOp('Empty', attributes, [...tensors], 1).map(({ id }) => id));
  } finally {
    for (const tensor of tensors) binding.deleteTensor(tensor);
  }
}

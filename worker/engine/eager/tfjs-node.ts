/**
 * tfjs-node's own back end: its JavaScript as it was published, on an addon that is loaded already.
 *
 * Its index.js is passed by: it looks for the addon where its install script would have put it, and needs
 * packages for that. What is run are the back end and its kernels, by a loader of a few lines which gives
 * them what they require: tf.layers and tfjs-core of trawl, and Node's `util` with the two functions that
 * Node 23 has no more (they were said to be deprecated; nothing global is changed).
 */
import { readFileSync } from 'node:fs';
import * as os from 'node:os';
import { dirname, join } from 'node:path';
import * as util from 'node:util';
import { compileFunction } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Device } from '../native/found.js';
import type { TfjsBinding } from '../native/native.js';

/** The name under which its kernels are registered. */
export const BACKEND = 'tensorflow';

type Exports = { readonly [name: string]: unknown };
type BackendClass = new (binding: TfjsBinding, packageName: string) => tf.KernelBackend;

/** Methods of tensors that its kernels call, and that tfjs-core has only where somebody asks for them. */
const CHAINED = {
  add: (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.add(a, b),
  sub: (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.sub(a, b),
  mul: (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.mul(a, b),
  toFloat: (a: tf.Tensor): tf.Tensor => tf.cast(a, 'float32'),
};

/** `folder` is the package's, with `dist` in it. Once in a process. Throws what its files throw. */
export async function useTfjsNode(folder: string, binding: TfjsBinding, device: Device): Promise<void> {
  const require = requirer({
    '@tensorflow/tfjs': { ...tf, ...layers },
    '@tensorflow/tfjs-core': tf,
    util: { ...util, isNullOrUndefined: (value: unknown) => value === null || value === undefined, isArray: Array.isArray },
    os,
    // Only its summaries for TensorBoard use it, and it needs protobuf.
    './proto/api_pb': {},
  });
  const { NodeJSKernelBackend } = require(join(folder, 'dist', 'nodejs_kernel_backend.js'));
  for (const [name, method] of Object.entries(CHAINED)) {
    Object.defineProperty(tf.Tensor.prototype, name, { configurable: true, value: function (this: tf.Tensor, other: tf.Tensor) { return method(this, other); } });
  }
  tf.registerBackend(BACKEND, () => new (NodeJSKernelBackend as BackendClass)(binding, device === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node'));
  require(join(folder, 'dist', 'register_all_kernels.js'));
  await tf.setBackend(BACKEND);
}

/** Loads CommonJS files that require each other by relative paths, and `provided` by name. */
function requirer(provided: Exports): (file: string) => Exports {
  const loaded = new Map<string, { exports: Exports }>();
  const load = (file: string): Exports => {
    const known = loaded.get(file);
    if (known !== undefined) return known.exports;
    const module: { exports: Exports } = { exports: {} };
    loaded.set(file, module);
    const require = (name: string): unknown => {
      if (Object.hasOwn(provided, name)) return provided[name];
      if (!name.startsWith('.')) throw new Error(`${file} requires ${name}, which it is not given`);
      return load(`${join(dirname(file), name).replace(/\.js$/, '')}.js`);
    };
    const run = compileFunction(readFileSync(file, 'utf8'), ['exports', 'require', 'module'], { filename: file }) as (...given: readonly unknown[]) => void;
    run(module.exports, require, module);
    return module.exports;
  };
  return load;
}

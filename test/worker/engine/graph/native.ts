/**
 * The native engine under test: a folder named by TRAWL_TEST_NATIVE that holds tfjs-node's addon beside
 * its libraries, as `trawl engine install` leaves it, or a project in which @tensorflow/tfjs-node is built.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Executable, ImageSource, Training } from '../../../../worker/engine/engine.js';
import { createGraphEngine, type GraphOptions } from '../../../../worker/engine/graph/engine.js';
import { rewritesGraphs } from '../../../../worker/engine/native/load.js';
import type { NativeTensorFlow, TfjsBinding } from '../../../../worker/engine/native/native.js';
import type { Topology } from '../../../../worker/model/topology.js';

const VARIABLE = 'TRAWL_TEST_NATIVE';
const ADDONS = ['addon/tfjs_binding.node', ...['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'].map((name) => `node_modules/${name}/lib/napi-v8/tfjs_binding.node`)];

/** For a test's `skip`: false where there is an engine. */
export const WITHOUT_NATIVE = process.env[VARIABLE] === undefined ? `no native engine: set ${VARIABLE} to the folder of one` : false;

let loaded: NativeTensorFlow | null = null;

/** Loaded once in a process: the addon cannot be let go. */
export function nativeUnderTest(): NativeTensorFlow {
  if (loaded !== null) return loaded;
  const folder = process.env[VARIABLE] ?? '';
  const addon = ADDONS.map((name) => join(folder, name)).find((file) => existsSync(file));
  if (addon === undefined) throw new Error(`${VARIABLE}=${folder}: no addon; expected one of ${ADDONS.join(', ')}`);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  const holder = { exports: {} };
  process.dlopen(holder, addon);
  const binding = holder.exports as TfjsBinding;
  loaded = { binding, version: binding.TF_Version, device: binding.isUsingGpuDevice() ? 'gpu' : 'cpu', rewrites: rewritesGraphs(addon), source: folder };
  return loaded;
}

export async function graphCompiled(topology: Topology, source: ImageSource, options: Training, more: GraphOptions = {}): Promise<Executable> {
  return (await createGraphEngine(nativeUnderTest(), more)).compile(topology, options, source);
}

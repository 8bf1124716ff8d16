/** Brings a native engine into this process. It stays until the process ends: the addon cannot be let go. */
import { readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { EngineUnusable, explainNative, reinstalling } from './errors.js';
import { isPackage, type Device, type JavaScriptPlace } from './found.js';
import type { NativeTensorFlow, TfjsBinding } from './native.js';

/** As much of FoundNative as travels to the process that loads it. */
export interface NativePlace {
  readonly name: string;
  readonly device: Device;
  readonly addon: string;
  /** What the eager executor needs besides; null where there is none. */
  readonly javascript: JavaScriptPlace | null;
  readonly folder: string;
}

/** What the function is called that an addon has where TensorFlow does not rewrite its graphs (session-options.cc). */
const PLAIN_SESSIONS = 'trawl_session_options';

/** Whether TensorFlow's Grappler rewrites the graphs that an addon runs: what it fuses decides last bits. */
export function rewritesGraphs(addon: string): boolean {
  return !readFileSync(addon).includes(PLAIN_SESSIONS);
}

/**
 * `tested`: whether these files have been loaded with all their symbols before. The libraries look up
 * 450,000 of them, which takes 0.1 s of a child's start; where one is missing, it is told at once, where
 * it would otherwise end the process at its first call.
 *
 * Throws EngineUnusable: the library lacks a symbol, is damaged or missing, or an engine for the GPU
 * sees none. The environment must be nativeEnvironment's before the process starts.
 */
export function loadNative({ name, device, addon, folder }: NativePlace, { tested }: { readonly tested: boolean }): NativeTensorFlow {
  const holder: { exports: unknown } = { exports: {} };
  try {
    process.dlopen(holder, addon, tested ? constants.dlopen.RTLD_LAZY : constants.dlopen.RTLD_NOW);
  } catch (error) {
    throw new EngineUnusable(name, explainNative(name, error instanceof Error ? error.message : String(error)));
  }
  const binding = holder.exports as TfjsBinding;
  if (typeof binding.runSavedModel !== 'function' || typeof binding.TF_Version !== 'string') {
    throw new EngineUnusable(name, { found: `${addon} is no addon of tfjs-node 4`, remedy: reinstalling(name) });
  }
  if (device === 'gpu' && !binding.isUsingGpuDevice()) {
    throw new EngineUnusable(name, { found: 'TensorFlow sees no GPU', remedy: 'check that nvidia-smi lists one; trawl engine test shows what TensorFlow says' });
  }
  return { binding, version: binding.TF_Version, device, rewrites: rewritesGraphs(addon), source: folder };
}

/**
 * What a process that loads a native engine needs in its environment. `gpu`: the uuid of the only GPU
 * that it may see; null for none. `threads`: for one operation; TensorFlow would take all cores.
 */
export function nativeEnvironment(gpu: string | null, threads = availableParallelism()): { readonly [name: string]: string } {
  return {
    // Without it CUDA counts GPUs in another order than nvidia-smi, and TensorFlow takes all memory of the one it gets.
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: gpu ?? '-1',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: String(threads),
  };
}

/**
 * Where the dynamic linker looks besides, for an engine that is a package of the user's own: CUDA that was
 * installed by hand is found so. Engines of trawl's own know where their libraries lie, and another
 * TensorFlow on that path would take their place.
 */
export function libraryPath(native: Pick<NativePlace, 'name'> | null, environment: NodeJS.ProcessEnv = process.env): { readonly [name: string]: string } {
  const path = environment.LD_LIBRARY_PATH;
  return native === null || !isPackage(native.name) || path === undefined ? {} : { LD_LIBRARY_PATH: path };
}

/** Brings a native engine into this process. It stays until the process ends: the addon cannot be let go. */
import { availableParallelism, constants } from 'node:os';
import { EngineUnusable, explainNative } from './errors.js';
import type { Device } from './found.js';
import type { NativeTensorFlow, TfjsBinding } from './native.js';

/** As much of FoundNative as travels to the process that loads it. */
export interface NativePlace {
  readonly name: string;
  readonly device: Device;
  readonly addon: string;
  readonly folder: string;
}

/**
 * Throws EngineUnusable: the library lacks a symbol, is damaged or missing, or an engine for the GPU
 * sees none. The environment must be nativeEnvironment's before the process starts.
 */
export function loadNative({ name, device, addon, folder }: NativePlace): NativeTensorFlow {
  const holder: { exports: unknown } = { exports: {} };
  try {
    // All symbols at once: a missing one is told here, where it would otherwise end the process at its first call.
    process.dlopen(holder, addon, constants.dlopen.RTLD_NOW);
  } catch (error) {
    throw new EngineUnusable(name, explainNative(error instanceof Error ? error.message : String(error)));
  }
  const binding = holder.exports as TfjsBinding;
  if (typeof binding.runSavedModel !== 'function' || typeof binding.TF_Version !== 'string') {
    throw new EngineUnusable(name, { found: `${addon} is no addon of tfjs-node 4`, remedy: 'install it again: trawl engine install' });
  }
  if (device === 'gpu' && !binding.isUsingGpuDevice()) {
    throw new EngineUnusable(name, { found: 'TensorFlow sees no GPU', remedy: 'check that nvidia-smi lists one; trawl engine test shows what TensorFlow says' });
  }
  return { binding, version: binding.TF_Version, device, source: folder };
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

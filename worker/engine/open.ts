/** An engine in this process. What is not taken is not loaded: a child must start quickly. */
import type { UsableEngine } from './choose.js';
import type { Engine } from './engine.js';

/** A native engine stays until the process ends, so a process opens one at most, on the first of its GPUs. Throws EngineUnusable. */
export async function openEngine({ native, gpus }: Pick<UsableEngine, 'native' | 'gpus'>): Promise<Engine> {
  if (native === null) {
    const { createWasmEngine } = await import('./wasm/engine.js');
    return createWasmEngine();
  }
  const [{ createGraphEngine }, { loadNative }] = await Promise.all([import('./graph/engine.js'), import('./native/load.js')]);
  return createGraphEngine(loadNative(native, { tested: true }), { deviceBytes: gpus[0]?.freeBytes ?? null });
}

/** An engine in this process. What is not taken is not loaded: a child must start quickly. */
import type { UsableEngine } from './choose.js';
import type { Engine } from './engine.js';

/** A native engine stays until the process ends, so a process opens one at most. Throws EngineUnusable. */
export async function openEngine({ native }: Pick<UsableEngine, 'native'>): Promise<Engine> {
  if (native === null) {
    const { createWasmEngine } = await import('./wasm/engine.js');
    return createWasmEngine();
  }
  const [{ createGraphEngine }, { loadNative }] = await Promise.all([import('./graph/engine.js'), import('./native/load.js')]);
  return createGraphEngine(loadNative(native));
}

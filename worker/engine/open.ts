/** An engine in this process. What is not taken is not loaded: a child must start quickly. */
import type { UsableEngine } from './choose.js';
import type { Engine } from './engine.js';
import { EngineUnusable, withoutJavaScript } from './native/errors.js';

/** A native engine stays until the process ends, so a process opens one at most, on the first of its GPUs. Throws EngineUnusable. */
export async function openEngine({ kind, native, gpus }: Pick<UsableEngine, 'kind' | 'native' | 'gpus'>): Promise<Engine> {
  if (native === null) {
    const { createWasmEngine } = await import('./wasm/engine.js');
    return createWasmEngine();
  }
  const options = { deviceBytes: gpus[0]?.freeBytes ?? null };
  if (kind === 'eager') {
    const [{ createEagerEngine }, { loadNative }] = await Promise.all([import('./eager/engine.js'), import('./native/load.js')]);
    if (native.javascript === null) throw new EngineUnusable(native.name, withoutJavaScript(native.name));
    return createEagerEngine(loadNative(native, { tested: true }), native.javascript, options);
  }
  const [{ createGraphEngine }, { loadNative }] = await Promise.all([import('./graph/engine.js'), import('./native/load.js')]);
  return createGraphEngine(loadNative(native, { tested: true }), options);
}

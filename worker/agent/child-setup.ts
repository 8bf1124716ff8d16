/** How training children are started for the engines that this worker offers. Pure. */
import type { UsableEngine } from '../engine/choose.js';
import { libraryPath, nativeEnvironment } from '../engine/native/load.js';
import { EngineUnusable } from '../engine/native/errors.js';
import type { ChildSetup } from './slot.js';

/** Wasm, which needs nothing. */
export const PLAIN_CHILD: ChildSetup = { engine: 'wasm', args: [], environment: {} };

/**
 * For a trajectory of `numerics` in a slot, counted from 0. Slots share the GPUs evenly, each child
 * seeing one, and the cores likewise. Work without a model ('none') runs in any child: in one of the first
 * engine. Throws EngineUnusable for numerics that none of the engines has.
 */
export function childSetups(engines: readonly [UsableEngine, ...UsableEngine[]], slots: number, cores: number): (numerics: string, slot: number) => ChildSetup {
  const threads = Math.max(1, Math.floor(cores / slots));
  return (numerics, slot) => {
    const engine = numerics === 'none' ? engines[0] : engines.find((offered) => numerics.startsWith(`${offered.numerics}:`));
    if (engine === undefined) throw new EngineUnusable(numerics, { found: `this worker has ${engines.map(({ label }) => label).join(', ')}`, remedy: 'install that engine on this box, or give the work to a worker that has it' });
    if (engine.native === null) return PLAIN_CHILD;
    const gpu = engine.gpus[slot % engine.gpus.length] ?? null;
    return { engine: `${engine.kind} on ${engine.native.name}`, args: [JSON.stringify({ ...engine, gpus: gpu === null ? [] : [gpu] })], environment: { ...nativeEnvironment(gpu?.uuid ?? null, threads), ...libraryPath(engine.native) } };
  };
}

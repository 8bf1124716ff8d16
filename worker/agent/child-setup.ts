/** How training children are started for the engines that this worker offers. Pure. */
import type { UsableEngine } from '../engine/choose.js';
import { nativeEnvironment } from '../engine/native/load.js';
import type { ChildSetup } from './slot.js';

/** Wasm, which needs nothing. */
export const PLAIN_CHILD: ChildSetup = { engine: 'wasm', args: [], environment: {} };

/**
 * For a trajectory of `numerics` in a slot, counted from 0. Slots share the GPUs evenly, each child
 * seeing one, and the cores likewise. Work without a model runs in any child: in one of the first engine.
 */
export function childSetups(engines: readonly [UsableEngine, ...UsableEngine[]], slots: number, cores: number): (numerics: string, slot: number) => ChildSetup {
  const threads = Math.max(1, Math.floor(cores / slots));
  return (numerics, slot) => {
    const engine = engines.find((offered) => numerics.startsWith(`${offered.numerics}:`)) ?? engines[0];
    if (engine.native === null) return PLAIN_CHILD;
    const gpu = engine.gpus[slot % engine.gpus.length] ?? null;
    return { engine: engine.native.name, args: [JSON.stringify(engine)], environment: nativeEnvironment(gpu, threads) };
  };
}

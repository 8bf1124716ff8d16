/** What is said of the eager engine: which layers it trains, and whether it can be used. */
import type { EngineFact } from '../../worker/engine/choose.js';
import type { Topology } from '../../proto/work.js';
import type { Home } from '../home.js';
import { commandLine } from '../program-name.js';

export const EAGER_MEANING = '--engine eager (slower, for layers that the others do not know)';

/** Whether it can be used, or what is in the way. */
export function eagerText(facts: readonly EngineFact[], home: Home): string {
  const executors = facts.flatMap(({ eager }) => eager ?? []);
  if (executors.length === 0) return `needs a native engine: ${commandLine(['engine', 'install'], home)}`;
  const usable = executors.find((executor) => executor.usable !== null);
  if (usable !== undefined) return usable.label;
  return `cannot be used: ${executors[0]?.problem?.found ?? ''}; ${executors[0]?.problem?.remedy ?? ''}`;
}

/**
 * Added to the error that names a layer which the walk of wasm and graph does not know, where tf.layers
 * does; empty where it does not. `hasNative`: whether a native engine is there to run it on.
 */
export async function eagerHint(topology: Topology, hasNative: boolean): Promise<string> {
  const { describeModel } = await import('../../worker/engine/eager/model.js');
  try {
    describeModel(topology);
  } catch {
    return '';
  }
  return `; --engine eager takes it${hasNative ? '' : ', with a native engine: trawl engine install'}`;
}

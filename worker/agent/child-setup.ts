/** How training children are started: for the engines that this worker offers, and for programs. Pure. */
import { isPlainNumerics } from '../../proto/numerics.js';
import type { UsableEngine } from '../engine/choose.js';
import { libraryPath, nativeEnvironment } from '../engine/native/load.js';
import { EngineUnusable } from '../engine/native/errors.js';
import { MARK } from './left-behind.js';
import type { ChildSetup } from './slot.js';

/** Wasm, which needs nothing. */
export const PLAIN_CHILD: ChildSetup = { engine: 'wasm', args: [], environment: {} };

/**
 * For a trajectory of `numerics` in a slot, counted from 0. Slots share the GPUs evenly, each child
 * seeing one, and the cores likewise. Work without an engine (a classical model, or none at all) runs in any
 * child: in one of the first engine. Throws EngineUnusable for numerics that none of the engines has.
 */
export function childSetups(engines: readonly [UsableEngine, ...UsableEngine[]], slots: number, cores: number): (numerics: string, slot: number) => ChildSetup {
  const threads = Math.max(1, Math.floor(cores / slots));
  return (numerics, slot) => {
    const engine = numerics === 'none' || isPlainNumerics(numerics) ? engines[0] : engines.find((offered) => numerics.startsWith(`${offered.numerics}:`));
    if (engine === undefined) throw new EngineUnusable(numerics, { found: `this worker has ${engines.map(({ label }) => label).join(', ')}`, remedy: 'install that engine on this box, or give the work to a worker that has it' });
    if (engine.native === null) return PLAIN_CHILD;
    const gpu = engine.gpus[slot % engine.gpus.length] ?? null;
    return { engine: `${engine.kind} on ${engine.native.name}`, args: [JSON.stringify({ ...engine, gpus: gpu === null ? [] : [gpu] })], environment: { ...nativeEnvironment(gpu?.uuid ?? null, threads), ...libraryPath(engine.native) } };
  };
}

/** What programs need to find what they are made of: no secrets, and nothing that a person would not expect to matter. */
const PROGRAM_PASSED_ON = ['LD_LIBRARY_PATH', 'PYTHONPATH', 'VIRTUAL_ENV', 'CONDA_PREFIX', 'CUDA_HOME', 'CUDA_VISIBLE_DEVICES', 'OMP_NUM_THREADS'];

/**
 * For a command or a module: a process of its own for each attempt, so that nothing of one reaches
 * another. `mark` is new each time. Of several devices in CUDA_VISIBLE_DEVICES each slot, counted from 0, gets one.
 */
export function programSetup(mark: string, slot: number, from: NodeJS.ProcessEnv): ChildSetup {
  const passed = PROGRAM_PASSED_ON.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]] as const]));
  const environment: { [name: string]: string } = { ...Object.fromEntries(passed), [MARK]: mark };
  const devices = (environment.CUDA_VISIBLE_DEVICES ?? '').split(',');
  if (devices.length > 1) environment.CUDA_VISIBLE_DEVICES = devices[slot % devices.length] ?? '';
  return { engine: `program ${mark}`, args: [], environment, mark };
}

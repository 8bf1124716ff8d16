/** The engines of this machine as a command on a home sees them. */
import { chooseEngine, surveyEngines, type EngineFact, type UsableEngine } from '../../worker/engine/choose.js';
import type { Engine } from '../../worker/engine/engine.js';
import type { EngineName } from '../../worker/engine/names.js';
import { nativeEnvironment } from '../../worker/engine/native/load.js';
import { openEngine } from '../../worker/engine/open.js';
import { findNatives, type Places } from '../../worker/engine/native/found.js';
import type { Home } from '../home.js';

export function enginePlaces(home: Pick<Home, 'engines'>): Places {
  return { folders: [home.engines], cwd: process.cwd() };
}

export function surveyHome(home: Pick<Home, 'engines'>, options: { readonly onTest?: (label: string) => void; readonly tests?: boolean; readonly signal?: AbortSignal } = {}): Promise<EngineFact[]> {
  return surveyEngines({ places: enginePlaces(home), ...options });
}

/** Whether there is a native engine, usable or not. */
export function hasNative(home: Pick<Home, 'engines'>): boolean {
  return findNatives(enginePlaces(home)).length > 0;
}

/** The engine that is asked for, in this process: for commands that compute by themselves, where wasm is what nobody has to ask for. Throws EngineUnusable. */
export async function engineHere(forced: EngineName | null, home: () => Pick<Home, 'engines'>): Promise<Engine> {
  if (forced === null || forced === 'wasm') return openEngine({ kind: 'wasm', native: null, gpus: [] });
  const { engine } = chooseEngine(await surveyHome(home()), forced);
  return openHere(engine);
}

/** TensorFlow reads its environment when it is loaded, which is now. */
function openHere(engine: UsableEngine): Promise<Engine> {
  if (engine.native !== null) Object.assign(process.env, nativeEnvironment(engine.gpus[0]?.uuid ?? null));
  return openEngine(engine);
}

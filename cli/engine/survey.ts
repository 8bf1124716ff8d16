/** The engines of this machine as a command on a home sees them. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { chooseEngine, ENGINE_NAMES, surveyEngines, type EngineFact, type EngineName, type UsableEngine } from '../../worker/engine/choose.js';
import type { Engine } from '../../worker/engine/engine.js';
import { nativeEnvironment } from '../../worker/engine/native/load.js';
import { openEngine } from '../../worker/engine/open.js';
import type { Places } from '../../worker/engine/native/found.js';
import type { Home } from '../home.js';

export function withEngine(command: Command, meaning = 'what trains: graph (a native engine) or wasm (default: the one that the sweep has begun with; for a new sweep the first that can be used of graph on GPU, graph on CPU, wasm)'): Command {
  return command.addOption(new Option('--engine <name>', meaning).argParser(engineName));
}

function engineName(text: string): EngineName {
  const found = ENGINE_NAMES.find((name) => name === text);
  if (text === 'eager') throw new InvalidArgumentError(`eager (tfjs-node as it is) is known but not built yet; expected one of ${ENGINE_NAMES.join(', ')}.`);
  if (found === undefined) throw new InvalidArgumentError(`found ${text}, expected one of ${ENGINE_NAMES.join(', ')}.`);
  return found;
}

export function enginePlaces(home: Pick<Home, 'engines'>): Places {
  return { folders: [home.engines], cwd: process.cwd() };
}

export function surveyHome(home: Pick<Home, 'engines'>, options: { readonly onTest?: (label: string) => void; readonly tests?: boolean; readonly signal?: AbortSignal } = {}): Promise<EngineFact[]> {
  return surveyEngines({ places: enginePlaces(home), ...options });
}

/** The engine that is asked for, in this process: for commands that compute by themselves, where wasm is what nobody has to ask for. Throws EngineUnusable. */
export async function engineHere(forced: EngineName | null, home: () => Pick<Home, 'engines'>): Promise<Engine> {
  if (forced === null || forced === 'wasm') return openEngine({ native: null });
  const { engine } = chooseEngine(await surveyHome(home()), forced);
  return openHere(engine);
}

/** TensorFlow reads its environment when it is loaded, which is now. */
function openHere(engine: UsableEngine): Promise<Engine> {
  if (engine.native !== null) Object.assign(process.env, nativeEnvironment(engine.gpus[0] ?? null));
  return openEngine(engine);
}

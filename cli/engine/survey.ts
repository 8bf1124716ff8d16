/** The engines of this machine as a command on a home sees them. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ENGINE_NAMES, surveyEngines, type EngineFact, type EngineName } from '../../worker/engine/choose.js';
import type { Places } from '../../worker/engine/native/found.js';
import type { Home } from '../home.js';

export function withEngine(command: Command, meaning = 'what trains: graph (a native engine), wasm, or eager (default: the first that can be used of graph on GPU, graph on CPU, wasm)'): Command {
  return command.addOption(new Option('--engine <name>', meaning).argParser(engineName));
}

function engineName(text: string): EngineName {
  const found = ENGINE_NAMES.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`found ${text}, expected one of ${ENGINE_NAMES.join(', ')}.`);
  return found;
}

export function enginePlaces(home: Pick<Home, 'engines'>): Places {
  return { folders: [home.engines], cwd: process.cwd() };
}

export function surveyHome(home: Pick<Home, 'engines'>, options: { readonly onTest?: (label: string) => void; readonly tests?: boolean; readonly signal?: AbortSignal } = {}): Promise<EngineFact[]> {
  return surveyEngines({ places: enginePlaces(home), ...options });
}

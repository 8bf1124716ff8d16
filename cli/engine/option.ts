/** `--engine`, of every command that trains or computes. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ENGINE_NAMES, type EngineName } from '../../worker/engine/names.js';

export function withEngine(command: Command, meaning = 'what trains: graph (a native engine) or wasm (default: the one that the sweep was last submitted with; for a new sweep the first that can be used of graph on GPU, graph on CPU, wasm)'): Command {
  return command.addOption(new Option('--engine <name>', meaning).argParser(engineName));
}

function engineName(text: string): EngineName {
  const found = ENGINE_NAMES.find((name) => name === text);
  if (text === 'eager') throw new InvalidArgumentError(`eager (tfjs-node as it is) is known but not built yet; expected one of ${ENGINE_NAMES.join(', ')}.`);
  if (found === undefined) throw new InvalidArgumentError(`found ${text}, expected one of ${ENGINE_NAMES.join(', ')}.`);
  return found;
}

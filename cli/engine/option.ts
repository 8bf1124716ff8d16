/** `--engine`, of every command that trains or computes. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ENGINE_NAMES, type EngineName } from '../../worker/engine/names.js';

export function withEngine(command: Command, meaning = 'what trains: graph (a native engine), wasm, or eager (tf.layers on a native engine: slower, for layers that the others do not know) (default: the one that the sweep was last submitted with; for a new sweep the first that can be used of graph on GPU, graph on CPU, wasm)'): Command {
  return command.addOption(new Option('--engine <name>', meaning).argParser(engineName));
}

function engineName(text: string): EngineName {
  const found = ENGINE_NAMES.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`found ${text}, expected one of ${ENGINE_NAMES.join(', ')}.`);
  return found;
}

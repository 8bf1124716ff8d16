/** Commands about native engines: which there are, install, test, remove. */
import { Option, type Command } from 'commander';
import type { EngineOptions, InstallCommandOptions } from '../engine/manage.js';
import { withJson } from '../options.js';

/** What they do is loaded when one of them runs: it brings the engines with it. */
const manage = () => import('../engine/manage.js');

export function addEngineCommands(program: Command, exit: (code: number) => void): void {
  const engine = program.command('engine').summary('native engines: ls, install, test, remove').description('The engines that train: wasm, which is always there, and native ones on TensorFlow, which are faster.');
  const command = (name: string, summary: string): Command =>
    withJson(engine.command(name).summary(summary).description(`${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`).addOption(new Option('--home <dir>', 'where engines are kept (default: $TRAWL_HOME, else ~/.trawl)')));

  command('ls', 'engines of this machine, which is taken, and why')
    .addHelpText('after', '\nExample:\n  trawl engine ls')
    .action(async (options: EngineOptions) => (await manage()).list(options));
  command('install', 'fetch, build and test a native engine')
    .addOption(new Option('--gpu', 'for NVIDIA GPUs: with the CUDA libraries (3.4 GB to fetch)'))
    .addOption(new Option('--tf <version>', 'version of TensorFlow (default: the one that trawl is tested with)'))
    .addOption(new Option('--wheel <file>', "a wheel of TensorFlow that was fetched before; what else is needed is taken from its folder, where it lies there"))
    .addOption(new Option('--addon <file>', 'an addon that trawl has built elsewhere, for a machine without a compiler'))
    .addHelpText('after', '\nExample:\n  trawl engine install\n  trawl engine install --gpu')
    .action(async (options: InstallCommandOptions) => exit(await (await manage()).install(options)));
  command('test', 'test an engine: its numbers against wasm, and the time of a step')
    .argument('[name]', 'as trawl engine ls shows it (default: all native ones)')
    .addHelpText('after', '\nExample:\n  trawl engine test tensorflow-2.21.0-cpu')
    .action(async (name: string | undefined, options: EngineOptions) => exit(await (await manage()).test(name, options)));
  command('remove', 'remove an installed engine')
    .argument('[name]', 'as trawl engine ls shows it (default: the only one)')
    .addHelpText('after', '\nExample:\n  trawl engine remove tensorflow-2.21.0-cpu')
    .action(async (name: string | undefined, options: EngineOptions) => (await manage()).remove(name, options));
}

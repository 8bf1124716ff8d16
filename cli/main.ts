#!/usr/bin/env node
/** `trawl`: one program for every user command. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../proto/package-root.js';
import { addDataCommands } from './commands/data.js';
import { addBench } from './commands/bench.js';
import { addBundleCommands } from './commands/bundles.js';
import { addCertsCommands } from './commands/certs.js';
import { addChangeCommands } from './commands/changes.js';
import { addDoctor } from './commands/doctor.js';
import { addEngineCommands } from './commands/engine.js';
import { addFleetCommands } from './commands/fleet.js';
import { addInit } from './commands/init.js';
import { addLr } from './commands/lr.js';
import { addModel } from './commands/model.js';
import { addReadingCommands } from './commands/reading.js';
import { addRun } from './commands/run.js';
import { addSubmitCommands } from './commands/submit.js';
import { addSweepCommands } from './commands/sweeps.js';
import { addTokenCommands } from './commands/token.js';
import { addTrialCommands } from './commands/trials.js';
import { allowClosedPipe, exitCodes } from './exit.js';

const OLDEST_NODE = [20, 11] as const;

function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('trawl')
    .description('Sweeps the hyperparameters of image classifiers: shared epochs, exact through crashes, nothing else to install.')
    .version(packageVersion())
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addHelpText('after', '\nExample:\n  trawl run digits.yaml');
  addRun(program, exit);
  addInit(program);
  addDataCommands(program);
  addSubmitCommands(program, exit);
  addSweepCommands(program);
  addChangeCommands(program, exit);
  addTrialCommands(program);
  addReadingCommands(program);
  addBundleCommands(program, exit);
  addModel(program);
  addLr(program);
  addEngineCommands(program, exit);
  addDoctor(program, exit);
  addFleetCommands(program, exit);
  addTokenCommands(program);
  addCertsCommands(program);
  addBench(program, exit);
  return program;
}

/** Returns the exit code; what went wrong stands on stderr. */
async function main(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.done;
  const program = buildProgram((chosen) => (code = chosen));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed its message; help and version are no mistakes.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.badInput;
  }
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number') {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    process.stderr.write(`${error.message} [${error.code}]\n`);
    return ['SweepNotFound', 'TrialNotFound', 'NoEnsemble', 'BadRequest', 'IllegalTransition', 'Unauthorized', 'TokenExpired', 'TokenRevoked', 'TokenNotFound', 'Forbidden'].includes(error.code) ? exitCodes.badInput : exitCodes.failed;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.failed;
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(`found Node ${process.versions.node}, expected ${OLDEST_NODE.join('.')} or newer\n`);
  process.exit(exitCodes.failed);
}
allowClosedPipe();
process.exitCode = await main(process.argv.slice(2));

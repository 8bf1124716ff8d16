#!/usr/bin/env node
/** `trawl`: one program for every user command. */
import { CommanderError } from 'commander';
import { allowClosedPipe, exitCodes } from './exit.js';
import { buildProgram } from './program.js';

const OLDEST_NODE = [20, 11] as const;

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
    return ['SweepNotFound', 'TrialNotFound', 'WorkerNotFound', 'WorkerAmbiguous', 'NoEnsemble', 'BadRequest', 'IllegalTransition', 'NoteChanged', 'TooManyTags', 'Unauthorized', 'TokenExpired', 'TokenRevoked', 'TokenNotFound', 'Forbidden'].includes(error.code) ? exitCodes.badInput : exitCodes.failed;
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

/** `trawl bench NAME`: the project's measurements, as `npm run bench` runs them. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { packageRoot } from '../../proto/package-root.js';
import { exitCodes } from '../exit.js';

interface BenchOptions {
  readonly quick?: boolean;
  readonly against?: string;
  readonly case?: readonly string[];
  readonly minutes?: string;
}

/** The benches stand beside the tests: they are run as a program of their own, which says itself what it knows. */
export function addBench(program: Command, exit: (code: number) => void): void {
  program
    .command('bench')
    .summary('measurements of trawl on this machine')
    .description('Measures trawl on this machine. Prints one JSON line per figure on stdout, and what it does on stderr.')
    .argument('<name>', 'what to measure: trials, sleep, store, search, engine, ...')
    .option('--quick', 'one small run, to see that it works')
    .option('--against <python>', 'compare with what this Python has installed')
    .option('--case <name...>', 'of engine: these cases alone')
    .option('--minutes <minutes>', 'how long to watch, where a measurement has no end of its own (live)')
    .addHelpText('after', '\nExample:\n  trawl bench trials --quick')
    .action(async (name: string, { quick, against, case: cases = [], minutes }: BenchOptions) => {
      const args = [name, ...(quick === true ? ['--quick'] : []), ...(against === undefined ? [] : ['--against', against]), ...cases.flatMap((one) => ['--case', one]), ...(minutes === undefined ? [] : ['--minutes', minutes])];
      const child = spawn(process.execPath, [join(packageRoot(), 'dist', 'test', 'bench', 'main.js'), ...args], { stdio: 'inherit' });
      // Ctrl-C reaches the bench as well, which then puts its processes away.
      process.on('SIGINT', () => undefined);
      const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => child.once('exit', (...how) => resolve(how)));
      exit(code ?? (signal === 'SIGINT' ? exitCodes.paused : exitCodes.failed));
    });
}

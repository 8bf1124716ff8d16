import type { Command } from 'commander';
import type { EngineName } from '../../worker/engine/names.js';
import { withEngine } from '../engine/option.js';
import { withHome, withJson, withLease, withSlots, type HomeOptions } from '../options.js';
import { withSubmission } from './submit.js';

interface Options extends HomeOptions {
  readonly slots: number;
  readonly slotMemory?: number;
  readonly cache?: number;
  readonly lease?: number;
  readonly engine?: EngineName;
  readonly sharing: boolean;
  readonly test?: boolean;
  readonly replace?: boolean;
  readonly warmStartFrom?: readonly string[];
}

export function addRun(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('run')
    .summary('run a sweep on this machine: everything at once')
    .description('Runs the sweep of FILE on this machine, or looks at a FOLDER of images or an archive of arrays (.npz), writes a sweep file for it beside it, and runs that in ten minutes: starts what it needs, trains, and prints the leaderboard. Ctrl-C pauses; the same command resumes. Where another run uses the home already, it attaches to that.')
    .argument('<file-or-folder>', 'a sweep file (YAML or JSON), a folder of images, or arrays (.npz)')
    .option('--test', 'show the test numbers of every trial, not of the best alone')
    .addHelpText('after', '\nExample:\n  trawl run digits.yaml --slots 2\n  trawl run ./chest_xray');
  withEngine(withLease(withSlots(withJson(withHome(withSubmission(command)))))).action(async (file: string, options: Options) => {
    const { runSweep } = await import('../run/run-sweep.js');
    exit(
      await runSweep({
        file,
        home: options.home,
        slots: options.slots,
        slotMemoryBytes: options.slotMemory ?? null,
        cacheBytes: options.cache ?? null,
        leaseMs: options.lease ?? null,
        engine: options.engine ?? null,
        sharing: options.sharing,
        test: options.test === true,
        replace: options.replace === true,
        warmStartFrom: options.warmStartFrom ?? null,
        json: options.json === true,
        database: options.database,
      }),
    );
  });
}

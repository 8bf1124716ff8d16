/** Commands that read a sweep: best, compare, importance, cost. */
import type { Command } from 'commander';
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import { readTrialName } from '../../coordinator/api/trial-name.js';
import type { SweepView } from '../../coordinator/api/views.js';
import { BadInput, CommandFailed } from '../exit.js';
import { withService, withJson, type ServiceOptions } from '../options.js';
import { commandAt } from '../host/place.js';
import { compareSweeps, compareTrials, sweepComparisonLines, trialComparisonLines } from '../reading/compare.js';
import { costLines, importanceLines } from '../reading/cost-text.js';
import { spaceLines } from '../reading/space-text.js';
import { bestLines } from '../run/summary.js';
import { bestOf } from '../run/document.js';
import { onService, print, printJson } from './on-service.js';

export function addReadingCommands(program: Command): void {
  addBest(program);
  addCompare(program);
  addImportance(program);
  addCost(program);
}

/** The replicates of the best assignment stand first, and an assignment has no more than these. */
const MOST_REPLICATES = 100;

function addBest(program: Command): void {
  const command = program
    .command('best')
    .summary('the best trial of a sweep, and its settings to paste')
    .description("Shows a sweep's best trial so far, with its settings as a sweep file has them.")
    .argument('<sweep>', 'its name or id')
    .addHelpText('after', '\nExample:\n  trawl best digits');
  withJson(withService(command)).action((sweep: string, options: ServiceOptions) =>
    onService(options, async ({ service }, place) => {
      const results = await service.results(sweep, { test: false, limit: MOST_REPLICATES });
      const best = bestOf(results);
      if (best === null) throw new CommandFailed(`no trial of ${results.sweep.name} has completed yet; ${commandAt(['show', results.sweep.name], place)} says how far it is`);
      if (options.json === true) {
        printJson({ sweep: results.sweep, trial: best });
        return;
      }
      print([...bestLines(results), '', ...spaceLines(best.settings), '', `# Curves: ${commandAt(['trial', `${results.sweep.name}/${best.number}`], place)}`]);
    }),
  );
}

interface CompareOptions extends ServiceOptions {
  readonly test?: boolean;
}

function addCompare(program: Command): void {
  const command = program
    .command('compare')
    .summary('two or more trials, or sweeps, side by side')
    .description('Shows trials, or sweeps, side by side: what differs in their settings first, then their results.')
    .argument('<a>', 'a trial (its id, SWEEP/NUMBER or SWEEP#NUMBER), or a sweep')
    .argument('<b...>', 'others of the same kind')
    .option('--test', 'show test numbers of trials')
    .addHelpText('after', '\nExamples:\n  trawl compare digits/3 digits/7\n  trawl compare digits digits-wide');
  withJson(withService(command)).action((first: string, others: readonly string[], options: CompareOptions) =>
    onService(options, async ({ service }) => {
      const names = [first, ...others];
      requireWhole(names, await service.sweeps());
      const trials = names.map(isTrial);
      if (new Set(trials).size > 1) throw new BadInput(`compare: found ${names.join(', ')}, expected either trials (trl_..., SWEEP/NUMBER) or sweeps`);
      if (trials[0] === true) await printTrials(service, names, options);
      else await printSweeps(service, names, options);
    }),
  );
}

/** A number by itself could be a trial of any sweep. Throws BadInput. */
function requireWhole(names: readonly string[], sweeps: readonly SweepView[]): void {
  const sweep = names.flatMap((name) => readTrialName(name)?.sweep ?? [])[0] ?? 'SWEEP';
  const lines = names.flatMap((name) => {
    const number = /^#?(\d+)$/.exec(name)?.[1];
    return number === undefined || sweeps.some((known) => known.name === name) ? [] : [`compare: found ${name}, expected a trial with its sweep; write ${sweep}/${number}`];
  });
  if (lines.length > 0) throw new BadInput(lines.join('\n'));
}

function isTrial(name: string): boolean {
  return name.startsWith('trl_') || readTrialName(name) !== null;
}

async function printTrials(service: SweepService, names: readonly string[], options: CompareOptions): Promise<void> {
  const details = await Promise.all(names.map((name) => service.trial(name, { test: options.test === true })));
  const comparison = compareTrials(details);
  if (options.json === true) printJson(comparison);
  else print(trialComparisonLines(comparison, details));
}

async function printSweeps(service: SweepService, names: readonly string[], options: CompareOptions): Promise<void> {
  const [first = '', ...others] = names;
  const sides = await Promise.all(names.map(async (name) => ({ results: await service.results(name, { test: false }), cost: await service.cost(name) })));
  const comparison = compareSweeps(sides, await Promise.all(others.map((other) => service.differences(first, other))));
  if (options.json === true) printJson(comparison);
  else print(sweepComparisonLines(comparison));
}

interface ImportanceOptions extends ServiceOptions {
  readonly metric?: string;
}

function addImportance(program: Command): void {
  const command = program
    .command('importance')
    .summary('which hyperparameters matter')
    .description('Says how much of the variance of the objective each hyperparameter explains by itself (fANOVA over a random forest), on the trials that have completed.')
    .argument('<sweep>', 'its name or id')
    .option('--metric <name>', 'another metric than the objective, e.g. val.loss')
    .addHelpText('after', '\nExample:\n  trawl importance digits');
  withJson(withService(command)).action((sweep: string, options: ImportanceOptions) =>
    onService(options, async ({ service }) => {
      const view = await service.importance(sweep, options.metric ?? null);
      if (options.json === true) printJson(view);
      else print(importanceLines(view));
    }),
  );
}

function addCost(program: Command): void {
  const command = program
    .command('cost')
    .summary('where the epochs of a sweep went, and what was saved')
    .description('Says where the epochs of a sweep went: what sharing, pruning and stopping early saved, and which settings took the time.')
    .argument('<sweep>', 'its name or id')
    .addHelpText('after', '\nExample:\n  trawl cost digits');
  withJson(withService(command)).action((sweep: string, options: ServiceOptions) =>
    onService(options, async ({ service }) => {
      const view = await service.cost(sweep);
      if (options.json === true) printJson(view);
      else print(costLines(view));
    }),
  );
}

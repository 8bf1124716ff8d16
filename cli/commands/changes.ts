/** Commands that change what a sweep consists of: extend, edit, fork, retry, enqueue. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Changed, Enqueued, Retried, SweepView } from '../../coordinator/api/views.js';
import type { SweepChange } from '../../coordinator/sweep/change.js';
import type { SweepState } from '../../coordinator/trial/states.js';
import { exitCodes } from '../exit.js';
import { commandAt, type Place } from '../host/place.js';
import { several, withService, withJson, type ServiceOptions } from '../options.js';
import { carriedLines, sweepLine, warmStartLines } from '../run/plan-text.js';
import { count, settingText } from '../text/format.js';
import { namedValue, namedValues, settings, yamlValue } from '../text/values.js';
import { idleLine, onService, print, printJson } from './on-service.js';

interface ChangeOptions extends ServiceOptions {
  readonly epochs?: number;
  readonly trials?: number;
  readonly add?: readonly string[];
  readonly budget?: readonly string[];
  readonly wallClock?: string;
  readonly pruner?: string;
  readonly priority?: string;
  readonly concurrency?: string;
  readonly from?: readonly string[];
  readonly dryRun?: boolean;
}

export function addChangeCommands(program: Command, exit: (code: number) => void): void {
  addExtend(program);
  addEdit(program);
  addFork(program);
  addWarmStart(program);
  addRetry(program, exit);
  addEnqueue(program);
}

function addExtend(program: Command): void {
  const command = program
    .command('extend')
    .summary('more epochs, trials or values for a sweep: only what is new is trained')
    .description('Makes a new revision of a sweep, whether it runs, is paused, or has ended, as its edited file would. What is trained already stays and is not trained again; a sweep that has ended runs again.')
    .argument('<sweep>', 'its name or id')
    .addHelpText('after', '\nExamples:\n  trawl extend digits --epochs 20\n  trawl extend digits --add lr=0.003,0.001 --dry-run\n  trawl extend search --trials 200');
  withDryRun(withExtension(command)).action((sweep: string, options: ChangeOptions) => change(sweep, options));
}

function addEdit(program: Command): void {
  const command = program
    .command('edit')
    .summary("change a sweep's budget, pruner, priority or concurrency while it lives")
    .description('Changes how a sweep goes on, at once while it runs. No trial begins anew, and nothing is trained twice.')
    .argument('<sweep>', 'its name or id')
    .addHelpText('after', '\nExamples:\n  trawl edit digits --wall-clock 3h\n  trawl edit search --budget trials=200 --pruner asha\n  trawl edit search --pruner "{asha: {eta: 4}}"\n  trawl edit digits --priority 1 --concurrency 2');
  withDryRun(withConduct(command)).action((sweep: string, options: ChangeOptions) => change(sweep, options));
}

function addFork(program: Command): void {
  const command = program
    .command('fork')
    .summary('a new sweep from the stored spec and data of another')
    .description('Makes a new sweep of what another one says now, with the changes that are given. Epochs that the two have in common are trained once.')
    .argument('<sweep>', 'the name or id of the sweep that there is')
    .argument('<name>', 'the name of the new one')
    .addHelpText('after', '\nExample:\n  trawl fork digits digits-long --epochs 40');
  withDryRun(withConduct(withExtension(command))).action((sweep: string, name: string, options: ChangeOptions) =>
    onService(options, async ({ service, isBusy }, place) => tell(await service.fork(sweep, name, changeOf(options), { dryRun: options.dryRun === true }), options, isBusy, place)),
  );
}

function addWarmStart(program: Command): void {
  const command = program
    .command('warm-start')
    .summary("let a sweep's sampler know the trials of other sweeps")
    .description("Tells the sampler (tpe, gp) of a sweep what the trials of other sweeps of the same objective came to, as `warmStart` in its file would. It counts for all trials that are proposed from now on. A trial fits where each hyperparameter has a value of the sweep's space. They are no trials of the sweep: they are on no leaderboard and in no budget.")
    .argument('<sweep>', 'its name or id')
    .addOption(new Option('--from <sweep>', 'name or id of the sweep to learn from; may be given several times').argParser(several).makeOptionMandatory())
    .addHelpText('after', '\nExample:\n  trawl warm-start search-large --from search-small --dry-run');
  withDryRun(command).action((sweep: string, options: ChangeOptions) => change(sweep, options));
}

function withExtension(command: Command): Command {
  return command
    .addOption(new Option('--epochs <n>', 'the longest trials go on to so many epochs').argParser(wholeNumber))
    .addOption(new Option('--trials <n>', 'so many trials in all').argParser(wholeNumber))
    .addOption(new Option('--add <axis=values>', 'new values of a hyperparameter, e.g. lr=0.003,0.001, or a wider range: lr={min: 0.0001, max: 0.1}; may be given several times').argParser(several));
}

function withConduct(command: Command): Command {
  return command
    .addOption(new Option('--budget <field=value>', 'a field of budget, e.g. trials=200, or trials=none; may be given several times').argParser(several))
    .option('--wall-clock <duration>', 'how long it may run in all, e.g. 3h; none for no limit')
    .option('--pruner <pruner>', 'median, asha or hyperband, or with settings as in a sweep file; none for no pruner')
    .option('--priority <n>', 'sweeps of a higher priority are handed slots first; none for 0')
    .option('--concurrency <n>', 'the most stages of it at once; none for no limit');
}

function withDryRun(command: Command): Command {
  return withJson(withService(command.option('--dry-run', 'only say what it would mean')));
}

async function change(sweep: string, options: ChangeOptions): Promise<void> {
  const asked = changeOf(options);
  await onService(options, async ({ service, isBusy }, place) => tell(await service.change(sweep, asked, { dryRun: options.dryRun === true }), options, isBusy, place));
}

function changeOf(options: ChangeOptions): SweepChange {
  const { epochs, trials, wallClock, pruner, priority, concurrency, from } = options;
  const add = Object.fromEntries((options.add ?? []).map((text) => namedValues(text, '--add')));
  const budget = Object.fromEntries([...(options.budget ?? []).map((text) => namedValue(text, '--budget')), ...(wallClock === undefined ? [] : [['wallClock', wallClock === 'none' ? null : wallClock] as const])]);
  return {
    ...{ epochs, trials },
    ...(Object.keys(add).length === 0 ? {} : { add }),
    ...(Object.keys(budget).length === 0 ? {} : { budget }),
    ...(from === undefined ? {} : { warmStartFrom: from }),
    ...(pruner === undefined ? {} : { pruner: yamlValue(pruner, '--pruner') ?? 'none' }),
    ...(priority === undefined ? {} : { priority: yamlValue(priority, '--priority') }),
    ...(concurrency === undefined ? {} : { concurrency: yamlValue(concurrency, '--concurrency') }),
  };
}

function tell({ preview, sweep, applied }: Changed, options: ChangeOptions, isBusy: boolean, place: Place): void {
  if (options.json === true) {
    printJson({ preview, sweep, applied });
    return;
  }
  const isNew = preview.existing === null;
  if (!isNew && preview.standing === 'same') {
    print([`Nothing changes: sweep ${preview.name} says that already (revision ${preview.existing.revision}, ${preview.existing.state}).`]);
    return;
  }
  const lines = [...preview.differences.map((line) => `  ${line}`), ...carriedLines(preview), sweepLine(preview), ...warmStartLines(preview.warmStart)];
  if (!applied || sweep === null) {
    print([...lines, 'Nothing was changed: --dry-run.']);
    return;
  }
  print([...lines, `${isNew ? 'Made' : 'Changed'}: ${sweep.name} (${sweep.id}), revision ${sweep.revision}, ${sweep.state}`, ...nextLines(sweep.name, sweep.state, isBusy, place)]);
}

/** Why nothing is trained of it now, where nothing is, and what to do. */
function nextLines(name: string, state: SweepState, isBusy: boolean, place: Place): string[] {
  if (state === 'paused') return [`It is paused; to go on: ${commandAt(['resume', name], place)}`];
  return state === 'running' && !isBusy ? [idleLine(place.home)] : [];
}

function addRetry(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('retry')
    .summary('run failed and cancelled trials again')
    .description('Queues trials that failed, needed too much memory or were cancelled once more; what they trained before stays. Pruned trials are tried again where they are named. A sweep that has ended runs again; one that was stopped runs only these, and resume lets all of it go on.')
    .argument('<sweep>', 'its name or id')
    .argument('[trial...]', 'numbers or ids of trials (default: all that failed or were cancelled)')
    .addHelpText('after', '\nExamples:\n  trawl retry digits\n  trawl retry digits 3 7');
  withJson(withService(command)).action((sweep: string, trials: readonly string[], options: ServiceOptions) =>
    onService(options, async ({ service, isBusy }, place) => {
      const answer = await service.retry(sweep, trials);
      if (options.json === true) printJson(answer);
      else print(retryLines(answer, isBusy, place));
      if (answer.retried.length === 0 && answer.remembered.length > 0) exit(exitCodes.failed);
    }),
  );
}

function retryLines({ retried, remembered, stayCancelled, sweep }: Retried, isBusy: boolean, place: Place): string[] {
  const again = retried.length === 0 ? [] : [`Tried again: ${count(retried.length, 'trial')} of ${sweep.name} (${retried.slice(0, 10).map((number) => `#${number}`).join(' ')}${retried.length > 10 ? ' …' : ''})`, ...restLines(sweep, stayCancelled, place), ...nextLines(sweep.name, sweep.state, isBusy, place)];
  const known = remembered.map(({ number, message }) => `Not tried again: #${number}: ${message}. That is the result of its settings and would be so again; enqueue others, or change what it trains with.`);
  return again.length + known.length === 0 ? [`Nothing to be tried again: no trial of ${sweep.name} failed or was cancelled.`] : [...again, ...known];
}

function addEnqueue(program: Command): void {
  const command = program
    .command('enqueue')
    .summary('add trials with settings of your own, to run next')
    .description('Adds trials to a sweep. Each is checked like a sweep file; it need not be a value of the space, and what it leaves out takes the first value of its axis. They run before all trials that wait; of a sweep that was stopped they alone run. Settings that a trial has already are told and not run again.')
    .argument('<sweep>', 'its name or id')
    .argument('<settings...>', "such as 'lr=0.003,batch=32', or a map or a list of maps as JSON")
    .option('--front', 'before those that were enqueued earlier')
    .addHelpText('after', "\nExamples:\n  trawl enqueue digits 'lr=0.003,batch=32'\n  trawl enqueue digits '[{\"lr\": 0.003}, {\"lr\": 0.001, \"optimizer\": \"adam\"}]' --front");
  withJson(withService(command)).action(async (sweep: string, texts: readonly string[], options: ServiceOptions & { readonly front?: boolean }) => {
    const trials = texts.flatMap((text) => settings(text, 'settings'));
    await onService(options, async ({ service, isBusy }, place) => {
      const answer = await service.enqueue(sweep, trials, { front: options.front === true });
      if (options.json === true) printJson(answer);
      else print(enqueueLines(answer, isBusy, place));
    });
  });
}

/** What becomes of the trials of its sweep that nobody asked for. */
function restLines({ name, onlyAsked }: SweepView, stayCancelled: number, place: Place): string[] {
  const cancelled = stayCancelled === 0 ? '' : `${count(stayCancelled, 'cancelled trial')} ${stayCancelled === 1 ? 'stays' : 'stay'} so`;
  if (onlyAsked) return [`Only what was asked for runs, since the sweep was stopped${cancelled === '' ? '' : `: ${cancelled}`}; all of it goes on with: ${commandAt(['resume', name], place)}`];
  return cancelled === '' ? [] : [`${cancelled}; to queue what was cancelled as well: ${commandAt(['retry', name], place)}`];
}

function enqueueLines({ enqueued, known, stayCancelled, sweep }: Enqueued, isBusy: boolean, place: Place): string[] {
  const said = (values: object): string => Object.entries(values).map(([name, value]) => `${name} ${settingText(value)}`).join(', ');
  return [
    ...enqueued.map(({ number, settings: values, observed }) => `Enqueued: #${number} of ${sweep.name}: ${said(values)}${observed === false ? ' (outside the space, so the sampler learns nothing from it)' : ''}`),
    ...known.map(({ number, state, settings: values }) => `Not enqueued: #${number} of ${sweep.name} has these settings (${state}): ${said(values)}`),
    ...(enqueued.length > 0 ? [...restLines(sweep, stayCancelled, place), ...nextLines(sweep.name, sweep.state, isBusy, place)] : []),
  ];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 100_000) throw new InvalidArgumentError(`found ${text}, expected a whole number from 1 to 100000.`);
  return value;
}

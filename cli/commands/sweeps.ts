/** Commands about sweeps: ls, show, pause, resume, stop. */
import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { RequestedState } from '../../coordinator/api/sweep-service.js';
import type { ProgressView, SweepView } from '../../coordinator/api/views.js';
import { several, withService, withJson, type ServiceOptions } from '../options.js';
import { homeAt } from '../home.js';
import { commandAt, placeOf } from '../host/place.js';
import { showFile } from '../run/show-file.js';
import { warmStartLines } from '../run/plan-text.js';
import { progressLine } from '../run/progress-text.js';
import { endLines, objectiveText, sweepTable } from '../run/summary.js';
import { count } from '../text/format.js';
import { idleLine, onService, print, printJson } from './on-service.js';

interface ListOptions extends ServiceOptions {
  readonly tag?: readonly string[];
}

interface ShowOptions extends ServiceOptions {
  readonly axes?: boolean;
  readonly trials?: boolean;
  readonly cost?: boolean;
  readonly file?: boolean;
}

export function addSweepCommands(program: Command): void {
  addList(program);
  addShow(program);
  addRequest(program, { name: 'pause', state: 'paused', summary: 'pause a sweep: the epochs in progress are finished, nothing new begins', done: 'Paused' });
  addRequest(program, { name: 'resume', state: 'running', summary: 'let a paused or stopped sweep go on', done: 'Resumed' });
  addRequest(program, { name: 'stop', state: 'stopped', summary: 'end a sweep before all of its trials have: the epochs in progress are finished, and what is trained is kept', done: 'Stopped' });
}

function addList(program: Command): void {
  const command = program.command('ls').summary('list the sweeps').description('Lists the sweeps of a home, or of a coordinator elsewhere.').addOption(new Option('--tag <tag>', 'only sweeps with this tag; given several times, with all of them').argParser(several)).addHelpText('after', '\nExamples:\n  trawl ls --home ./my-home\n  trawl ls --tag paper\n  trawl ls --coordinator https://sweeps.example.org:8080 --token-file ./token');
  withJson(withService(command)).action(async (options: ListOptions) => {
    const all = await sweepsOf(options);
    const { tag: wanted = [] } = options;
    const sweeps = all.filter(({ tags }) => wanted.every((tag) => tags.includes(tag)));
    if (options.json === true) printJson({ sweeps });
    else if (sweeps.length === 0 && all.length > 0) print([`No sweep has ${wanted.length === 1 ? 'the tag' : 'all of the tags'} ${wanted.join(', ')}.`]);
    else print(sweeps.length === 0 ? [`There are no sweeps yet; to start one: ${commandAt(['run', 'FILE'], placeOf(options))}`] : sweepTable(sweeps));
  });
}

/** None on a home that is still to come; one that was named is to be there. */
async function sweepsOf(options: ServiceOptions): Promise<readonly SweepView[]> {
  let sweeps: readonly SweepView[] = [];
  try {
    await onService(options, async ({ service }) => {
      sweeps = await service.sweeps();
    });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'NoSweepsYet' || (options.home !== undefined && !existsSync(homeAt(options.home).folder))) throw error;
  }
  return sweeps;
}

function addShow(program: Command): void {
  const command = program
    .command('show')
    .summary('state and progress of a sweep')
    .description('Shows how far a sweep is and what it works on.')
    .argument('<sweep>', 'its name or id; with --axes, --trials or --cost a sweep file')
    .addOption(new Option('--axes', 'of a sweep file: the values of each axis').conflicts(['trials', 'cost']))
    .addOption(new Option('--trials', 'of a sweep file: the trials to come').conflicts(['axes', 'cost']))
    .addOption(new Option('--cost', 'of a sweep file: epochs asked for against epochs to train').conflicts(['axes', 'trials']))
    .addOption(new Option('--file', 'the sweep as a sweep file, as it stands now').conflicts(['axes', 'trials', 'cost']))
    .addHelpText('after', '\nExamples:\n  trawl show digits\n  trawl show digits.yaml --cost\n  trawl show digits --file > digits.yaml');
  withJson(withService(command)).action(async (sweep: string, options: ShowOptions) => {
    const question = (['axes', 'trials', 'cost'] as const).find((each) => options[each] === true);
    if (question !== undefined) {
      const { lines, document } = await showFile(sweep, question, homeAt(options.home));
      if (options.json === true) printJson(document);
      else print(lines);
      return;
    }
    await onService(options, async ({ service }, place) => {
      if (options.file === true) {
        const file = await service.file(sweep);
        if (options.json === true) printJson(file);
        else process.stdout.write(file.text);
        return;
      }
      const view = await service.progress(sweep);
      if (options.json === true) printJson(view);
      else print([...showLines(view), `Trials: ${commandAt(['trials', view.sweep.name], place)}`]);
    });
  });
}

function showLines(view: ProgressView): string[] {
  const { sweep } = view;
  const data = sweep.data === null ? [] : [`  data: ${count(sweep.data.images, 'image')} of ${sweep.data.classes.join(', ')}`];
  return [
    `${sweep.name} (${sweep.id}): ${sweep.state}, revision ${sweep.revision}`,
    `  objective: ${objectiveText(sweep.objective)}`,
    ...data,
    ...(sweep.tags.length === 0 ? [] : [`  tags: ${sweep.tags.join(', ')}`]),
    ...sharingLines(sweep),
    ...warmStartLines(sweep.warmStart).map((line) => `  ${line}`),
    `  ${progressLine(view, null)}`,
    ...view.running.map((slot) => `  ${slot.worker}: ${slot.kind === 'train' ? `training epoch ${slot.epoch} of ${slot.from} to ${slot.to - 1}` : `evaluating epoch ${slot.from}`} for ${slot.trials.map((number) => `#${number}`).join(' ')}`),
    ...(sweep.onlyAsked ? ['  it was stopped: only what was asked for since runs (trawl resume lets all of it go on)'] : []),
    ...endLines(sweep, view.trials.cancelled).map((line) => `  ${line}`),
    ...(view.notice === null ? [] : [`  ${view.notice}`]),
  ];
}

/** How it shares slots with other running sweeps, where that was set. */
function sharingLines({ priority, concurrency }: SweepView): string[] {
  return [...(priority === 0 ? [] : [`  priority: ${priority}`]), ...(concurrency === null ? [] : [`  concurrency: at most ${count(concurrency, 'stage')} at once`])];
}

interface Request {
  readonly name: string;
  readonly state: RequestedState;
  readonly summary: string;
  readonly done: string;
}

function addRequest(program: Command, { name, state, summary, done }: Request): void {
  const stops = state === 'stopped';
  const command = program
    .command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`)
    .argument('<sweep>', 'its name or id')
    .addHelpText('after', `\nExample:\n  trawl ${name} digits${stops ? '\n  trawl stop digits --now' : ''}`);
  if (stops) command.option('--now', 'do not wait for the epochs in progress: they are lost, all before them is kept');
  withJson(withService(command)).action((sweep: string, options: ServiceOptions & { readonly now?: boolean }) =>
    onService(options, async ({ service, isBusy }, place) => {
      await service.setState(sweep, state, { now: options.now === true });
      const view = await service.sweep(sweep);
      if (options.json === true) {
        printJson(view);
        return;
      }
      print([`${done}: ${view.name} (${view.id})`, ...(state === 'running' && !isBusy ? [idleLine(place.home)] : [])]);
    }),
  );
}

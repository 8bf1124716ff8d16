/** Commands about results: trials, trial. */
import { Option, type Command } from 'commander';
import type { Json } from '../../proto/work.js';
import type { EpochRow, Results, TrialDetail, TrialResult } from '../../coordinator/api/trial-views.js';
import { BadInput } from '../exit.js';
import { rowLimit, withService, withJson, type ServiceOptions } from '../options.js';
import { columnNamed, trialColumns, type TrialColumn } from '../../coordinator/api/columns.js';
import { BadRequest } from '../../coordinator/api/errors.js';
import { holdsFor, sorted, textOf } from '../../coordinator/api/select.js';
import { leaderboardLines, marked, markLines } from '../run/summary.js';
import { bytes, duration, metric, settingText } from '../text/format.js';
import { confusionTable, csv, sparkline, table, type Column } from '../text/table.js';
import { onService, print, printJson } from './on-service.js';

interface TrialsOptions extends ServiceOptions {
  readonly csv?: boolean;
  readonly test?: boolean;
  readonly sort?: string;
  readonly filter?: string;
  readonly columns?: string;
  readonly limit?: number;
}

interface TrialOptions extends ServiceOptions {
  readonly test?: boolean;
  readonly as?: 'keras';
}

export function addTrialCommands(program: Command): void {
  const trials = program
    .command('trials')
    .summary('results of a sweep as a table, CSV or JSON')
    .description("Lists a sweep's trials, best first.")
    .argument('<sweep>', 'its name or id')
    .option('--csv', 'comma-separated values, every setting and metric')
    .option('--test', 'show the test numbers of every trial, not of the best alone')
    .addOption(new Option('--sort <column>', 'order by a column, the best first; NAME:asc or NAME:desc say otherwise'))
    .addOption(new Option('--filter <formula>', 'only trials for which a formula over the columns holds'))
    .addOption(new Option('--columns <names>', 'which columns, separated by commas; --csv shows the names of all'))
    .addOption(new Option('--limit <n>', 'at most so many').argParser(rowLimit))
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  trawl trials digits --csv > digits.csv',
        "  trawl trials digits --filter 'val.auc > 0.9 && lr <= 0.01' --sort val.loss",
        '  trawl trials digits --columns trial,lr,dropout,val.auc --limit 10',
      ].join('\n'),
    );
  withJson(withService(trials)).action((sweep: string, options: TrialsOptions) =>
    onService(options, async ({ service }) => {
      // What is sorted or filtered is looked for among all.
      const limit = options.sort === undefined && options.filter === undefined ? options.limit : undefined;
      printTrials(await service.results(sweep, { test: options.test === true, limit }), options);
    }),
  );
  const trial = program
    .command('trial')
    .summary('one trial: settings, curves, confusion matrix, attempts')
    .description('Shows one trial.')
    .argument('<id>', 'its id (trl_…), SWEEP/NUMBER or SWEEP#NUMBER')
    .option('--test', 'show its test numbers')
    .addOption(new Option('--as <form>', 'the trial as a script that trains the same model').choices(['keras']))
    .addHelpText('after', '\nExamples:\n  trawl trial digits/3\n  trawl trial digits/3 --as keras > trial.py');
  withJson(withService(trial)).action((id: string, options: TrialOptions) =>
    onService(options, async ({ service }) => {
      const detail = await service.trial(id, { test: options.test === true });
      if (options.as === 'keras') process.stdout.write(await asKeras(detail));
      else if (options.json === true) printJson(detail);
      else print(trialLines(detail));
    }),
  );
}

/** Throws BadInput for a trial without a model. */
async function asKeras({ sweep, trial, plan }: TrialDetail): Promise<string> {
  const { trajectory } = plan;
  const title = `Trial #${trial.number} of ${sweep.name}`;
  if (trajectory.trainable !== 'image-classifier') throw new BadInput(`${title} has no model: found the trainable ${trajectory.trainable}, expected image-classifier`);
  if (trajectory.model.transfer !== undefined) throw new BadInput(`${title} begins with pretrained weights, which a script would not have; pull it: trawl pull ${sweep.name} DIR`);
  if (trajectory.input.crop !== undefined && 'masks' in trajectory.input.crop) throw new BadInput(`${title} sees what masks leave of its images, which a script would not have; pull it: trawl pull ${sweep.name} DIR`);
  const [{ kerasScript }, { buildModel }] = await Promise.all([import('../keras/script.js'), import('../../worker/model/zoo.js')]);
  return kerasScript(title, plan, trajectory, buildModel(trajectory.model, trajectory.input, trajectory.classes), sweep.data?.classes ?? []);
}

/** As a table or as comma-separated values: the columns that are named, or the usual ones. */
function printTrials(results: Results, options: TrialsOptions): void {
  try {
    printChosen(results, options);
  } catch (error) {
    if (error instanceof BadRequest) throw new BadInput(error.message);
    throw error;
  }
}

/** Throws BadRequest for a column that there is not, and a formula that is none. */
function printChosen(results: Results, options: TrialsOptions): void {
  const columns = trialColumns(results);
  const chosen = options.columns?.split(',').map((name) => columnNamed(name.trim(), results, columns, '--columns')) ?? null;
  const kept = options.filter === undefined ? results.trials : results.trials.filter(holdsFor(results, columns, options.filter, '--filter'));
  const rows = (options.sort === undefined ? kept : sorted(kept, results, columns, options.sort, '--sort')).slice(0, options.limit);
  if (options.json === true) printJson({ ...results, trials: rows });
  else if (options.csv === true) process.stdout.write(csv(cellsOf(chosen ?? columns, rows)));
  else if (chosen !== null) print([...table(chosen.map((column) => tableColumn(column, rows)), rows), ...(chosen.some(({ measured }) => measured) ? markLines(rows) : [])]);
  else print(leaderboardLines(results, Number.POSITIVE_INFINITY, rows));
}

function cellsOf(columns: readonly TrialColumn[], rows: readonly TrialResult[]): string[][] {
  const cell = (value: Json): string => (value === null ? '' : textOf(value));
  return [columns.map(({ name }) => name), ...rows.map((trial) => columns.map((column) => cell(column.value(trial))))];
}

function tableColumn({ name, value, measured = false }: TrialColumn, rows: readonly TrialResult[]): Column<TrialResult> {
  const isNumber = rows.every((trial) => ['number', 'object'].includes(typeof value(trial)));
  const shown = (found: Json): string => (found === null ? '-' : typeof found === 'number' && !Number.isInteger(found) && name.includes('.') && !name.startsWith('settings.') ? metric(found) : settingText(found));
  return { title: name, value: (trial) => (measured ? marked(trial, shown(value(trial))) : shown(value(trial))), ...(isNumber ? { align: 'right' as const } : {}) };
}

export function trialLines(detail: TrialDetail): string[] {
  const { sweep, trial } = detail;
  const classes = sweep.data?.classes ?? [];
  return [
    `Trial #${trial.number} (${trial.id}) of ${sweep.name}: ${trial.state}${trial.failure === null ? '' : `: ${trial.failure.class}: ${trial.failure.message}`}`,
    ...Object.entries(trial.settings).map(([name, value]) => `  ${name}: ${settingText(value)}`),
    `  ${trial.epochs} of ${trial.plannedEpochs} epochs${trial.bestEpoch === null ? '' : `, chosen epoch ${trial.bestEpoch}`}, ${trial.params.toLocaleString('en-US')} parameters${trial.secondsPerEpoch === null ? '' : `, ${duration(trial.secondsPerEpoch * 1_000)} per epoch`}`,
    ...partLines(trial),
    ...(detail.peakBytes === null ? [] : [`  memory: at most ${bytes(detail.peakBytes)} in one process, measured`]),
    '',
    ...curveLines(detail.curve),
    ...(trial.val?.confusion ? ['', 'Confusion on validation:', ...confusionTable(trial.val.confusion, classes).map((line) => `  ${line}`)] : []),
    ...(detail.attempts.length === 0 ? [] : ['', 'Attempts:', ...attemptLines(detail)]),
    ...logLines(detail),
  ];
}

function partLines(trial: TrialResult): string[] {
  const last = trial.bestEpoch === null ? ' (last reported)' : '';
  return ([[`validation${last}`, trial.val], ['test', trial.test]] as const).flatMap(([part, values]) =>
    values === null || values.accuracy === null ? [] : [`  ${part}: loss ${metric(values.loss)}, accuracy ${metric(values.accuracy)}, AUC ${metric(values.auc)}, F1 ${metric(values.f1)}`],
  );
}

function curveLines(curve: readonly EpochRow[]): string[] {
  if (curve.length === 0) return ['No epoch is recorded yet.'];
  const names = [...new Set(curve.flatMap((row) => Object.keys(row.metrics)))];
  const width = Math.max(...names.map((name) => name.length));
  const curves = names.map((name) => `  ${name.padEnd(width)}  ${sparkline(curve.map((row) => row.metrics[name] ?? null))}`);
  const rows = table(
    [
      { title: 'epoch', value: (row: EpochRow) => String(row.epoch), align: 'right' },
      ...names.map((name) => ({ title: name, value: (row: EpochRow) => metric(row.metrics[name]), align: 'right' as const })),
      { title: 'seconds', value: (row) => row.seconds.toFixed(2), align: 'right' },
    ],
    curve,
  );
  return ['Curves:', ...curves, '', ...rows.map((line) => `  ${line}`)];
}

/** What the last attempt printed, once it has ended. */
function logLines({ attempts }: TrialDetail): string[] {
  const log = attempts.at(-1)?.log.trimEnd() ?? '';
  // eslint-disable-next-line no-control-regex -- colours and cursor movements of a progress bar would play with the terminal
  const plain = log.replace(/\u001b\[[0-9;?]*[A-Za-z]|[^\P{Cc}\n\t]/gu, '');
  return plain === '' ? [] : ['', 'The end of what it printed:', ...plain.split('\n').map((line) => `  ${line}`)];
}

function attemptLines(detail: TrialDetail): string[] {
  return table(
    [
      { title: 'epochs', value: (attempt) => `${attempt.from} to ${Math.max(attempt.from, attempt.to - 1)}` },
      { title: 'kind', value: (attempt) => attempt.kind },
      { title: 'outcome', value: (attempt) => attempt.outcome ?? (attempt.startedAt === null ? 'waits for a slot' : 'in progress') },
      { title: 'worker', value: (attempt) => attempt.name },
      { title: 'started', value: (attempt) => attempt.startedAt ?? '-' },
      { title: 'message', value: (attempt) => attempt.message },
    ],
    detail.attempts,
  ).map((line) => `  ${line}`);
}


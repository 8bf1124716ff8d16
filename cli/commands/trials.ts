/** Commands about results: trials, trial. */
import { Option, type Command } from 'commander';
import type { Json } from '../../proto/work.js';
import type { EpochRow, Results, TrialDetail, TrialResult } from '../../coordinator/api/views.js';
import { BadInput } from '../exit.js';
import { withHome, withJson, type HomeOptions } from '../options.js';
import { leaderboardLines } from '../run/summary.js';
import { bytes, duration, metric, settingText } from '../text/format.js';
import { confusionTable, csv, sparkline, table } from '../text/table.js';
import { onHome, print, printJson } from './on-home.js';

interface TrialsOptions extends HomeOptions {
  readonly csv?: boolean;
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
    .addHelpText('after', '\nExample:\n  trawl trials digits --csv > digits.csv');
  withJson(withHome(trials)).action((sweep: string, options: TrialsOptions) =>
    onHome(options, async ({ service }) => {
      const results = await service.results(sweep, { test: options.test === true });
      if (options.json === true) printJson(results);
      else if (options.csv === true) process.stdout.write(trialsCsv(results));
      else print(leaderboardLines(results, Number.POSITIVE_INFINITY));
    }),
  );
  const trial = program
    .command('trial')
    .summary('one trial: settings, curves, confusion matrix, attempts')
    .description('Shows one trial.')
    .argument('<id>', 'its id (trl_…), or SWEEP/NUMBER')
    .option('--test', 'show its test numbers')
    .addOption(new Option('--as <form>', 'the trial as a script that trains the same model').choices(['keras']))
    .addHelpText('after', '\nExamples:\n  trawl trial digits/3\n  trawl trial digits/3 --as keras > trial.py');
  withJson(withHome(trial)).action((id: string, options: TrialsOptions) =>
    onHome(options, async ({ service }) => {
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
  const [{ kerasScript }, { buildModel }] = await Promise.all([import('../keras/script.js'), import('../../worker/model/zoo.js')]);
  return kerasScript(title, plan, trajectory, buildModel(trajectory.model, trajectory.input, trajectory.classes), sweep.data?.classes ?? []);
}

export function trialsCsv(results: Results): string {
  const settings = [...new Set(results.trials.flatMap((trial) => Object.keys(trial.settings)))];
  const metrics = [...new Set(results.trials.flatMap((trial) => Object.keys(trial.metrics)))];
  const number = (value: number | null | undefined): string => (value === null || value === undefined ? '' : String(value));
  const plain = (value: Json | undefined): string => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value));
  const head = ['place', 'trial', 'id', 'state', 'objective', 'epochs', 'bestEpoch', 'params', 'secondsPerEpoch', ...settings.map((name) => `settings.${name}`), ...metrics, 'val.f1', 'test.loss', 'test.accuracy', 'test.auc', 'test.f1'];
  const rows = results.trials.map((trial, place) => [
    trial.state === 'completed' ? String(place + 1) : '',
    String(trial.number),
    trial.id,
    trial.state,
    number(trial.objective),
    String(trial.epochs),
    number(trial.bestEpoch),
    String(trial.params),
    number(trial.secondsPerEpoch),
    ...settings.map((name) => plain(trial.settings[name])),
    ...metrics.map((name) => number(trial.metrics[name])),
    number(trial.val?.f1),
    ...[trial.test?.loss, trial.test?.accuracy, trial.test?.auc, trial.test?.f1].map(number),
  ]);
  return csv([head, ...rows]);
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
  ];
}

function partLines(trial: TrialResult): string[] {
  return ([['validation', trial.val], ['test', trial.test]] as const).flatMap(([part, values]) =>
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

function attemptLines(detail: TrialDetail): string[] {
  return table(
    [
      { title: 'epochs', value: (attempt) => `${attempt.from} to ${Math.max(attempt.from, attempt.to - 1)}` },
      { title: 'kind', value: (attempt) => attempt.kind },
      { title: 'outcome', value: (attempt) => attempt.outcome ?? 'in progress' },
      { title: 'worker', value: (attempt) => attempt.worker },
      { title: 'started', value: (attempt) => attempt.startedAt },
      { title: 'message', value: (attempt) => attempt.message },
    ],
    detail.attempts,
  ).map((line) => `  ${line}`);
}


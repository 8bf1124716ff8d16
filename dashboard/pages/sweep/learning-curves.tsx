/** The learning curves of many trials, the best first. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { SweepView } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import { Choice } from '../../components/choice.js';
import { Empty, Shown } from '../../components/panel.js';
import { place, setQuery } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { count, metric as metricText, setting, whole } from '../../text/format.js';
import { curveSpec, matchesOf, patternOf, searchedText, type Curve } from './curves.js';
import { MOST_POINTS, pointsOf, type PlotTrial } from './points.js';

const LINES = ['30', '100', '300', '1000', '5000'];
/** So many numbers go into an address that every server takes: 16 KiB of headers. */
const MOST_NAMED = 1_500;

interface Names {
  /** The best trials, by number: their number and the settings by which they differ. */
  readonly names: ReadonlyMap<number, string>;
  /** Of so many trials these are a sample. */
  readonly of: number;
  readonly metrics: readonly string[];
}

/** What patterns are held against, and which metrics there are. */
async function namesOf(sweep: SweepView, signal: AbortSignal): Promise<Names> {
  const at = { sweep: sweep.id };
  const [points, board] = await Promise.all([ask('GET /sweeps/:sweep/points', { at, query: { limit: MOST_POINTS }, signal }), ask('GET /sweeps/:sweep/leaderboard', { at, query: { limit: 1 }, signal })]);
  const names = pointsOf(sweep, points).trials.map(({ number, settings }) => [number, nameOf(number, settings)] as const);
  return { names: new Map(names), of: points.of, metrics: board.available.filter(({ name, measured }) => measured && name !== 'objective').map(({ name }) => name) };
}

/** A schedule stands as one, without its parameters once more. */
function nameOf(number: number, settings: PlotTrial['settings']): string {
  const told = Object.entries(settings).filter(([name, value]) => value !== null && !Object.keys(settings).some((other) => name.startsWith(`${other}.`)));
  return [`#${number}`, ...told.map(([name, value]) => `${name}=${setting(value)}`)].join(' ').slice(0, 200);
}

export function LearningCurves({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { resource, reload } = useResource(`curve names ${sweep.id}`, (signal) => namesOf(sweep, signal), { live: sweep.id });
  const written = place.value.query.get('trials') ?? '';
  return (
    <>
      <div class="toolbar">
        <label class="grow" for="curve-pattern">
          Trials
          <input id="curve-pattern" type="search" class="grow" placeholder="A pattern of their names, such as lr=0.01 or #1\d" value={written} onInput={(event) => setQuery({ trials: event.currentTarget.value }, { replace: true })} />
        </label>
      </div>
      <Shown what="the trials" of={resource} retry={reload}>
        {(names) => <Matching sweep={sweep} names={names} written={written} />}
      </Shown>
    </>
  );
}

function Matching({ sweep, names: { names, of, metrics }, written }: { readonly sweep: SweepView; readonly names: Names; readonly written: string }): JSX.Element {
  const { query } = place.value;
  const lines = LINES.find((each) => each === query.get('lines')) ?? '100';
  const pattern = patternOf(written);
  if (pattern === null) return <p class="mistakes spaced">This is no regular expression: {written.slice(0, 200)}</p>;
  const found = written === '' ? undefined : matchesOf(written, pattern, names, of, Math.min(Number(lines), MOST_NAMED));
  if (found === null) return <Empty>No trial's name matches{names.size < of ? `; ${searchedText(names.size, of)}. A trial is found by its number, such as #12345` : ''}.</Empty>;
  const asked = query.get('metric');
  const metric = metrics.find((name) => name === asked) ?? metrics.find((name) => name === sweep.objective.metric) ?? metrics[0] ?? sweep.objective.metric;
  return <Curves {...{ sweep, names, metrics, metric, lines, trials: found?.trials.toSorted((a, b) => a - b).join(',') ?? null, leftOut: found?.leftOut ?? null }} />;
}

interface CurvesProps {
  readonly sweep: SweepView;
  readonly names: ReadonlyMap<number, string>;
  readonly metrics: readonly string[];
  readonly metric: string;
  readonly lines: string;
  /** Numbers with commas between; null for the best ones. */
  readonly trials: string | null;
  /** What the picture of trials that match leaves out; null for the best ones. */
  readonly leftOut: string | null;
}

function Curves({ sweep, names, metrics, metric, lines, trials, leftOut }: CurvesProps): JSX.Element {
  const { query } = place.value;
  const { resource, reload } = useResource(`curves ${sweep.id} ${metric} ${trials ?? ''} ${lines}`, (signal) => ask('GET /sweeps/:sweep/curves', { at: { sweep: sweep.id }, query: { metric, trials, limit: lines }, signal }), { live: sweep.id });
  const smoothing = Math.min(0.99, Math.max(0, Number(query.get('smoothing') ?? 0) || 0));
  const along = query.get('along') === 'time' ? 'time' : 'epochs';
  const isLog = query.get('log') === '1';
  return (
    <>
      <div class="toolbar spaced">
        <Choice label="Metric" value={metric} options={metrics.includes(metric) ? metrics : [metric, ...metrics]} onChange={(value) => setQuery({ metric: value })} />
        <Choice label="Along" value={along} options={['epochs', 'time']} onChange={(value) => setQuery({ along: value })} />
        <Choice label="At most" value={lines} options={LINES} onChange={(value) => setQuery({ lines: value })} />
        <label>
          Smoothing
          <input type="range" min="0" max="0.99" step="0.01" value={smoothing} aria-valuetext={smoothing.toFixed(2)} onInput={(event) => setQuery({ smoothing: event.currentTarget.value === '0' ? null : event.currentTarget.value }, { replace: true })} />
          <output class="number">{smoothing.toFixed(2)}</output>
        </label>
        <label>
          <input type="checkbox" checked={isLog} onChange={(event) => setQuery({ log: event.currentTarget.checked ? '1' : null })} />
          Logarithmic
        </label>
      </div>
      <Shown what="the curves" of={resource} retry={reload}>
        {({ curves, of }) => {
          const drawn = curves.filter(({ values }) => values.some((value) => value !== null)).map(({ number, values, seconds }): Curve => ({ trial: number, name: names.get(number) ?? `#${number}`, values, seconds }));
          if (drawn.length === 0) return <Empty>{trials === null ? 'No trial' : 'None of the trials that match'} has reported {metric} yet.</Empty>;
          const spec = curveSpec(drawn, { title: `${metric} of ${sweep.name}`, metric, along, isLog, smoothing });
          return <Chart spec={spec} summary={`${count(drawn.length, 'curve')}${leftOut ?? (of > curves.length ? `, the best of ${whole(of)} trials` : '')}`} describe={(index, series) => describeCurve(spec, index, series)} file={`${sweep.name}-${metric}`} />;
        }}
      </Shown>
    </>
  );
}

function describeCurve({ x, xs, series }: ReturnType<typeof curveSpec>, index: number, nearest: number | null): string {
  const line = nearest === null ? undefined : series[nearest];
  const where = `${x.label} ${Number((xs[index] ?? 0).toPrecision(5))}`;
  return line === undefined ? where : `${line.label}: ${metricText(line.values[index])} at ${where}`;
}

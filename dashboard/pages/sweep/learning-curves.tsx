/** The learning curves of many trials, the best first. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { Results, TrialResult } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import { Choice } from '../../components/choice.js';
import { Empty, Shown } from '../../components/panel.js';
import { place, setQuery } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { count, metric as metricText, setting, whole } from '../../text/format.js';
import { curveSpec, metricsIn, patternOf, type Curve } from './curves.js';
import { dimensionsOf } from './dimension.js';

/** Each is read by itself, and more lines than that nobody tells apart. */
const MOST = 30;
/** So many requests at a time. */
const AT_ONCE = 4;

interface Named {
  readonly trial: TrialResult;
  readonly name: string;
}

export function LearningCurves({ results }: { readonly results: Results }): JSX.Element {
  const { query } = place.value;
  const written = query.get('trials') ?? '';
  const pattern = patternOf(written);
  const begun = named(results).filter(({ trial }) => trial.epochs > 0);
  const found = pattern === null ? [] : begun.filter(({ name }) => pattern.test(name));
  const shown = found.slice(0, MOST);
  return (
    <>
      <div class="toolbar">
        <label class="grow" for="curve-pattern">
          Trials
          <input id="curve-pattern" type="search" class="grow" placeholder="A pattern of their names, such as lr=0.01 or #1\d" value={written} onInput={(event) => setQuery({ trials: event.currentTarget.value }, { replace: true })} />
        </label>
      </div>
      {pattern === null && <p class="mistakes spaced">This is no regular expression: {written.slice(0, 200)}</p>}
      {begun.length === 0 ? <Empty>No trial has finished an epoch yet.</Empty> : found.length === 0 ? pattern !== null && <Empty>No trial's name matches.</Empty> : <Curves sweep={results.sweep.name} objective={results.sweep.objective.metric} shown={shown} found={found.length} />}
    </>
  );
}

/** By number and what differs between trials. */
function named({ trials }: Results): Named[] {
  const dimensions = dimensionsOf(trials);
  return trials.map((trial) => ({ trial, name: `#${trial.number} ${dimensions.map(({ name, of }) => `${name}=${setting(of(trial))}`).join(' ')}`.trim().slice(0, 200) }));
}

interface CurvesProps {
  readonly sweep: string;
  readonly objective: string;
  readonly shown: readonly Named[];
  readonly found: number;
}

function Curves({ sweep, objective, shown, found }: CurvesProps): JSX.Element {
  // Those that have grown are read again.
  const { resource, reload } = useResource(shown.map(({ trial }) => `${trial.id}:${trial.epochs}`).join(' '), (signal) => curvesOf(shown, signal));
  return (
    <Shown what="the curves" of={resource} retry={reload}>
      {(curves) => <Drawn {...{ sweep, objective, found, curves }} />}
    </Shown>
  );
}

async function curvesOf(shown: readonly Named[], signal: AbortSignal): Promise<readonly Curve[]> {
  const curves: Curve[] = [];
  const waiting = [...shown.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, { trial, name }] = next;
      const { curve } = await ask('GET /trials/:trial', { at: { trial: trial.id }, signal });
      curves[index] = { trial: trial.number, name, epochs: curve };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return curves;
}

interface DrawnProps {
  readonly sweep: string;
  readonly objective: string;
  readonly found: number;
  readonly curves: readonly Curve[];
}

function Drawn({ sweep, objective, found, curves }: DrawnProps): JSX.Element {
  const { query } = place.value;
  const metrics = metricsIn(curves);
  const asked = query.get('metric');
  const name = metrics.find((each) => each === asked) ?? metrics.find((each) => each === objective) ?? metrics[0];
  if (name === undefined) return <Empty>No metric was reported.</Empty>;
  const smoothing = Math.min(0.99, Math.max(0, Number(query.get('smoothing') ?? 0) || 0));
  const along = query.get('along') === 'time' ? 'time' : 'epochs';
  const isLog = query.get('log') === '1';
  const spec = curveSpec(curves, { title: `${name} of ${sweep}`, metric: name, along, isLog, smoothing });
  return (
    <>
      <div class="toolbar spaced">
        <Choice label="Metric" value={name} options={metrics} onChange={(value) => setQuery({ metric: value })} />
        <Choice label="Along" value={along} options={['epochs', 'time']} onChange={(value) => setQuery({ along: value })} />
        <label>
          Smoothing
          <input type="range" min="0" max="0.99" step="0.01" value={smoothing} aria-valuetext={smoothing.toFixed(2)} onInput={(event) => setQuery({ smoothing: event.currentTarget.value === '0' ? null : event.currentTarget.value }, { replace: true })} />
        </label>
        <label>
          <input type="checkbox" checked={isLog} onChange={(event) => setQuery({ log: event.currentTarget.checked ? '1' : null })} />
          Logarithmic
        </label>
      </div>
      <Chart
        spec={spec}
        summary={`${count(curves.length, 'curve')}${found > curves.length ? `, the best of ${whole(found)} trials` : ''}`}
        describe={(index, series) => describeCurve(spec, index, series)}
        file={`${sweep}-${name}`}
      />
    </>
  );
}

function describeCurve({ x, xs, series }: ReturnType<typeof curveSpec>, index: number, nearest: number | null): string {
  const line = nearest === null ? undefined : series[nearest];
  const where = `${x.label} ${Number((xs[index] ?? 0).toPrecision(5))}`;
  return line === undefined ? where : `${line.label}: ${metricText(line.values[index])} at ${where}`;
}

/** Completed trials' objective in the order of time, with each that was the best so far. */
import type { JSX } from 'preact';
import type { Answers, SweepView } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import type { ChartSpec } from '../../components/chart-spec.js';
import { Empty } from '../../components/panel.js';
import { count, metric, whole } from '../../text/format.js';

type Series = Answers['GET /sweeps/:sweep/series'];

interface Moment {
  readonly seconds: number;
  readonly number: number;
  readonly value: number | null;
  readonly best: number | null;
  readonly goesOn: Series['points'][number]['goesOn'];
}

export function ObjectiveOverTime({ sweep, series }: { readonly sweep: SweepView; readonly series: Series }): JSX.Element {
  const { points, best, of } = series;
  if (of === 0) return <Empty>No trial has completed yet; each one is a point here once it has.</Empty>;
  const moments = momentsOf(series);
  const spec: ChartSpec = {
    title: `${series.metric} of ${sweep.name}`,
    x: { label: 'Time', time: true },
    y: { label: series.metric },
    xs: moments.map(({ seconds }) => seconds),
    series: [
      { label: 'Trial', values: moments.map(({ value }) => value), colour: 1, kind: 'points' },
      { label: 'Best so far', values: moments.map((moment) => moment.best), colour: 2, kind: 'step' },
    ],
  };
  const sample = points.length < of ? `; a sample of ${whole(points.length)} of them is drawn` : '';
  return (
    <Chart
      spec={spec}
      summary={`${best.length === 0 ? 'None keeps to the limits of the objective yet' : `Best ${metric(best.at(-1)?.value)}`}, of ${whole(of)} completed${sample}`}
      describe={(index) => {
        const moment = moments[index];
        return moment === undefined ? '' : `${new Date(moment.seconds * 1_000).toLocaleString()}, trial #${moment.number}: ${metric(moment.value)}${moment.goesOn === null ? '' : ` after ${whole(moment.goesOn.after)} of ${count(moment.goesOn.of, 'epoch')}`}`;
      }}
      file={`${sweep.name}-objective`}
    />
  );
}

/** Every trial that is drawn, in order; the best so far holds until the end. */
function momentsOf({ points, best }: Series): Moment[] {
  const bests = new Map(best.map(({ id, value }) => [id, value]));
  const all = [...new Map([...points, ...best].map((point) => [point.id, point])).values()];
  const moments = all.map(({ id, number, at, value, goesOn }): Moment => ({ seconds: Date.parse(at) / 1_000, number, value, best: bests.get(id) ?? null, goesOn })).sort((a, b) => a.seconds - b.seconds || a.number - b.number);
  const last = moments.at(-1);
  if (last === undefined || last.best !== null || best.length === 0) return moments;
  return [...moments.slice(0, -1), { ...last, best: best.at(-1)?.value ?? null }];
}

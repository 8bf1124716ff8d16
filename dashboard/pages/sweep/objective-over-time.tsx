/** Completed trials' objective in the order of time, with each that was the best so far. */
import type { JSX } from 'preact';
import type { Answers, SweepView } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import type { ChartSpec } from '../../components/chart-spec.js';
import { Empty } from '../../components/panel.js';
import { resultText } from '../../text/trial-counts.js';
import { momentsOf, summaryOf } from './moments.js';

type Series = Answers['GET /sweeps/:sweep/series'];

export function ObjectiveOverTime({ sweep, series }: { readonly sweep: SweepView; readonly series: Series }): JSX.Element {
  if (series.of === 0) return <Empty>No trial has completed yet; each one is a point here once it has.</Empty>;
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
  return (
    <Chart
      spec={spec}
      summary={summaryOf(series)}
      describe={(index) => {
        const moment = moments[index];
        return moment === undefined ? '' : `${new Date(moment.seconds * 1_000).toLocaleString()}, trial #${moment.number}: ${resultText(moment.value, moment.goesOn)}`;
      }}
      file={`${sweep.name}-objective`}
    />
  );
}

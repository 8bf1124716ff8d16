/** The best so far of several sweeps in one chart, from when each began: by time, or by completed trials. */
import type { JSX } from 'preact';
import type { Answers, SweepView } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import { Choice } from '../../components/choice.js';
import { Empty, Panel } from '../../components/panel.js';
import { place, setQuery } from '../../state/location.js';
import { count, metric, whole } from '../../text/format.js';
import { bestSoFar, POINTS } from './best-so-far.js';

const AXES = ['Time', 'Completed trials'] as const;

export interface ComparedSeries {
  readonly sweep: SweepView;
  readonly series: Answers['GET /sweeps/:sweep/series'];
}

export function ObjectivesOverTime({ compared }: { readonly compared: readonly ComparedSeries[] }): JSX.Element {
  const byTrials = place.value.query.get('over') === 'trials';
  const [first] = compared;
  const alike = compared.filter(({ series }) => series.metric === first?.series.metric && series.direction === first.series.direction);
  const others = compared.filter((one) => !alike.includes(one));
  const { unit, xs, lines } = bestSoFar(alike.map(({ sweep, series }) => ({ beganAt: sweep.createdAt, series })), byTrials ? 'trials' : 'time');
  const name = first?.series.metric ?? '';
  const choice = <Choice label="Over" value={byTrials ? AXES[1] : AXES[0]} options={AXES} onChange={(axis) => setQuery({ over: axis === AXES[1] ? 'trials' : null }, { replace: true })} />;
  return (
    <Panel title="Objective over time" tools={choice}>
      {xs.length === 0 ? (
        <Empty>No trial has completed yet.</Empty>
      ) : (
        <Chart
          spec={{
            title: `${name} of sweeps, the best so far`,
            x: { label: byTrials ? 'Completed trials' : `Time since the sweep began (${unit})`, whole: byTrials },
            y: { label: `${name}, best so far` },
            xs,
            series: alike.map(({ sweep }, index) => ({ label: sweep.name, values: lines[index] ?? [], colour: index + 1, kind: 'step', spansGaps: true })),
          }}
          summary={alike.map(({ sweep, series }) => `${sweep.name.slice(0, 60)}: ${series.best.length === 0 ? '' : `best ${metric(series.best.at(-1)?.value)} of `}${count(series.of, 'completed trial')}`).join(', ')}
          file="compare-sweeps-objective"
        />
      )}
      {byTrials && alike.some(({ series }) => series.of > series.points.length) && <p class="muted small">Where a sweep has more trials than {whole(POINTS)}, how many had completed is estimated from as many.</p>}
      {others.length > 0 && <p class="muted small">Left out, since they are measured by something else: {others.map(({ sweep, series }) => `${sweep.name.slice(0, 60)} (${series.metric})`).join(', ')}.</p>}
    </Panel>
  );
}

/** Every completed trial's objective in the order of their numbers, with the best so far. */
import type { JSX } from 'preact';
import type { Results } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import { Empty } from '../../components/panel.js';
import { metric } from '../../text/format.js';

export function ObjectiveOverTime({ results }: { readonly results: Results }): JSX.Element {
  const { metric: name, direction } = results.sweep.objective;
  const trials = results.trials.filter(({ state, objective }) => state === 'completed' && objective !== null).toSorted((a, b) => a.number - b.number);
  if (trials.length === 0) return <Empty>No trial has completed yet; each one is a point here once it has.</Empty>;
  const values = trials.map(({ objective }) => objective ?? NaN);
  const better = direction === 'maximize' ? Math.max : Math.min;
  let best = values[0] ?? NaN;
  const bests = values.map((value) => (best = better(best, value)));
  const spec = {
    title: `${name} of ${results.sweep.name}`,
    x: { label: 'Trial (number)', whole: true },
    y: { label: name },
    xs: trials.map(({ number }) => number),
    series: [
      { label: 'Trial', values, colour: 1, kind: 'points' as const },
      { label: 'Best so far', values: bests, colour: 2, kind: 'step' as const },
    ],
  };
  return <Chart spec={spec} summary={`Best of ${trials.length} completed: ${metric(best)}`} describe={(index) => `Trial #${trials[index]?.number ?? ''}: ${metric(values[index])}; best so far ${metric(bests[index])}`} file={`${results.sweep.name}-objective`} />;
}

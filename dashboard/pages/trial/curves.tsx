/** How its metrics went from epoch to epoch: a chart for each quantity, its parts as lines. */
import type { JSX } from 'preact';
import type { EpochRow, TrialDetail } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import { Empty, Panel } from '../../components/panel.js';
import { count, metric } from '../../text/format.js';
import { isOpen } from './outcome.js';

/** Those first; the others as they come. */
const FIRST = ['loss', 'accuracy', 'auc'];
const MOST_CHARTS = 8;

export function Curves({ detail: { sweep, trial, curve } }: { readonly detail: TrialDetail }): JSX.Element {
  const quantities = quantitiesOf(curve);
  if (quantities.length === 0) return <Panel title="Curves"><Empty>{isOpen(trial.state) ? 'No epoch has reported numbers yet; each is a point here once it has.' : 'No epoch has reported numbers.'}</Empty></Panel>;
  const left = quantities.slice(MOST_CHARTS);
  return (
    <>
      <div class="grid">
        {quantities.slice(0, MOST_CHARTS).map(({ quantity, names }) => (
          <Panel key={quantity} title={quantity}>
            <Chart
              spec={{
                title: `${quantity} of trial ${trial.number} of ${sweep.name}`,
                x: { label: 'Epoch', whole: true },
                y: { label: quantity, log: quantity === 'lr' },
                xs: curve.map(({ epoch }) => epoch),
                series: names.map((name, index) => ({ label: name, values: curve.map(({ metrics }) => finite(metrics[name])), colour: index + 1, kind: 'line' as const })),
              }}
              summary={`${count(curve.length, 'epoch')}${trial.bestEpoch === null ? '' : `; epoch ${trial.bestEpoch} is the chosen one`}: ${names.map((name) => `${name} ${metric(curve.at(trial.bestEpoch ?? -1)?.metrics[name])}`).join(', ')}`}
              file={`${sweep.name}-trial-${trial.number}-${quantity}`}
            />
          </Panel>
        ))}
      </div>
      {left.length > 0 && <p class="small muted">Not drawn here: {left.map(({ quantity }) => quantity).join(', ').slice(0, 500)}. The sweep's learning curves have them all.</p>}
    </>
  );
}

export interface Quantity {
  /** Without the part that it was measured on. */
  readonly quantity: string;
  readonly names: readonly string[];
}

export function quantitiesOf(curve: readonly EpochRow[]): Quantity[] {
  const found = new Map<string, string[]>();
  for (const name of new Set(curve.flatMap(({ metrics }) => Object.keys(metrics)))) {
    const quantity = name.replace(/^(train|val)\./, '');
    found.set(quantity, [...(found.get(quantity) ?? []), name]);
  }
  const place = (quantity: string): number => (FIRST.includes(quantity) ? FIRST.indexOf(quantity) : FIRST.length);
  return [...found].map(([quantity, names]) => ({ quantity, names: names.sort() })).sort((a, b) => place(a.quantity) - place(b.quantity));
}

export function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

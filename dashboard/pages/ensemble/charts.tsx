/** The ensemble against its members: their ROC curves, and what more and more of them are worth together. */
import type { JSX } from 'preact';
import type { EnsembleComparison, RocCurve } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import { Choice } from '../../components/choice.js';
import { Empty, Panel } from '../../components/panel.js';
import { setQuery } from '../../state/location.js';
import { onSharedXs } from '../../state/thresholds.js';
import { count, metric } from '../../text/format.js';

export interface ChartsProps {
  readonly comparison: EnsembleComparison;
  readonly file: string;
}

/** Beside the ensemble's own; more are told apart by nobody. */
const MOST_CURVES = 7;

export function RocOverlay({ comparison: { ensemble, curves, class: name }, file }: ChartsProps): JSX.Element {
  const classes = ensemble.sweep.data?.classes ?? [];
  const members = curves.members.slice(0, MOST_CURVES);
  const pairs = ({ falsePositiveRate, truePositiveRate }: RocCurve): (readonly [number, number])[] => falsePositiveRate.map((rate, index) => [rate, truePositiveRate[index] ?? 0]);
  const { xs, values } = onSharedXs([curves.ensemble, ...members].map(pairs));
  const choice = <Choice label="Class" value={name} options={classes} onChange={(chosen) => setQuery({ class: chosen }, { replace: true })} />;
  return (
    <Panel title="ROC curves on validation" tools={choice}>
      {curves.ensemble.auc === null ? (
        <Empty>Validation has no images of {name.slice(0, 100)}, or no others.</Empty>
      ) : (
        <Chart
          spec={{
            title: `ROC curves of ${name}`,
            x: { label: 'False positive rate (1 - specificity)' },
            y: { label: 'True positive rate (recall)' },
            xs,
            series: [
              // Last, so that it is drawn above the others.
              ...members.map((_, index) => ({ label: `trial ${ensemble.members[index]?.number ?? ''}`, values: values[index + 1] ?? [], colour: index + 2, kind: 'line' as const })),
              { label: 'Ensemble', values: values[0] ?? [], colour: 1, kind: 'line' as const },
            ],
          }}
          summary={`Area under the curve: ensemble ${metric(curves.ensemble.auc)}, ${members.map(({ auc }, index) => `trial ${ensemble.members[index]?.number ?? ''} ${metric(auc)}`).join(', ')}${curves.members.length > MOST_CURVES ? `; the ${MOST_CURVES} heaviest of ${count(curves.members.length, 'member')}` : ''}`}
          file={`${file}-roc`}
        />
      )}
    </Panel>
  );
}

/** Along the path by which members were chosen; what was tried after the best of it is drawn apart. */
export function SizeAgainstScore({ comparison: { sizes, metric: name, ensemble: { selection } }, file }: ChartsProps): JSX.Element {
  const kept = selection?.rounds ?? sizes.length;
  const last = sizes[kept - 1];
  const isIn = (index: number): boolean => index < kept;
  return (
    <Panel title="Size against score">
      <Chart
        spec={{
          title: `${name} by size`,
          x: { label: selection === null ? 'Members, the best trial first' : 'Rounds, each adds a trial, or weight to one', whole: true },
          y: { label: `${name} on validation` },
          xs: sizes.map((_, index) => index + 1),
          series: [
            { label: 'The ensemble, as it was chosen', values: sizes.map(({ value }, index) => (isIn(index) ? value : null)), colour: 1, kind: 'points' },
            ...(kept === sizes.length ? [] : [{ label: 'Tried after it, no better', values: sizes.map(({ value }, index) => (isIn(index) ? null : value)), colour: 2, kind: 'points' as const }]),
          ],
        }}
        summary={`${metric(sizes[0]?.value)} with trial ${sizes[0]?.number ?? ''} alone, ${metric(last?.value)} with ${count(last?.members ?? 0, 'member')}${selection === null ? '' : ` after ${count(kept, 'round')}`}${kept === sizes.length ? '' : `; ${count(sizes.length - kept, 'further round')} gained nothing`}`}
        describe={(index) => `Trial ${sizes[index]?.number ?? ''} added: ${count(sizes[index]?.members ?? 0, 'member')}, ${name} ${metric(sizes[index]?.value)}${isIn(index) ? '' : ', not kept'}`}
        file={`${file}-sizes`}
      />
    </Panel>
  );
}

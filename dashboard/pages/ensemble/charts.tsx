/** The ensemble against its members: their ROC curves, and what the heaviest of them are worth together. */
import type { JSX } from 'preact';
import type { EnsembleComparison, RocCurve } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import { Choice } from '../../components/choice.js';
import { Empty, Panel } from '../../components/panel.js';
import { setQuery } from '../../state/location.js';
import { asSteps } from '../../state/thresholds.js';
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
  const { xs, values } = asSteps([curves.ensemble, ...members].map(pairs));
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
              ...members.map((_, index) => ({ label: `trial ${ensemble.members[index]?.number ?? ''}`, values: values[index + 1] ?? [], colour: index + 2, kind: 'step' as const })),
              { label: 'Ensemble', values: values[0] ?? [], colour: 1, kind: 'step' as const },
            ],
          }}
          summary={`Area under the curve: ensemble ${metric(curves.ensemble.auc)}, ${members.map(({ auc }, index) => `trial ${ensemble.members[index]?.number ?? ''} ${metric(auc)}`).join(', ')}${curves.members.length > MOST_CURVES ? `; the ${MOST_CURVES} heaviest of ${count(curves.members.length, 'member')}` : ''}`}
          file={`${file}-roc`}
        />
      )}
    </Panel>
  );
}

export function SizeAgainstScore({ comparison: { sizes, metric: name }, file }: ChartsProps): JSX.Element {
  const last = sizes.at(-1);
  return (
    <Panel title="Size against score">
      <Chart
        spec={{
          title: `${name} of the heaviest members`,
          x: { label: 'Members, the heaviest first', whole: true },
          y: { label: `${name} on validation` },
          xs: sizes.map(({ members }) => members),
          series: [{ label: 'The heaviest members alone', values: sizes.map(({ value }) => value), colour: 1, kind: 'points' }],
        }}
        summary={`All ${count(last?.members ?? 0, 'member')}: ${metric(last?.value)}; the heaviest alone: ${metric(sizes[0]?.value)}`}
        describe={(index) => `The ${count(sizes[index]?.members ?? 0, 'heaviest member', 'heaviest members')}: ${metric(sizes[index]?.value)}`}
        file={`${file}-sizes`}
      />
    </Panel>
  );
}

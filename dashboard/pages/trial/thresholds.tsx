/** ROC and precision-recall curves of one class, and what a threshold on its probability makes of the images. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { PredictionsView } from '../../api/types.js';
import { Chart } from '../../components/chart.js';
import { Choice } from '../../components/choice.js';
import { ConfusionMatrix, ModeChoice } from '../../components/confusion.js';
import { MatrixExport } from '../../components/matrix.js';
import { Empty, Panel } from '../../components/panel.js';
import { place, setQuery } from '../../state/location.js';
import { averagePrecision, divisionAt, onSharedXs, operatingPoints, rocArea, scoresOf, type Division, type OperatingPoint } from '../../state/thresholds.js';
import { metric, whole } from '../../text/format.js';

export interface ThresholdsProps {
  readonly predictions: PredictionsView;
  readonly file: string;
}

/** Panels of a grid. */
export function Thresholds({ predictions, file }: ThresholdsProps): JSX.Element {
  const { classes, images, of, positive } = predictions;
  const { query } = place.value;
  const asked = classes.indexOf(query.get('class') ?? '');
  const label = asked >= 0 ? asked : classes.length === 2 ? positive : 0;
  const points = useMemo(() => pointsOf(predictions, label), [predictions, label]);
  const threshold = thresholdHere(query.get('threshold'));
  const division = divisionAt(points, threshold);
  const name = classes[label] ?? '';
  const choice = <Choice label="Class" value={name} options={classes} onChange={(chosen) => setQuery({ class: chosen }, { replace: true })} />;
  if (rocArea(points) === null) return <Panel title="Threshold" tools={choice}><Empty>There are no images of {name.slice(0, 100)}, or of nothing else, so there is nothing to tell apart.</Empty></Panel>;
  const others = classes.length === 2 ? (classes[1 - label] ?? '') : 'all others';
  const { truePositive, falsePositive, falseNegative, trueNegative } = division;
  // Of two classes in the order that their other matrices have.
  const isSecond = classes.length === 2 && label === 1;
  const shown = isSecond ? [others, name] : [name, others];
  const confusion = isSecond ? [[trueNegative, falsePositive], [falseNegative, truePositive]] : [[truePositive, falseNegative], [falsePositive, trueNegative]];
  return (
    <>
      <Panel title="Threshold" tools={<>{choice}<MatrixExport rows={shown} columns={shown} values={confusion} file={`${file}-threshold`} /></>}>
        <div class="stack">
          <div class="slider">
            <label for="threshold">Least probability of {name.slice(0, 60)} that is called {name.slice(0, 60)}</label>
            <input id="threshold" type="range" min="0" max="1" step="0.005" value={threshold} onInput={(event) => setQuery({ threshold: event.currentTarget.value }, { replace: true })} />
            <output for="threshold" class="number">{threshold.toFixed(3)}</output>
          </div>
          <Scores division={division} />
          <ModeChoice />
          <ConfusionMatrix caption={`Confusion of ${name.slice(0, 60)} at threshold ${threshold.toFixed(3)}`} classes={shown} confusion={confusion} />
          {images.length < of && <p class="muted small">Of {whole(images.length)} images, evenly chosen from the {whole(of)} of validation.</p>}
        </div>
      </Panel>
      <RocPanel points={points} division={division} name={name} file={file} />
      <PrecisionPanel points={points} division={division} name={name} file={file} />
    </>
  );
}

function pointsOf({ classes, images, probabilities }: PredictionsView, label: number): OperatingPoint[] {
  return operatingPoints(images.map((_, index) => probabilities[index * classes.length + label] ?? 0), images.map((image) => image.label === label));
}

function thresholdHere(written: string | null): number {
  const value = Number(written ?? NaN);
  return written !== null && value >= 0 && value <= 1 ? value : 0.5;
}

function Scores({ division }: { readonly division: Division }): JSX.Element {
  const { accuracy, precision, recall, specificity, f1 } = scoresOf(division);
  return (
    <dl class="facts" aria-live="polite">
      {([['Accuracy', accuracy], ['Recall (sensitivity)', recall], ['Specificity', specificity], ['Precision', precision], ['F1', f1]] as const).map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{metric(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

interface CurveProps extends Pick<ThresholdsProps, 'file'> {
  readonly points: readonly OperatingPoint[];
  readonly division: Division;
  readonly name: string;
}

function RocPanel({ points, division, name, file }: CurveProps): JSX.Element {
  const rate = (each: Division): readonly [number, number] => [1 - scoresOf(each).specificity, scoresOf(each).recall];
  const { xs, values } = onSharedXs([points.map(rate)]);
  const here = rate(division)[0];
  return (
    <Panel title="ROC curve">
      <Chart
        spec={{
          title: `ROC curve of ${name}`,
          x: { label: 'False positive rate (1 - specificity)' },
          y: { label: 'True positive rate (recall)' },
          xs,
          series: [
            { label: 'All thresholds', values: values[0] ?? [], colour: 1, kind: 'line' },
            { label: 'The chosen threshold', values: xs.map((x) => (x === here ? scoresOf(division).recall : null)), colour: 2, kind: 'points' },
            { label: 'By chance', values: xs, colour: 7, kind: 'line' },
          ],
        }}
        summary={`Area under the curve ${metric(rocArea(points))}`}
        describe={(index) => `At a false positive rate of ${metric(xs[index])}: true positive rate ${metric(values[0]?.[index])}`}
        file={`${file}-roc`}
      />
    </Panel>
  );
}

function PrecisionPanel({ points, division, name, file }: CurveProps): JSX.Element {
  const best = new Map<number, number>();
  for (const point of points.slice(1)) {
    const { recall, precision } = scoresOf(point);
    best.set(recall, Math.max(best.get(recall) ?? 0, precision));
  }
  const { recall, precision } = scoresOf(division);
  const xs = [...new Set([...best.keys(), recall])].sort((a, b) => a - b);
  return (
    <Panel title="Precision and recall">
      <Chart
        spec={{
          title: `Precision and recall of ${name}`,
          x: { label: 'Recall' },
          y: { label: 'Precision' },
          xs,
          series: [
            { label: 'All thresholds', values: xs.map((x) => best.get(x) ?? null), colour: 1, kind: 'line' },
            { label: 'The chosen threshold', values: xs.map((x) => (x === recall ? precision : null)), colour: 2, kind: 'points' },
          ],
        }}
        summary={`Average precision ${metric(averagePrecision(points))}`}
        describe={(index) => `At a recall of ${metric(xs[index])}: precision ${metric(best.get(xs[index] ?? NaN))}`}
        file={`${file}-precision-recall`}
      />
    </Panel>
  );
}

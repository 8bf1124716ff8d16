/** A confusion matrix in counts, or in shares of its rows or columns; which one stands in the URL. */
import type { JSX } from 'preact';
import { place, setQuery } from '../state/location.js';
import { whole } from '../text/format.js';
import { Matrix, MatrixExport } from './matrix.js';
import { Panel } from './panel.js';

const MODES = [
  { name: 'counts', label: 'Images' },
  { name: 'rows', label: 'Share of the true class' },
  { name: 'columns', label: 'Share of the predicted class' },
] as const;

type Mode = (typeof MODES)[number]['name'];

export interface ConfusionProps {
  readonly title: string;
  readonly classes: readonly string[];
  /** confusion[true][predicted], counts of images. */
  readonly confusion: readonly (readonly number[])[];
  readonly file: string;
}

export function ConfusionPanel({ title, classes, confusion, file }: ConfusionProps): JSX.Element {
  return (
    <Panel title={title} tools={<MatrixExport rows={classes} columns={classes} values={confusion} file={file} />}>
      <div class="stack">
        <ModeChoice />
        <ConfusionMatrix caption={title} classes={classes} confusion={confusion} />
      </div>
    </Panel>
  );
}

export function ModeChoice(): JSX.Element {
  const mode = modeHere();
  return (
    <label class="choice">
      Show
      <select value={mode} onChange={(event) => setQuery({ matrix: event.currentTarget.value === 'counts' ? null : event.currentTarget.value }, { replace: true })}>
        {MODES.map(({ name, label }) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

export function ConfusionMatrix({ caption, classes, confusion }: { readonly caption: string; readonly classes: readonly string[]; readonly confusion: ConfusionProps['confusion'] }): JSX.Element {
  const mode = modeHere();
  const values = mode === 'counts' ? confusion : shares(confusion, mode);
  const most = mode === 'counts' ? Math.max(...confusion.flat(), 0) : 1;
  return <Matrix caption={caption} rowsAre="true" columnsAre="predicted" rows={classes} columns={classes} values={values} most={most} show={(value) => (mode === 'counts' ? whole(value) : `${(value * 100).toFixed(1)} %`)} />;
}

function modeHere(): Mode {
  return MODES.find(({ name }) => name === place.value.query.get('matrix'))?.name ?? 'counts';
}

/** A row or column without images is all 0. */
function shares(confusion: ConfusionProps['confusion'], mode: 'rows' | 'columns'): number[][] {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const columns = confusion.map((_, column) => sum(confusion.map((row) => row[column] ?? 0)));
  return confusion.map((row) => row.map((value, column) => {
    const total = mode === 'rows' ? sum(row) : (columns[column] ?? 0);
    return total === 0 ? 0 : value / total;
  }));
}

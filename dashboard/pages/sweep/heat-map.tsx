/** The objective over any two hyperparameters: the best or the mean of the trials in each cell. */
import type { JSX } from 'preact';
import { readableOn, type Colours } from '../../components/colours.js';
import { Figure, fitted, SIGN_PX } from '../../components/figure.js';
import { Empty } from '../../components/panel.js';
import { Choice } from '../../components/choice.js';
import { place, setQuery } from '../../state/location.js';
import { count, metric } from '../../text/format.js';
import { binsOf, cellsOf, type Bins, type Cell } from './cells.js';
import { dimensionsOf, type Dimension } from './dimension.js';
import { sampleText, type SpacePoints } from './points.js';

const LEFT_PX = 96;
const TOP_PX = 8;
const BOTTOM_PX = 52;
const CELL_PX = 36;

export function HeatMap({ results }: { readonly results: SpacePoints }): JSX.Element {
  const { sweep, trials } = results;
  const measured = trials.filter(({ objective }) => objective !== null);
  const axes = dimensionsOf(measured);
  const { query } = place.value;
  const named = (name: string | null, other: number): Dimension | undefined => axes.find((axis) => axis.name === name) ?? axes[other];
  const [xAxis, yAxis] = [named(query.get('heat.x'), 0), named(query.get('heat.y'), 1)];
  const isMean = query.get('heat.of') === 'mean';
  if (xAxis === undefined || yAxis === undefined) return <Empty>A heat map takes two hyperparameters that differ between trials with a value.</Empty>;
  const { direction, metric: name } = sweep.objective;
  const best = (values: readonly number[]): number => (direction === 'maximize' ? Math.max(...values) : Math.min(...values));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [binsOf(xAxis, measured), binsOf(yAxis, measured)];
  const cells = cellsOf(measured, x, y, isMean ? mean : best);
  const values = cells.flat().flatMap((cell) => (cell === null ? [] : [cell.value])).sort((a, b) => a - b);
  const goodness = (value: number): number => (values.length < 2 ? 1 : direction === 'maximize' ? values.indexOf(value) / (values.length - 1) : 1 - values.indexOf(value) / (values.length - 1));
  const height = TOP_PX + y.labels.length * CELL_PX + BOTTOM_PX;
  const at = (px: number, py: number, width: number): { readonly cell: Cell | null; readonly column: number; readonly row: number } | null => {
    const [column, row] = [Math.floor((px - LEFT_PX) / columnPxOf(x, width)), Math.floor((py - TOP_PX) / CELL_PX)];
    return cells[row]?.[column] === undefined ? null : { cell: cells[row][column], column, row };
  };
  const names = axes.map((axis) => axis.name);
  return (
    <Figure
      title={`${name} over ${xAxis.name} and ${yAxis.name}`}
      summary={`${isMean ? 'Mean' : 'Best'} ${name} of ${count(measured.length, 'trial')}, by ${xAxis.name} and ${yAxis.name}${leftOutText(xAxis, x)}${leftOutText(yAxis, y)}${sampleText(results)}`}
      height={height}
      file={`${sweep.name}-heat-map`}
      table={() => ({ header: [yAxis.name, xAxis.name, name, 'trials'], rows: cells.flatMap((row, r) => row.flatMap((cell, c) => (cell === null ? [] : [[y.labels[r] ?? '', x.labels[c] ?? '', cell.value, cell.trials]]))) })}
      describe={(px, py, width) => {
        const found = at(px, py, width);
        if (found === null) return null;
        const where = `${xAxis.name} ${x.labels[found.column] ?? ''}, ${yAxis.name} ${y.labels[found.row] ?? ''}`;
        return found.cell === null ? `${where}: no trial` : `${where}: ${metric(found.cell.value)} of ${count(found.cell.trials, 'trial')}`;
      }}
      tools={
        <>
          <Choice label="Across" value={xAxis.name} options={names} onChange={(value) => setQuery({ 'heat.x': value })} />
          <Choice label="Down" value={yAxis.name} options={names} onChange={(value) => setQuery({ 'heat.y': value })} />
          <Choice label="Shows" value={isMean ? 'mean' : 'best'} options={['best', 'mean']} onChange={(value) => setQuery({ 'heat.of': value })} />
        </>
      }
      draw={(width, colours) => <Drawing {...{ width, colours, height, x, y, cells, goodness }} names={[xAxis.name, yAxis.name]} />}
    />
  );
}

function leftOutText({ name }: Dimension, { leftOut }: Bins): string {
  return leftOut === 0 ? '' : `; of ${name} the ${count(leftOut, 'value')} with the fewest trials ${leftOut === 1 ? 'is' : 'are'} left out`;
}

/** Longer names of categories are cut. */
const MOST_MARK_PX = 120;

interface DrawingProps {
  readonly width: number;
  readonly height: number;
  readonly colours: Colours;
  readonly x: Bins;
  readonly y: Bins;
  readonly cells: readonly (readonly (Cell | null)[])[];
  readonly goodness: (value: number) => number;
  /** Of the axis across and the one down. */
  readonly names: readonly [string, string];
}

function Drawing({ width, height, colours, x, y, cells, goodness, names }: DrawingProps): JSX.Element {
  const columnPx = columnPxOf(x, width);
  const marks = x.edges ?? x.labels;
  const longest = Math.max(...marks.map(({ length }) => length));
  const every = Math.max(1, Math.ceil(Math.min(MOST_MARK_PX, longest * SIGN_PX + 8) / columnPx));
  return (
    <>
      {cells.map((row, r) =>
        row.map((cell, c) => {
          const [left, top, wide] = [LEFT_PX + c * columnPx, TOP_PX + r * CELL_PX, columnPx];
          const fill = cell === null ? colours.surface : colours.ramp(goodness(cell.value));
          return (
            <g key={`${r} ${c}`}>
              <rect x={left} y={top} width={wide - 1} height={CELL_PX - 1} fill={fill} stroke={colours.grid} />
              {cell !== null && wide > 46 && (
                <text x={left + wide / 2} y={top + CELL_PX / 2 + 4} text-anchor="middle" fill={readableOn(fill)}>
                  {metric(cell.value)}
                </text>
              )}
            </g>
          );
        }),
      )}
      {(y.edges ?? y.labels).map((label, r) => (
        <text key={r} x={LEFT_PX - 8} y={TOP_PX + (y.edges === null ? r + 0.5 : r) * CELL_PX + 4} text-anchor="end" fill={colours.text}>
          {fitted(label, LEFT_PX - 26)}
        </text>
      ))}
      {marks.map((label, c) => (
        // Some of them where all would touch.
        (c % every === 0) && (
          <text key={c} x={LEFT_PX + (x.edges === null ? c + 0.5 : c) * columnPx} y={height - BOTTOM_PX + 18} text-anchor={x.edges !== null && c === x.labels.length ? 'end' : 'middle'} fill={colours.text}>
            {fitted(label, every * columnPx - 4)}
          </text>
        )
      ))}
      <text x={LEFT_PX + (width - LEFT_PX) / 2} y={height - 10} text-anchor="middle" fill={colours.muted}>
        {fitted(names[0], width - LEFT_PX)}
      </text>
      <text transform={`translate(12 ${TOP_PX + (y.labels.length * CELL_PX) / 2}) rotate(-90)`} text-anchor="middle" fill={colours.muted}>
        {fitted(names[1], Math.max(60, y.labels.length * CELL_PX))}
      </text>
    </>
  );
}

function columnPxOf({ labels }: Bins, width: number): number {
  return (width - LEFT_PX - 4) / Math.max(1, labels.length);
}

/**
 * Every trial as a line over its hyperparameters and its objective, broken where it has none of them. Dragging
 * along an axis keeps the trials in that span; spans stand in the URL, and can be typed too. Lines are one path for each of a few shades, so
 * that thousands of them cost the document no more than ten.
 */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { segment } from '../../api/client.js';
import { Figure, fitted, SIGN_PX } from '../../components/figure.js';
import { brokenPath, type Point } from '../../components/lines.js';
import { place, setQuery } from '../../state/location.js';
import { count, setting, whole } from '../../text/format.js';
import { compareHref } from '../compare/names.js';
import { dimensionsOf, goodnessOf, marksOf, measuredDimension, shareOf, type Dimension } from './dimension.js';
import { sampleText, type PlotTrial, type SpacePoints } from './points.js';
import { filterOf } from './span-filter.js';
import { isWithin, sharesOf, spansIn, spansText, spanBetween, type Span } from './spans.js';
import { SpanForm } from './span-form.js';

const HEIGHT_PX = 340;
const TOP_PX = 44;
const BOTTOM_PX = 22;
const SIDE_PX = 64;
const NEAR_PX = 28;
const SHADES = 10;

export function ParallelCoordinates({ results }: { readonly results: SpacePoints }): JSX.Element {
  const drag = useSignal<{ readonly axis: Dimension; readonly start: number; readonly end: number } | null>(null);
  const { sweep } = results;
  const shown = results.trials.filter(({ objective }) => objective !== null);
  const axes = [...dimensionsOf(shown), measuredDimension(sweep.objective.metric, ({ objective }) => objective, shown)];
  const kept = spansIn(place.value.query.get('spans'));
  const dragged = drag.value === null ? null : spanBetween(drag.value.axis, drag.value.start, drag.value.end);
  const spans = dragged === null ? kept : [...kept.filter(({ name }) => name !== dragged.name), dragged];
  const inside = shown.filter((trial) => isWithin(trial, spans, axes));
  const within = new Set(inside);
  const isSample = results.trials.length < results.of;
  const goodness = goodnessOf(shown, sweep.objective.direction);
  const xOf = (index: number, width: number): number => SIDE_PX + (axes.length < 2 ? 0 : (index * (width - 2 * SIDE_PX)) / (axes.length - 1));
  const axisAt = (x: number, width: number): Dimension | undefined => axes.find((_, index) => Math.abs(xOf(index, width) - x) < NEAR_PX);
  const choose = (next: readonly Span[]): void => setQuery({ spans: spansText(next) });
  const end = (): void => {
    const { value } = drag;
    drag.value = null;
    if (value === null) return;
    const others = kept.filter(({ name }) => name !== value.axis.name);
    // A click without a drag takes the span away.
    const span = Math.abs(value.start - value.end) < 0.02 ? null : spanBetween(value.axis, value.start, value.end);
    choose(span === null ? others : [...others, span]);
  };
  return (
    <>
      <Figure
        title="Parallel coordinates"
        summary={`${count(inside.length, 'trial')} of ${whole(shown.length)} within the spans${sampleText(results)}. Drag along an axis to choose a span.`}
        height={HEIGHT_PX}
        narrowest={Math.min(900, 2 * SIDE_PX + 96 * (axes.length - 1))}
        file={`${sweep.name}-parallel-coordinates`}
        table={() => ({ header: ['trial', ...axes.map(({ name }) => name)], rows: inside.map((trial) => [trial.number, ...axes.map((axis) => cellOf(axis, trial))]) })}
        pointer={{
          onDown: (x, y, width) => {
            const axis = axisAt(x, width);
            if (axis !== undefined) drag.value = { axis, start: shareAtY(y), end: shareAtY(y) };
          },
          onMove: (_, y) => {
            if (drag.value !== null) drag.value = { ...drag.value, end: shareAtY(y) };
          },
          onUp: end,
          onCancel: () => (drag.value = null),
        }}
        draw={(width, colours) => {
          const at = (trial: PlotTrial, axis: Dimension, index: number): Point | null => {
            const share = shareOf(axis, trial);
            return share === null ? null : [xOf(index, width), yOf(share)];
          };
          const line = (trial: PlotTrial): string => brokenPath(axes.map((axis, index) => at(trial, axis, index)));
          const shades = Array.from({ length: SHADES }, (): string[] => []);
          for (const trial of inside) shades[Math.min(SHADES - 1, Math.floor((goodness(trial) ?? 0) * SHADES))]?.push(line(trial));
          const outside = shown.length === inside.length ? '' : shown.filter((trial) => !within.has(trial)).map(line).join('');
          const opacity = inside.length > 400 ? 0.45 : 0.85;
          return (
            <>
              {outside !== '' && <path d={outside} fill="none" stroke={colours.grid} stroke-width="1" />}
              {shades.map((lines, shade) => lines.length > 0 && <path key={shade} d={lines.join('')} fill="none" stroke={colours.ramp((shade + 0.5) / SHADES)} stroke-width="1.3" stroke-opacity={opacity} />)}
              {axes.map((axis, index) => (
                <AxisLine key={axis.name} axis={axis} x={xOf(index, width)} room={(width - 2 * SIDE_PX) / Math.max(1, axes.length - 1)} side={index === axes.length - 1 ? 'right' : 'left'} span={spans.find(({ name }) => name === axis.name)} text={colours.text} muted={colours.muted} accent={colours.accent} surface={colours.surface} />
              ))}
            </>
          );
        }}
      />
      <SpanForm axes={axes} spans={kept} onChange={choose} />
      {inside.length < shown.length && drag.value === null && <Inside sweep={sweep.name} inside={inside} isSample={isSample} filter={filterOf(kept, axes, { shown, inside, isSample })} />}
    </>
  );
}

/** As many as stand side by side. */
const MOST_COMPARED = 8;

interface InsideProps {
  readonly sweep: string;
  /** The best first. */
  readonly inside: readonly PlotTrial[];
  /** The table has more of them. */
  readonly isSample: boolean;
  /** By which the leaderboard has them; null where no formula can say it. */
  readonly filter: string | null;
}

/** Where the trials within the spans are to be seen one by one. */
function Inside({ sweep, inside, isSample, filter }: InsideProps): JSX.Element {
  // Of a sample they would not be the best there are.
  const best = isSample ? [] : inside.slice(0, MOST_COMPARED);
  return (
    <p class="small spaced">
      {filter !== null && <a href={`/sweeps/${segment(sweep)}?filter=${segment(filter)}`}>Show {isSample ? 'the trials within the spans' : inside.length === 1 ? 'this trial' : `these ${whole(inside.length)} trials`} in the table</a>}
      {filter !== null && best.length > 1 && ', or '}
      {best.length > 1 && <a href={compareHref({ parameter: 'trials' }, best.map(({ id }) => id))}>compare {best.length === inside.length ? 'them' : `the best ${best.length}`}</a>}
      {(filter !== null || best.length > 1) && '. '}
      <span class="muted">Importance, heat map and slices show all trials.</span>
    </p>
  );
}

function yOf(share: number): number {
  return HEIGHT_PX - BOTTOM_PX - share * (HEIGHT_PX - TOP_PX - BOTTOM_PX);
}

function shareAtY(y: number): number {
  return Math.min(1, Math.max(0, (HEIGHT_PX - BOTTOM_PX - y) / (HEIGHT_PX - TOP_PX - BOTTOM_PX)));
}

interface AxisLineProps {
  readonly axis: Dimension;
  readonly x: number;
  readonly room: number;
  readonly side: 'left' | 'right';
  readonly span: Span | undefined;
  readonly text: string;
  readonly muted: string;
  readonly accent: string;
  readonly surface: string;
}

function AxisLine({ axis, x, room, side, span, text, muted, accent, surface }: AxisLineProps): JSX.Element {
  const anchor = side === 'left' ? 'end' : 'start';
  const off = side === 'left' ? -6 : 6;
  return (
    <g>
      <text x={x} y={18} fill={text} text-anchor="middle" font-weight="600">
        {fitted(axis.name, room)}
      </text>
      {axis.log && (
        <text x={x} y={32} fill={muted} text-anchor="middle" font-size="10">
          log
        </text>
      )}
      <line x1={x} x2={x} y1={yOf(0)} y2={yOf(1)} stroke={muted} />
      {marksOf(axis).map(({ share, text: label }) => {
        const shown = fitted(label, SIDE_PX + 10);
        const wide = shown.length * SIGN_PX + 4;
        return (
          <g key={share}>
            <line x1={x - 3} x2={x + 3} y1={yOf(share)} y2={yOf(share)} stroke={muted} />
            {/* On a ground of its own: lines meet where the marks of inner axes are. */}
            <rect x={side === 'left' ? x + off - wide + 2 : x + off - 2} y={yOf(share) - 7} width={wide} height={14} rx={2} fill={surface} fill-opacity="0.9" />
            <text x={x + off} y={yOf(share) + 4} fill={text} text-anchor={anchor} font-size="11">
              {shown}
            </text>
          </g>
        );
      })}
      {span !== undefined && sharesOf(axis, span).map(([from, to]) => <rect key={from} x={x - 6} width={12} y={yOf(to)} height={Math.max(2, yOf(from) - yOf(to))} fill={accent} fill-opacity="0.35" stroke={accent} />)}
    </g>
  );
}

function cellOf(axis: Dimension, trial: PlotTrial): string | number | null {
  const value = axis.of(trial);
  return value === null || typeof value === 'number' ? value : setting(value);
}

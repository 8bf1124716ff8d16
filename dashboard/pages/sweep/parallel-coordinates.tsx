/**
 * Every trial as a line over its hyperparameters and its objective. Dragging along an axis keeps the trials in
 * that span; spans stand in the URL, and can be typed too. Lines are one path for each of a few shades, so
 * that thousands of them cost the document no more than ten.
 */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Figure, fitted } from '../../components/figure.js';
import { place, setQuery } from '../../state/location.js';
import { count, setting, whole } from '../../text/format.js';
import { dimension, dimensionsOf, goodnessOf, marksOf, numberAt, shareOf, shareOfNumber, type Dimension } from './dimension.js';
import { sampleText, type PlotTrial, type SpacePoints } from './points.js';

const HEIGHT_PX = 340;
const TOP_PX = 44;
const BOTTOM_PX = 22;
const SIDE_PX = 64;
const NEAR_PX = 28;
const SHADES = 10;

/** On one axis, in its shares. */
interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export function spansIn(text: string | null): Span[] {
  return (text ?? '').split('~').flatMap((part) => {
    const [, name, from, to] = /^(.+):([\d.]+):([\d.]+)$/s.exec(part) ?? [];
    return name === undefined ? [] : [{ name, from: Number(from), to: Number(to) }];
  });
}

export function spansText(spans: readonly Span[]): string {
  return spans.map(({ name, from, to }) => `${name}:${Number(from.toFixed(4))}:${Number(to.toFixed(4))}`).join('~');
}

/** Whether a trial lies in all spans. */
export function isWithin(trial: PlotTrial, spans: readonly Span[], axes: readonly Dimension[]): boolean {
  return spans.every(({ name, from, to }) => {
    const axis = axes.find((each) => each.name === name);
    if (axis === undefined) return true;
    const share = shareOf(axis, trial);
    return share !== null && share >= from - 1e-9 && share <= to + 1e-9;
  });
}

export function ParallelCoordinates({ results }: { readonly results: SpacePoints }): JSX.Element {
  const drag = useSignal<{ readonly axis: Dimension; readonly start: number; readonly end: number } | null>(null);
  const { sweep } = results;
  const shown = results.trials.filter(({ objective }) => objective !== null);
  const axes = [...dimensionsOf(shown), dimension(sweep.objective.metric, ({ objective }) => objective, shown)];
  const kept = spansIn(place.value.query.get('spans'));
  const spans = drag.value === null ? kept : [...kept.filter(({ name }) => name !== drag.value?.axis.name), spanOf(drag.value)];
  const inside = shown.filter((trial) => isWithin(trial, spans, axes));
  const within = new Set(inside);
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
    choose(Math.abs(value.start - value.end) < 0.02 ? others : [...others, spanOf(value)]);
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
        }}
        draw={(width, colours) => {
          const line = (trial: PlotTrial): string => axes.map((axis, index) => [xOf(index, width), yOf(shareOf(axis, trial) ?? 0)] as const).map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
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
    </>
  );
}

function spanOf({ axis, start, end }: { readonly axis: Dimension; readonly start: number; readonly end: number }): Span {
  return { name: axis.name, from: Math.min(start, end), to: Math.max(start, end) };
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
      {marksOf(axis).map(({ share, text: label }) => (
        <g key={share}>
          <line x1={x - 3} x2={x + 3} y1={yOf(share)} y2={yOf(share)} stroke={muted} />
          <text x={x + off} y={yOf(share) + 4} fill={text} stroke={surface} stroke-width="3" paint-order="stroke" text-anchor={anchor} font-size="11">
            {fitted(label, SIDE_PX + 10)}
          </text>
        </g>
      ))}
      {span !== undefined && <rect x={x - 6} width={12} y={yOf(span.to)} height={Math.max(2, yOf(span.from) - yOf(span.to))} fill={accent} fill-opacity="0.35" stroke={accent} />}
    </g>
  );
}

interface SpanFormProps {
  readonly axes: readonly Dimension[];
  readonly spans: readonly Span[];
  readonly onChange: (spans: readonly Span[]) => void;
}

/** The same without a pointer. */
function SpanForm({ axes, spans, onChange }: SpanFormProps): JSX.Element {
  const unused = axes.filter(({ name, categories }) => categories === null && !spans.some((span) => span.name === name));
  return (
    <div class="toolbar spaced">
      {spans.map((span) => {
        const axis = axes.find(({ name }) => name === span.name);
        const change = (next: Partial<Span>): void => onChange(spans.map((each) => (each === span ? { ...each, ...next } : each)));
        if (axis === undefined) return null;
        const ends = axis.categories === null ? ([['from', 'at least'], ['to', 'at most']] as const) : [];
        return (
          <span class="chip" key={span.name}>
            {span.name.slice(0, 60)}
            {ends.map(([end, label]) => (
              <input key={end} type="number" step="any" aria-label={`${span.name} ${label}`} value={Number(numberAt(axis, span[end]).toPrecision(4))} onChange={(event) => change({ [end]: Math.min(1, Math.max(0, shareOfNumber(axis, event.currentTarget.valueAsNumber))) || 0 })} />
            ))}
            <button type="button" class="plain" aria-label={`Take away the span of ${span.name}`} onClick={() => onChange(spans.filter((each) => each !== span))}>
              ×
            </button>
          </span>
        );
      })}
      {unused.length > 0 && (
        <select
          aria-label="Add a span"
          value=""
          onChange={(event) => {
            if (event.currentTarget.value !== '') onChange([...spans, { name: event.currentTarget.value, from: 0, to: 1 }]);
          }}
        >
          <option value="">Add a span…</option>
          {unused.map(({ name }) => (
            <option key={name} value={name}>
              {name.slice(0, 80)}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function cellOf(axis: Dimension, trial: PlotTrial): string | number | null {
  const value = axis.of(trial);
  return value === null || typeof value === 'number' ? value : setting(value);
}

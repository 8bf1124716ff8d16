/** uPlot, in a chunk of its own that is fetched when the first chart comes into sight. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { loneValues, type ChartAxis, type ChartSpec } from './chart-spec.js';
import { seriesColour, token } from './colours.js';
import { tickText, timeTexts } from './ticks.js';

const HEIGHT_PX = 280;
/** Of more lines none has a point under the pointer: each would be an element of the document. */
const MOST_POINTS_AT_CURSOR = 300;
const MOST_TO_STEP_BACK = 1_000;

export interface PlotHooks {
  /** Told the index into `xs` under the pointer, and which series is nearest; null where there is none. */
  readonly onHover: (index: number | null, series: number | null) => void;
}

export interface Plot {
  readonly update: (spec: ChartSpec) => void;
  readonly resize: (width: number) => void;
  readonly destroy: () => void;
}

/** Draws into `element`; colours are those of the present theme. */
export function plot(element: HTMLElement, spec: ChartSpec, hooks: PlotHooks): Plot {
  const chart = new uPlot(optionsOf(element, spec, hooks), dataOf(spec), element);
  return {
    update: (next) => {
      const [xs] = chart.data;
      const { min, max } = chart.scales.x ?? {};
      // What the viewer has zoomed into stays in sight while numbers come.
      const isZoomed = min !== undefined && max !== undefined && (min > (xs[0] ?? min) || max < (xs.at(-1) ?? max));
      chart.batch(() => {
        chart.setData(dataOf(next), !isZoomed);
        if (isZoomed) chart.setScale('x', { min, max });
      });
    },
    resize: (width) => chart.setSize({ width, height: HEIGHT_PX }),
    destroy: () => chart.destroy(),
  };
}

function dataOf({ xs, series, y }: ChartSpec): uPlot.AlignedData {
  // Of a logarithmic axis: what has no place on it.
  const usable = (value: number | null): number | null => (value === null || (y.log === true && value <= 0) ? null : value);
  return [[...xs], ...series.map(({ values }) => values.map(usable))];
}

function optionsOf(element: HTMLElement, spec: ChartSpec, hooks: PlotHooks): uPlot.Options {
  const steps = uPlot.paths.stepped?.({ align: 1 });
  // Each is asked of the document's styles, and there are thousands of lines.
  const strokes = new Map([...new Set(spec.series.map(({ colour }) => colour))].map((colour) => [colour, seriesColour(colour)]));
  return {
    width: Math.max(200, element.clientWidth),
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { points: { size: 7, ...(spec.series.length > MOST_POINTS_AT_CURSOR ? { show: false } : {}) }, focus: { prox: spec.series.length > 2 ? 24 : -1 }, drag: { x: true, y: false } },
    scales: { x: { time: spec.x.time === true, distr: distributionOf(spec.x) }, y: { distr: distributionOf(spec.y) } },
    axes: [axisOf(spec.x, spec.x.time === true ? 46 : 34), axisOf(spec.y, widthOf)],
    series: [
      { label: spec.x.label },
      ...spec.series.map(({ label, colour, kind, spansGaps = kind === 'step' }): uPlot.Series => {
        const stroke = strokes.get(colour) ?? '';
        const shared = { label, stroke, width: 1.6, spanGaps: spansGaps, pxAlign: 0 };
        const points = { show: true, size: 5, fill: stroke, width: 0 };
        if (kind === 'points') return { ...shared, paths: () => null, points };
        const lone = (chart: uPlot, index: number): number[] => loneValues({ label, colour, kind, spansGaps, values: chart.data[index] as (number | null)[] });
        return { ...shared, points: { ...points, filter: lone }, ...(kind === 'step' && steps !== undefined ? { paths: steps } : {}) };
      }),
    ],
    // What is not under the pointer steps back, where there are several lines: all are drawn anew for it.
    focus: { alpha: spec.series.length > 2 && spec.series.length <= MOST_TO_STEP_BACK ? 0.25 : 1 },
    hooks: {
      setCursor: [(chart) => hooks.onHover(chart.cursor.idx ?? null, focused(chart))],
      setSeries: [(chart) => hooks.onHover(chart.cursor.idx ?? null, focused(chart))],
    },
  };
}

/** Of the spec, from 0. */
function focused({ series }: uPlot): number | null {
  if (series.length <= 2) return series.length === 2 ? 0 : null;
  const shown = series.slice(1);
  const chosen = shown.filter(({ _focus }: FocusedSeries) => _focus === true);
  return chosen.length === 1 ? shown.indexOf(chosen[0]!) : null;
}

/** What uPlot notes on a series and its types leave out. */
type FocusedSeries = uPlot.Series & { readonly _focus?: boolean | null };

/** By uPlot's numbers: its enumeration is there for the compiler alone. */
function distributionOf({ log }: ChartAxis): uPlot.Scale.Distr {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- see above
  return log === true ? 3 : 1;
}

const WHOLE_STEPS = [1, 2, 5].flatMap((step) => [0, 1, 2, 3, 4, 5, 6].map((power) => step * 10 ** power)).sort((a, b) => a - b);

function axisOf({ label, log, time, whole }: ChartAxis, size: NonNullable<uPlot.Axis['size']>): uPlot.Axis {
  const colour = token('--muted');
  const grid = { stroke: token('--grid'), width: 1 };
  const font = `12px ${token('--font')}`;
  const texts: uPlot.Axis = time === true ? { space: (_chart, _axis, least, most) => (most - least < TENTHS_BELOW_S ? 96 : 72), values: (_, splits) => timeTexts(splits) } : log === true ? {} : { values: (_, splits) => splits.map(tickText) };
  return { label, labelSize: 22, labelFont: font, font, size, stroke: colour, grid, ticks: grid, ...(whole === true ? { incrs: WHOLE_STEPS } : {}), ...texts };
}

/** A span of time whose marks may be closer than a second: their texts are longer. */
const TENTHS_BELOW_S = 20;

/** Ticks and the gap behind them, beside the widest text. */
const BESIDE_TEXT_PX = 18;

/** In px, of the axis at the side: its widest text must not run into the label. */
function widthOf(chart: uPlot, texts: readonly string[] | null): number {
  // Its context draws in pixels of the device.
  chart.ctx.font = `${12 * devicePixelRatio}px ${token('--font')}`;
  const widest = Math.max(0, ...(texts ?? []).map((text) => chart.ctx.measureText(text).width / devicePixelRatio));
  return Math.ceil(widest) + BESIDE_TEXT_PX;
}

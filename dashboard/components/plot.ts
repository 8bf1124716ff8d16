/** uPlot, in a chunk of its own that is fetched when the first chart comes into sight. */
// First: uPlot fails in a language that is none.
import './usable-language.js';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { dashesOf, loneValues, usable, type ChartAxis, type ChartSpec } from './chart-spec.js';
import { seriesColour, token } from './colours.js';
import { LineLayer } from './line-layer.js';
import { powers, tickText, timeSteps, timeTexts } from './ticks.js';

const HEIGHT_PX = 280;
/** Of more lines the picture is a layer's. */
const MOST_SERIES = 300;

export interface PlotHooks {
  /** Told the index into `xs` under the pointer, and which series is nearest; null where there is none. */
  readonly onHover: (index: number | null, series: number | null) => void;
}

/** Of the x axis, from where to where is shown. */
export type Zoom = readonly [number, number];

export interface Plot {
  /** What the viewer has zoomed into; null for all. */
  readonly zoom: () => Zoom | null;
  readonly update: (spec: ChartSpec) => void;
  readonly resize: (width: number) => void;
  readonly destroy: () => void;
}

/** Draws into `element`; colours are those of the present theme. `zoomed`: of a chart that stood in its place. */
export function plot(element: HTMLElement, spec: ChartSpec, zoomed: Zoom | null, hooks: PlotHooks): Plot {
  const layer = spec.series.length > MOST_SERIES ? new LineLayer(spec, { surface: token('--surface'), series: seriesColour }) : null;
  const frame = frameOf(element, spec);
  const chart = new uPlot({ ...frame, ...(layer === null ? seriesOf(spec, hooks) : layerOf(layer, hooks)) }, layer?.data() ?? dataOf(spec), element);
  const zoomTo = ([min, max]: Zoom): void => chart.setScale('x', { min, max });
  if (zoomed !== null) zoomTo(zoomed);
  const zoom = (): Zoom | null => {
    const [xs] = chart.data;
    const { min, max } = chart.scales.x ?? {};
    return min !== undefined && max !== undefined && (min > (xs[0] ?? min) || max < (xs.at(-1) ?? max)) ? [min, max] : null;
  };
  return {
    zoom,
    update: (next) => {
      layer?.update(next);
      // What the viewer has zoomed into stays in sight while numbers come.
      const kept = zoom();
      chart.batch(() => {
        chart.setData(layer?.data() ?? dataOf(next), kept === null);
        if (kept !== null) zoomTo(kept);
      });
    },
    resize: (width) => chart.setSize({ width, height: HEIGHT_PX }),
    destroy: () => chart.destroy(),
  };
}

function dataOf({ xs, series, y }: ChartSpec): uPlot.AlignedData {
  return [[...xs], ...drawnOrder(series).map((each) => [...usable(each, y).values])];
}

/** The first series of a spec lies above the others: uPlot draws it last. */
function drawnOrder<Each>(series: readonly Each[]): Each[] {
  return series.toReversed();
}

function frameOf(element: HTMLElement, { x, y }: ChartSpec): Omit<uPlot.Options, 'series'> {
  return {
    width: Math.max(200, element.clientWidth),
    height: HEIGHT_PX,
    legend: { show: false },
    scales: { x: { time: x.time === true, distr: distributionOf(x), ...(x.whole === true ? { range: wholeRange } : {}) }, y: y.log === true ? { distr: distributionOf(y), range: powersRange } : { distr: distributionOf(y) } },
    axes: [axisOf(x, x.time === true ? 46 : 34), axisOf(y, widthOf)],
  };
}

type Drawn = Pick<uPlot.Options, 'cursor' | 'focus' | 'hooks' | 'series'>;

/** Told apart by no eye. */
const TIE_PX = 1e-6;
const DRAG = { x: true, y: false };

/** Each line as a series of uPlot's own. */
function seriesOf({ x, series }: ChartSpec, hooks: PlotHooks): Drawn {
  const steps = uPlot.paths.stepped?.({ align: 1 });
  const told = (chart: uPlot): void => hooks.onHover(chart.cursor.idx ?? null, focused(chart));
  return {
    // Of lines that lie on each other the one that lies above is named.
    cursor: { points: { size: 7 }, focus: { prox: series.length > 2 ? 24 : -1, dist: (chart, index, _at, y, pointer) => Math.abs(y - pointer) + (chart.series.length - index) * TIE_PX }, drag: DRAG },
    series: [
      { label: x.label },
      ...drawnOrder(series).map(({ label, colour, kind, spansGaps = kind === 'step' }): uPlot.Series => {
        const stroke = seriesColour(colour);
        const shared = { label, stroke, width: 1.6, dash: [...dashesOf({ colour })], spanGaps: spansGaps, pxAlign: 0 };
        const points = { show: true, size: 5, fill: stroke, width: 0 };
        if (kind === 'points') return { ...shared, paths: () => null, points };
        const lone = (chart: uPlot, index: number): number[] => loneValues({ label, colour, kind, spansGaps, values: chart.data[index] as (number | null)[] });
        return { ...shared, points: { ...points, filter: lone }, ...(kind === 'step' && steps !== undefined ? { paths: steps } : {}) };
      }),
    ],
    // What is not under the pointer steps back, where there are several lines: all are drawn anew for it.
    focus: { alpha: series.length > 2 ? 0.25 : 1 },
    hooks: { setCursor: [told], setSeries: [told] },
  };
}

/** The lines of a layer; uPlot has what its scales need. */
function layerOf(layer: LineLayer, hooks: PlotHooks): Drawn {
  const told = (chart: uPlot): void => {
    const nearest = layer.hover(chart);
    hooks.onHover(nearest?.index ?? chart.cursor.idx ?? null, nearest?.line ?? null);
  };
  const unseen: uPlot.Series = { paths: () => null, points: { show: false } };
  return {
    cursor: { points: { show: false }, drag: DRAG },
    series: [{}, unseen, unseen],
    hooks: {
      draw: [
        (chart) => {
          layer.draw(chart);
          // uPlot tells of its cursor only where a scale has changed.
          told(chart);
        },
      ],
      setCursor: [told],
    },
  };
}

/** Of the spec, from 0. */
function focused({ series }: uPlot): number | null {
  if (series.length <= 2) return series.length === 2 ? 0 : null;
  const shown = drawnOrder(series.slice(1));
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
  const texts: uPlot.Axis = time === true ? ofTime : log === true ? ofPowers : { values: (_, splits) => splits.map(tickText) };
  return { label, labelSize: 22, labelFont: font, font, size, stroke: colour, grid, ticks: grid, ...(whole === true ? { incrs: WHOLE_STEPS } : {}), ...texts };
}

/** Marks that are as far apart as their texts are wide. */
const ofTime: uPlot.Axis = {
  space: (chart, _axis, least, most, px) => widestPx(chart, timeTexts(timeSteps(least, most, Math.max(2, px / CLOSEST_TIMES_PX))).flatMap((text) => text.split('\n'))) + GAP_PX,
  splits: (chart, _axis, least, most, _step, space) => timeSteps(least, most, Math.max(1, chart.bbox.width / devicePixelRatio / space)),
  values: (_, splits) => timeTexts(splits),
};

/** Of the times whose texts are measured, which may be longer than those that are drawn, never shorter. */
const CLOSEST_TIMES_PX = 60;
const GAP_PX = 14;

/** A lone number, such as a trial's only epoch, stands in the middle; uPlot's own range goes on to 100. */
const wholeRange: uPlot.Range.Function = ({ data: [xs] }, least, most) => {
  const [only] = xs;
  return only !== undefined && xs.length === 1 ? [only - 0.5, only + 0.5] : [least, most];
};

/** What is drawn and a little more: uPlot's own range goes on to the next powers of ten, which may be far. */
const powersRange: uPlot.Range.Function = (_, least, most) => (least > 0 ? [least / BEYOND, most * BEYOND] : [1, 10]);
const BEYOND = 1.06;

/** uPlot's own leave out most of what lies between two powers of ten. */
const ofPowers: uPlot.Axis = {
  splits: (_chart, _axis, least, most) => powers(least, most),
  filter: (_, splits) => splits,
  values: (_, splits) => splits.map(tickText),
};

/** Ticks and the gap behind them, beside the widest text. */
const BESIDE_TEXT_PX = 18;

/** In px, of the axis at the side: its widest text must not run into the label. */
function widthOf(chart: uPlot, texts: readonly string[] | null): number {
  return Math.ceil(widestPx(chart, texts ?? [])) + BESIDE_TEXT_PX;
}

/** In px, of texts beside the axes. */
function widestPx({ ctx }: uPlot, texts: readonly string[]): number {
  // Its context draws in pixels of the device.
  ctx.font = `${12 * devicePixelRatio}px ${token('--font')}`;
  return Math.max(0, ...texts.map((text) => ctx.measureText(text).width / devicePixelRatio));
}

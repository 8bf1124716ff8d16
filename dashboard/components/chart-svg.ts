/** A chart as an SVG document of its own, with its title, axes and legend: for exports. Pure. */
import { dashesOf, loneValues, MOST_IN_LEGEND, usable, type ChartAxis, type ChartSeries, type ChartSpec } from './chart-spec.js';
import { powers, steps, tickText, timeSteps, timeTexts } from './ticks.js';

export interface SvgColours {
  readonly background: string;
  readonly text: string;
  readonly grid: string;
  readonly series: (colour: number) => string;
}

const WIDTH = 960;
const HEIGHT = 540;
const LEFT = 84;
const RIGHT = 24;
const TOP = 48;
const BOTTOM = 64;
const LEGEND_LINE = 20;

interface Scale {
  readonly ticks: readonly number[];
  /** Where a value lies between the ends, from 0 to 1; null for what has no place on it. */
  readonly at: (value: number) => number | null;
}

export function chartSvg(spec: ChartSpec, colours: SvgColours): string {
  const named = spec.series.slice(0, MOST_IN_LEGEND);
  const unnamed = spec.series.length - named.length;
  const legendLines = Math.ceil(named.length / 3) + (unnamed > 0 ? 1 : 0);
  const height = HEIGHT + legendLines * LEGEND_LINE;
  const x = scaleOf(spec.xs, spec.x);
  const series = spec.series.map((each) => usable(each, spec.y));
  const y = scaleOf(series.flatMap(({ values }) => values.filter((value) => value !== null)), spec.y);
  const px = (value: number): number | null => placed(x.at(value), LEFT, WIDTH - RIGHT);
  const py = (value: number): number | null => placed(y.at(value), HEIGHT - BOTTOM, TOP);
  const xTexts = spec.x.time === true ? timeTexts(x.ticks) : x.ticks.map(tickText);
  const parts = [
    `<rect width="${WIDTH}" height="${height}" fill="${colours.background}"/>`,
    text(LEFT, 28, spec.title, colours.text, 'font-size="17" font-weight="600"'),
    ...y.ticks.map((tick) => line(LEFT, py(tick) ?? 0, WIDTH - RIGHT, py(tick) ?? 0, colours.grid) + text(LEFT - 8, (py(tick) ?? 0) + 4, tickText(tick), colours.text, 'text-anchor="end" font-size="12"')),
    ...x.ticks.map((tick, index) => line(px(tick) ?? 0, TOP, px(tick) ?? 0, HEIGHT - BOTTOM, colours.grid) + (xTexts[index] ?? '').split('\n').map((part, row) => text(px(tick) ?? 0, HEIGHT - BOTTOM + 18 + row * 14, part, colours.text, 'text-anchor="middle" font-size="12"')).join('')),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18, spec.x.label, colours.text, 'text-anchor="middle" font-size="13"'),
    `<text transform="translate(20 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" fill="${colours.text}" text-anchor="middle" font-size="13">${escaped(spec.y.label)}</text>`,
    // The first of the legend lies above all.
    ...series.map((each) => drawn(each, spec.xs, px, py, colours.series(each.colour))).reverse(),
    ...named.map((each, index) => legendEntry(each, index, colours)),
    unnamed > 0 ? text(LEFT, HEIGHT + Math.ceil(named.length / 3) * LEGEND_LINE + 3, `and ${unnamed} more`, colours.text, 'font-size="12"') : '',
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif">${parts.join('')}</svg>\n`;
}

function placed(share: number | null, from: number, to: number): number | null {
  return share === null ? null : Math.round((from + share * (to - from)) * 10) / 10;
}

function scaleOf(values: readonly number[], axis: ChartAxis): Scale {
  const drawnValues = values.filter((value) => Number.isFinite(value) && (axis.log !== true || value > 0)).map((value) => (axis.log === true ? Math.log10(value) : value));
  let [least, most] = drawnValues.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  if (drawnValues.length === 0) [least, most] = [0, 1];
  if (least === most) [least, most] = [least - 0.5, most + 0.5];
  const at = (value: number): number | null => {
    if (axis.log === true && value <= 0) return null;
    return ((axis.log === true ? Math.log10(value) : value) - least) / (most - least);
  };
  const ticks = axis.log === true ? powers(10 ** least, 10 ** most) : axis.time === true ? timeSteps(least, most) : steps(least, most, { closest: axis.whole === true ? 1 : 0 });
  return { ticks, at };
}

type Place = (value: number) => number | null;

function drawn(series: ChartSeries, xs: readonly number[], px: Place, py: Place, colour: string): string {
  const { kind, values, spansGaps = kind === 'step' } = series;
  const points = values.map((value, index): readonly [number, number] | null => {
    const [x, y] = [px(xs[index] ?? NaN), value === null ? null : py(value)];
    return x === null || y === null || Number.isNaN(x) ? null : [x, y];
  });
  const circles = (kind === 'points' ? points : loneValues(series).map((index) => points[index] ?? null)).map((point) => (point === null ? '' : `<circle cx="${point[0]}" cy="${point[1]}" r="2.5" fill="${colour}"/>`)).join('');
  if (kind === 'points') return circles;
  let path = '';
  let pen: readonly [number, number] | null = null;
  for (const point of points) {
    if (point === null) {
      if (!spansGaps) pen = null;
      continue;
    }
    path += pen === null ? `M${point[0]} ${point[1]}` : kind === 'step' ? `H${point[0]}V${point[1]}` : `L${point[0]} ${point[1]}`;
    pen = point;
  }
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.8"${dashed(series)}/>${circles}`;
}

function dashed(series: ChartSeries): string {
  const dashes = dashesOf(series);
  return dashes.length === 0 ? '' : ` stroke-dasharray="${dashes.join(' ')}"`;
}

function legendEntry(series: ChartSeries, index: number, colours: SvgColours): string {
  const { label, colour } = series;
  const x = LEFT + (index % 3) * ((WIDTH - LEFT - RIGHT) / 3);
  const y = HEIGHT + Math.floor(index / 3) * LEGEND_LINE;
  const shown = label.length > 40 ? `${label.slice(0, 39)}…` : label;
  return `<line x1="${x}" y1="${y - 2}" x2="${x + 16}" y2="${y - 2}" stroke="${colours.series(colour)}" stroke-width="4"${dashed(series)}/>${text(x + 22, y + 3, shown, colours.text, 'font-size="12"')}`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}"/>`;
}

function text(x: number, y: number, content: string, colour: string, attributes: string): string {
  return `<text x="${x}" y="${y}" fill="${colour}" ${attributes}>${escaped(content)}</text>`;
}

/** What XML does not know (control characters) is left out. */
function escaped(content: string): string {
  return content.replaceAll(/\p{Cc}/gu, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

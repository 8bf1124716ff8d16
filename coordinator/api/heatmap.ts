/** Any two hyperparameters against a metric. Pure. */
import type { Json } from '../../proto/work.js';
import type { TrialColumn } from './columns.js';
import type { HeatmapView } from './page-views.js';
import { textOf } from './select.js';
import type { TrialResult } from './trial-views.js';

export interface HeatmapQuery {
  readonly x: string;
  readonly y: string;
  readonly metric?: string | undefined;
  readonly aggregate: HeatmapView['aggregate'];
  readonly filter?: string | undefined;
}

/** More different numbers than this on an axis are put into as many equal bins. */
const MOST_VALUES = 40;

interface Axis {
  readonly labels: readonly (string | number)[];
  readonly placeOf: (value: Json) => number;
}

export function heatmapOf(trials: readonly TrialResult[], columns: { readonly x: TrialColumn; readonly y: TrialColumn; readonly of: TrialColumn }, { x, y, metric, aggregate }: HeatmapQuery & { readonly metric: string }): HeatmapView {
  const points = trials.flatMap((trial) => {
    const [at, up, value] = [columns.x.value(trial), columns.y.value(trial), columns.of.value(trial)];
    return at === null || up === null || typeof value !== 'number' ? [] : [{ at, up, value }];
  });
  const [xs, ys] = [axisOf(points.map(({ at }) => at)), axisOf(points.map(({ up }) => up))];
  const values = ys.labels.map(() => xs.labels.map((): number[] => []));
  for (const { at, up, value } of points) values[ys.placeOf(up)]?.[xs.placeOf(at)]?.push(value);
  const sum = (cell: readonly number[]): number => {
    if (aggregate === 'count') return cell.length;
    if (aggregate === 'mean') return cell.reduce((total, value) => total + value, 0) / cell.length;
    return cell.reduce((best, value) => (columns.of.best === 'high' ? Math.max(best, value) : Math.min(best, value)));
  };
  return { x, y, metric, aggregate, xs: xs.labels, ys: ys.labels, of: points.length, cells: values.map((row) => row.map((cell) => (cell.length === 0 ? null : { value: sum(cell), trials: cell.length }))) };
}

function axisOf(values: readonly Json[]): Axis {
  const numbers = values.filter((value) => typeof value === 'number');
  const different = [...new Set(numbers)].sort((a, b) => a - b);
  if (numbers.length === values.length && different.length > MOST_VALUES) return binned(different[0] ?? 0, different.at(-1) ?? 0);
  if (numbers.length === values.length) return listed(different);
  const texts = [...new Set(values.map(textOf))].sort((a, b) => a.localeCompare(b, 'en')).slice(0, MOST_VALUES);
  return listed(texts);
}

function listed(labels: readonly (string | number)[]): Axis {
  const places = new Map(labels.map((label, place) => [label, place]));
  return { labels, placeOf: (value) => places.get(typeof value === 'number' ? value : textOf(value)) ?? -1 };
}

/** Of what spans several powers of ten, in equal steps of the logarithm: rates are drawn so. */
function binned(least: number, most: number): Axis {
  const isLog = least > 0 && most / least >= 100;
  const [to, from] = isLog ? [Math.log, Math.exp] : [(value: number) => value, (value: number) => value];
  const step = (to(most) - to(least)) / MOST_VALUES;
  const labels = Array.from({ length: MOST_VALUES }, (_, bin) => Number(from(to(least) + (bin + 0.5) * step).toPrecision(4)));
  return { labels, placeOf: (value) => Math.min(MOST_VALUES - 1, Math.floor((to(Number(value)) - to(least)) / step)) };
}

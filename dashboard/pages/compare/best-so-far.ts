/** Sweeps along one axis, whenever each of them ran. Pure. */
import type { Answers } from '../../api/types.js';

type Series = Answers['GET /sweeps/:sweep/series'];
type Point = Series['points'][number];

/** Of a sweep's completed trials, evenly taken; each that was the best so far is there always. */
export const POINTS = 2_000;

export interface SweepSeries {
  /** When the sweep was made. */
  readonly beganAt: string;
  readonly series: Series;
}

export interface BestSoFar {
  /** Of the axis of time. */
  readonly unit: 's' | 'min' | 'h';
  /** Ascending. */
  readonly xs: readonly number[];
  /** Of each sweep, at each x: the value that became the best there, and at its last completed trial the best of all; null elsewhere. */
  readonly lines: readonly (readonly (number | null)[])[];
}

const UNITS = [['h', 7_200, 3_600], ['min', 120, 60], ['s', 0, 1]] as const;

/** `axis`: seconds, minutes or hours since each sweep was made, whichever fits the longest, or how many of its trials had completed. */
export function bestSoFar(sweeps: readonly SweepSeries[], axis: 'time' | 'trials'): BestSoFar {
  const seconds = ({ beganAt }: SweepSeries, at: string): number => (Date.parse(at) - Date.parse(beganAt)) / 1_000;
  const longest = Math.max(0, ...sweeps.flatMap((sweep) => [...sweep.series.points, ...sweep.series.best].map(({ at }) => seconds(sweep, at))));
  const [unit, , divisor] = UNITS.find(([, least]) => longest >= least) ?? UNITS[2];
  const marks = sweeps.map((sweep) => {
    const { points, best } = sweep.series;
    const placeOf = places(sweep.series);
    const xOf = (point: Point): number => (axis === 'time' ? seconds(sweep, point.at) / divisor : placeOf(point));
    const line = new Map(best.map((point) => [xOf(point), point.value]));
    const last = [...points, ...best].sort(inTime).at(-1);
    const top = best.at(-1);
    if (last !== undefined && top !== undefined) line.set(xOf(last), top.value);
    return line;
  });
  const xs = [...new Set(marks.flatMap((line) => [...line.keys()]))].sort((a, b) => a - b);
  return { unit, xs, lines: marks.map((line) => xs.map((x) => line.get(x) ?? null)) };
}

function inTime(a: Point, b: Point): number {
  return Date.parse(a.at) - Date.parse(b.at) || a.number - b.number;
}

/** How many trials had completed with a point, itself included; of one that an even sample lacks, midway between its neighbours there. */
function places({ points, of }: Series): (point: Point) => number {
  const sample = points.toSorted(inTime);
  const placeAt = (index: number): number => (sample.length < 2 ? of : 1 + (Math.max(0, Math.min(sample.length - 1, index)) * (of - 1)) / (sample.length - 1));
  const known = new Map(sample.map(({ id }, index) => [id, placeAt(index)]));
  return (point) => Math.round(known.get(point.id) ?? placeAt(sample.filter((other) => inTime(other, point) < 0).length - 0.5));
}

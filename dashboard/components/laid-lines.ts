/** Lines as they lie on a drawing, and which of thousands is under the pointer. Pure. */
import type { ChartAxis, ChartSeries } from './chart-spec.js';

export interface LaidLine {
  /** x and y of one point after the other, in px; NaN twice where the line is broken. */
  readonly points: Float32Array;
  /** Of each point, the index into the chart's `xs` of its value. */
  readonly indexes: Int32Array;
}

/** Where values lie, in px; NaN for what has no place on a logarithmic axis. */
export interface Places {
  /** Of each of the chart's `xs`. */
  readonly xs: readonly number[];
  readonly y: (value: number) => number;
}

/** What no line leads to or from is a run of one point. */
export function laid({ values, kind, spansGaps = kind === 'step' }: ChartSeries, { xs, y }: Places): LaidLine {
  const points: number[] = [];
  const indexes: number[] = [];
  const add = (x: number, at: number, index: number): void => {
    points.push(x, at);
    indexes.push(index);
  };
  // Of the point before, in px; NaN where the line begins.
  let before = Number.NaN;
  const lift = (index: number): void => {
    if (!Number.isNaN(before)) add(Number.NaN, Number.NaN, index);
    before = Number.NaN;
  };
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? null;
    const at = value === null ? Number.NaN : y(value);
    if (kind === 'points' || (Number.isNaN(at) && !spansGaps)) lift(index);
    if (Number.isNaN(at)) continue;
    const x = xs[index] ?? Number.NaN;
    if (kind === 'step' && !Number.isNaN(before)) add(x, before, index);
    add(x, at, index);
    before = at;
  }
  return { points: Float32Array.from(points), indexes: Int32Array.from(indexes) };
}

/** The least and the greatest value at each x, over all series: what the vertical axis has to reach. */
export function envelope(series: readonly ChartSeries[], count: number, { log }: ChartAxis): readonly [(number | null)[], (number | null)[]] {
  const least: (number | null)[] = new Array<null>(count).fill(null);
  const most: (number | null)[] = new Array<null>(count).fill(null);
  for (const { values } of series) {
    for (let index = 0; index < count; index += 1) {
      const value = values[index] ?? null;
      if (value === null || (log === true && value <= 0)) continue;
      const [low, high] = [least[index] ?? null, most[index] ?? null];
      if (low === null || value < low) least[index] = value;
      if (high === null || value > high) most[index] = value;
    }
  }
  return [least, most];
}

export interface NearestLine {
  readonly line: number;
  /** Of its point nearest to the place, into the chart's `xs`. */
  readonly index: number;
}

/** The line that passes nearest above or below a place, or ends nearest to it; of equal ones the first. Null where none is within `most` px. */
export function nearestLine(lines: readonly LaidLine[], x: number, y: number, most: number): NearestLine | null {
  let found: number | null = null;
  let least = most;
  for (const [line, { points }] of lines.entries()) {
    const distance = distanceTo(points, x, y);
    if (distance < least || (found === null && distance <= most)) {
      found = line;
      least = distance;
    }
  }
  const nearest = lines[found ?? -1];
  return found === null || nearest === undefined ? null : { line: found, index: indexNear(nearest, x) };
}

/** In px: up or down to the line where it passes, else to the nearest of its points. Asked of thousands of lines at each move of the pointer. */
function distanceTo(points: Float32Array, x: number, y: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < points.length; at += 2) {
    const px = points[at] ?? Number.NaN;
    const py = points[at + 1] ?? Number.NaN;
    const nx = points[at + 2] ?? Number.NaN;
    const apart = px <= x && x <= nx ? upOrDown(y, py, points[at + 3] ?? Number.NaN, nx === px ? null : (x - px) / (nx - px)) : Math.hypot(px - x, py - y);
    if (apart < least) least = apart;
  }
  return least;
}

/** From `y` to a piece of a line from `from` to `to`, of which `share` lies before; null where it goes straight up or down. */
function upOrDown(y: number, from: number, to: number, share: number | null): number {
  if (share !== null) return Math.abs(from + (to - from) * share - y);
  return Math.max(0, Math.min(from, to) - y, y - Math.max(from, to));
}

function indexNear({ points, indexes }: LaidLine, x: number): number {
  const apart = (point: number): number => Math.abs((points[point * 2] ?? Number.NaN) - x);
  let nearest = 0;
  for (let point = 1; point < indexes.length; point += 1) if (apart(point) < apart(nearest)) nearest = point;
  return indexes[nearest] ?? 0;
}

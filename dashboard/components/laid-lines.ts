/** Lines as they lie on a drawing, and which of thousands is under the pointer. Pure. */
import type { ChartSeries } from './chart-spec.js';

export interface LaidLine {
  /** x and y of one point after the other, in px; NaN twice where the line is broken. */
  readonly points: Float32Array;
  /** Of each point, the index into the chart's `xs` of its value. */
  readonly indexes: Int32Array;
}

/** Where values lie, in px. */
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
export function envelope(series: readonly ChartSeries[], count: number): readonly [(number | null)[], (number | null)[]] {
  const least: (number | null)[] = new Array<null>(count).fill(null);
  const most: (number | null)[] = new Array<null>(count).fill(null);
  for (const { values } of series) {
    for (let index = 0; index < count; index += 1) {
      const value = values[index] ?? null;
      if (value === null) continue;
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

/** All in px. */
export interface Pointer {
  readonly x: number;
  readonly y: number;
  /** What is further away is not under it. */
  readonly reach: number;
  /** From where to where points are in sight; lines go on beside that. */
  readonly sight: readonly [number, number];
}

/** The line that passes nearest above or below the pointer, or ends nearest to it; of equal ones the first. Null where none is within its reach. */
export function nearestLine(lines: readonly LaidLine[], pointer: Pointer): NearestLine | null {
  let found: number | null = null;
  let least = pointer.reach;
  for (const [line, { points }] of lines.entries()) {
    const distance = distanceTo(points, { ...pointer, reach: least });
    if (distance < least || (found === null && distance <= least)) {
      found = line;
      least = distance;
    }
  }
  const nearest = lines[found ?? -1];
  return found === null || nearest === undefined ? null : { line: found, index: indexNear(nearest, pointer) };
}

/**
 * In px: up or down to the line where it passes, else to the nearest of its points in sight; infinite beyond the reach.
 * Asked of thousands of lines at each move of the pointer: nothing is looked at but what may be within the reach.
 */
function distanceTo(points: Float32Array, { x, y, reach, sight: [from, to] }: Pointer): number {
  let least = Number.POSITIVE_INFINITY;
  // The piece over x may begin at the point before.
  for (let at = Math.max(0, 2 * (firstFrom(points, x - reach) - 1)); at < points.length; at += 2) {
    const px = points[at] ?? Number.NaN;
    if (px > x + reach) break;
    const py = points[at + 1] ?? Number.NaN;
    const nx = points[at + 2] ?? Number.NaN;
    if (px <= x && x <= nx) least = Math.min(least, upOrDown(y, py, points[at + 3] ?? Number.NaN, nx === px ? null : (x - px) / (nx - px)));
    // Math.hypot takes ten times as long.
    else if (px >= from && px <= to) least = Math.min(least, Math.sqrt((px - x) ** 2 + (py - y) ** 2));
  }
  return least;
}

/** Which point is the first that lies no further left than x; how many there are where none is. Points go from left to right. */
function firstFrom(points: Float32Array, x: number): number {
  let [low, high] = [0, points.length / 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    const px = points[2 * middle] ?? Number.NaN;
    // A break lies where the point before it does: none comes first, and no two follow each other.
    if ((Number.isNaN(px) ? (points[2 * middle - 2] ?? Number.NaN) : px) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** From `y` to a piece of a line from `from` to `to`, of which `share` lies before; null where it goes straight up or down. */
function upOrDown(y: number, from: number, to: number, share: number | null): number {
  if (share !== null) return Math.abs(from + (to - from) * share - y);
  return Math.max(0, Math.min(from, to) - y, y - Math.max(from, to));
}

/** One in sight, where the line has any there. */
function indexNear({ points, indexes }: LaidLine, { x, sight: [from, to] }: Pointer): number {
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let point = 0; point < indexes.length; point += 1) {
    const px = points[point * 2] ?? Number.NaN;
    // Whatever is out of sight comes after all that is in sight.
    const apart = Math.abs(px - x) + (px < from || px > to ? to - from : 0);
    if (apart < least) [nearest, least] = [point, apart];
  }
  return indexes[nearest] ?? 0;
}

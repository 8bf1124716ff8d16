/**
 * Small finite spaces can be used up. Draws meet the last free points of one only by luck, so after a
 * few rejected draws for the same trial the points that no trial has are gone through one by one.
 */
import type { Point, Space } from '../space/dimension.js';
import { below, streamOf } from './random.js';
import { isActive, valueAt, valuesOf } from './unit.js';

/** A space of more points than this is taken to be endless. */
const MOST_POINTS = 20_000;
/** Proposals for one trial that are drawn before the rest of the space is listed. */
const DRAWS = 16;

/**
 * Proposals for one trial that may be turned down before the space is taken to have none left. In a finite
 * space that is every point; in an endless one a constraint that meets one setting in a thousand still gets
 * its trials.
 */
export const MOST_TURNED_DOWN = DRAWS + MOST_POINTS;

export class Unseen {
  readonly #space: Space;
  readonly #seed: number;
  /** Whether the space is small enough to be used up. */
  readonly finite: boolean;
  readonly #seen = new Map<string, number>();
  readonly #pointOf = new Map<number, string>();
  /** Free points in a seeded order, as long as nothing new is observed. */
  #free: Point[] | null = null;

  constructor(space: Space, seed: number) {
    this.#space = space;
    this.#seed = seed;
    this.finite = countPoints(space) <= MOST_POINTS;
  }

  observe(number: number, point: Point): void {
    if (!this.finite || number < 0) return;
    const key = point.join();
    const before = this.#pointOf.get(number);
    if (before === key) return;
    if (before !== undefined) this.#forget(before);
    this.#pointOf.set(number, key);
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1);
    this.#free = null;
  }

  /** Whether a trial has the point; always false in an endless space. */
  has(point: Point): boolean {
    return this.finite && this.#seen.has(point.join());
  }

  /** What `draw` gives, or, when it was turned down too often, the next free point; null when none is left. */
  propose(again: number, draw: () => Point): Point | null {
    if (!this.finite || again < DRAWS) return draw();
    this.#free ??= this.#listFree();
    return this.#free[again - DRAWS] ?? null;
  }

  #forget(key: string): void {
    const times = (this.#seen.get(key) ?? 1) - 1;
    if (times === 0) this.#seen.delete(key);
    else this.#seen.set(key, times);
  }

  #listFree(): Point[] {
    const free = [...pointsFrom(this.#space, [])].filter((point) => !this.#seen.has(point.join()));
    // Fisher and Yates, from the back; the seed alone decides, whatever was observed in which order.
    const generator = streamOf(this.#seed, free.length);
    for (let last = free.length - 1; last > 0; last -= 1) {
      const other = below(generator, last + 1);
      [free[last], free[other]] = [free[other]!, free[last]!];
    }
    return free;
  }
}

/** How many points a space has; Infinity where one of its dimensions is continuous. */
export function countPoints({ dimensions }: Space): number {
  const below = (decider: number, value: number): number =>
    dimensions.reduce((points, { when }, index) => (when?.dimension === decider && when.values.includes(value) ? points * at(index) : points), 1);
  const at = (index: number): number => {
    const dimension = dimensions[index]!;
    const decides = dimensions.some(({ when }) => when?.dimension === index);
    const values = valuesOf(dimension);
    if (!decides || !Number.isFinite(values)) return values;
    return Array.from({ length: values }, (_, nth) => below(index, valueAt(dimension, nth))).reduce((sum, points) => sum + points, 0);
  };
  return dimensions.reduce((points, { when }, index) => (when === null ? points * at(index) : points), 1);
}

/** All points of a finite space that begin with these coordinates. */
export function* pointsFrom(space: Space, begun: Point): Generator<Point> {
  const dimension = space.dimensions[begun.length];
  if (dimension === undefined) {
    yield begun;
    return;
  }
  if (!isActive(dimension, begun)) {
    yield* pointsFrom(space, [...begun, null]);
    return;
  }
  for (let index = 0; index < valuesOf(dimension); index += 1) yield* pointsFrom(space, [...begun, valueAt(dimension, index)]);
}

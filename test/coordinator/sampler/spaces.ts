/** Arbitrary search spaces, and what every point of one must satisfy. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Condition, Dimension, Point, Space } from '../../../coordinator/space/dimension.js';

type Plain = Dimension extends infer D ? (D extends Dimension ? Omit<D, 'name' | 'when'> : never) : never;

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
const plain: fc.Arbitrary<Plain> = fc.oneof(
  fc.record({ min: between(-1e3, 1e3), width: between(1e-3, 1e3) }).map(({ min, width }): Plain => ({ kind: 'float', min, max: min + width, log: false, step: null })),
  fc.record({ min: between(1e-8, 10), ratio: between(1.1, 1e6) }).map(({ min, ratio }): Plain => ({ kind: 'float', min, max: min * ratio, log: true, step: null })),
  fc.record({ min: between(-10, 10), step: between(0.01, 3), steps: fc.integer({ min: 1, max: 400 }) }).map(({ min, step, steps }): Plain => ({ kind: 'float', min, max: min + steps * step, log: false, step })),
  fc.record({ min: fc.integer({ min: -50, max: 50 }), width: fc.integer({ min: 0, max: 1000 }), step: fc.integer({ min: 1, max: 7 }) }).map(({ min, width, step }): Plain => ({ kind: 'int', min, max: min + width, log: false, step })),
  fc.record({ min: fc.integer({ min: 1, max: 50 }), width: fc.integer({ min: 0, max: 5000 }) }).map(({ min, width }): Plain => ({ kind: 'int', min, max: min + width, log: true, step: 1 })),
  fc.uniqueArray(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 6 }).map((values): Plain => ({ kind: 'ordered', values: values.toSorted((a, b) => a - b) })),
  fc.integer({ min: 1, max: 5 }).map((count): Plain => ({ kind: 'choice', count })),
);

/** One to six dimensions, each perhaps on a condition of an earlier one. */
export const spaces: fc.Arbitrary<Space> = fc
  .array(fc.record({ plain, wish: fc.option(fc.record({ dimension: fc.nat(), value: fc.nat() }), { nil: null }) }), { minLength: 1, maxLength: 6 })
  .map((drafts) => {
    const dimensions: Dimension[] = [];
    for (const draft of drafts) {
      const deciders = dimensions.map((dimension, index) => ({ dimension, index })).filter(({ dimension }) => dimension.kind === 'choice' || dimension.kind === 'ordered');
      const decider = draft.wish === null ? undefined : deciders[draft.wish.dimension % Math.max(1, deciders.length)];
      const when: Condition | null = decider === undefined || draft.wish === null ? null : { dimension: decider.index, values: [draft.wish.value % countOf(decider.dimension)] };
      dimensions.push({ ...draft.plain, name: `d${dimensions.length}`, when });
    }
    return { dimensions };
  });

function countOf(dimension: Dimension): number {
  return dimension.kind === 'choice' ? dimension.count : dimension.kind === 'ordered' ? dimension.values.length : 1;
}

export function assertInside(space: Space, point: Point): void {
  assert.equal(point.length, space.dimensions.length);
  space.dimensions.forEach((dimension, index) => {
    const coordinate = point[index] ?? null;
    const decider = dimension.when === null ? null : (point[dimension.when.dimension] ?? null);
    const exists = dimension.when === null || (decider !== null && dimension.when.values.includes(decider));
    assert.equal(coordinate !== null, exists, `${dimension.name} of ${JSON.stringify(point)}`);
    if (coordinate !== null) assertCoordinate(dimension, coordinate);
  });
}

function assertCoordinate(dimension: Dimension, coordinate: number): void {
  const said = `${coordinate} of ${JSON.stringify(dimension)}`;
  if (dimension.kind === 'choice' || dimension.kind === 'ordered') {
    assert.ok(Number.isInteger(coordinate) && coordinate >= 0 && coordinate < countOf(dimension), said);
    return;
  }
  // The last of min + k * step may lie above max by rounding.
  assert.ok(coordinate >= dimension.min && coordinate <= dimension.max + 1e-9 * (dimension.step ?? 0), said);
  if (dimension.kind === 'int') assert.ok(Number.isInteger(coordinate), said);
  if (dimension.step !== null) {
    const steps = Math.round((coordinate - dimension.min) / dimension.step);
    assert.equal(coordinate, dimension.min + steps * dimension.step, said);
  }
}

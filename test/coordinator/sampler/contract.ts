/** What every sampler promises, run on each of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Point, Space } from '../../../coordinator/space/dimension.js';
import type { Observation, Sampler } from '../../../coordinator/sampler/sampler.js';
import { MOST_TURNED_DOWN } from '../../../coordinator/sampler/unseen.js';
import { assertInside, spaces } from './spaces.js';

export type Make = (space: Space, seed: number) => Sampler;

export interface Limits {
  /** Random spaces to try. */
  readonly runs: number;
  /** Trials in each. */
  readonly trials: number;
}

const endings = fc.array(
  fc.record({
    state: fc.constantFrom<Observation['state']>('completed', 'completed', 'completed', 'pruned', 'failed', 'infeasible', 'pending'),
    value: fc.option(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { nil: null, freq: 12 }),
    shortfall: fc.constantFrom(0, 0, 0, 0.1, 2),
    epochs: fc.integer({ min: 1, max: 9 }),
  }),
  { minLength: 4, maxLength: 40 },
);
type Ending = Omit<Observation, 'number' | 'point'>;

function endOf(ending: Ending, number: number, point: Point): Observation {
  const counts = ending.state === 'completed' || ending.state === 'pruned';
  return { ...ending, number, point, value: counts ? ending.value : null };
}

const blank = { state: 'pending', value: null, shortfall: 0, epochs: 0 } as const;

/** Proposes trials, each observed as pending and, when the next one is proposed, as ended. */
function history(sampler: Sampler, endings: readonly Ending[]): Observation[] {
  const observations: Observation[] = [];
  endings.forEach((ending, number) => {
    const point = sampler.propose(number, 0);
    if (point === null) return;
    sampler.observe({ ...blank, number, point });
    const before = observations.at(-1);
    if (before !== undefined) sampler.observe(before);
    observations.push(endOf(ending, number, point));
  });
  const last = observations.at(-1);
  if (last !== undefined) sampler.observe(last);
  return observations;
}

export function samplerContract(name: string, make: Make, { runs, trials }: Limits): void {
  const arbitraries = [spaces, fc.integer(), endings] as const;

  describe(`${name}: what every sampler promises`, () => {
    test('every point lies in the space: bounds, steps and conditions', () => {
      fc.assert(
        fc.property(...arbitraries, (space, seed, ends) => {
          const sampler = make(space, seed);
          for (const { point } of history(sampler, ends.slice(0, trials))) assertInside(space, point);
          for (const again of [1, 2, 19]) {
            const point = sampler.propose(trials, again);
            if (point !== null) assertInside(space, point);
          }
        }),
        { numRuns: runs },
      );
    });

    test('a sampler that is told everything again, in whatever order, proposes the same', () => {
      fc.assert(
        fc.property(...arbitraries, fc.boolean(), (space, seed, ends, backwards) => {
          const sampler = make(space, seed);
          const observations = history(sampler, ends.slice(0, trials));
          const rebuilt = make(space, seed);
          for (const observation of backwards ? observations.toReversed() : observations) rebuilt.observe(observation);
          for (const again of [0, 1, 17]) {
            assert.deepEqual(rebuilt.propose(observations.length, again), sampler.propose(observations.length, again));
          }
          assert.deepEqual(rebuilt.propose(observations.length, 0), sampler.propose(observations.length, 0), 'asking changes nothing');
        }),
        { numRuns: runs },
      );
    });

    test('simultaneous proposals differ', () => {
      const space: Space = { dimensions: [{ kind: 'float', name: 'x', when: null, min: 0, max: 1, log: false, step: null }, { kind: 'choice', name: 'c', when: null, count: 2 }] };
      const sampler = make(space, 1);
      for (let number = 0; number < 12; number += 1) sampler.observe({ number, point: [number / 12, number % 2], state: 'completed', value: number, shortfall: 0, epochs: 1 });
      const unseen = [12, 13, 14].map((number) => JSON.stringify(sampler.propose(number, 0)));
      assert.equal(new Set(unseen).size, 3, 'without an observation between them');
      const pending = [12, 13, 14].map((number) => {
        const point = sampler.propose(number, 0) ?? [];
        sampler.observe({ ...blank, number, point });
        return JSON.stringify(point);
      });
      assert.equal(new Set(pending).size, 3, 'each observed as pending');
      assert.notDeepEqual(sampler.propose(15, 1), sampler.propose(15, 0), 'asked again');
    });

    test('sixteen slots get sixteen trials at once, in a space with conditions too', () => {
      const sampler = make(branching, 4);
      for (let number = 0; number < 24; number += 1) sampler.observe(ended(number, branchingPoint(number)));
      const points = proposed(sampler, 24, 16);
      assert.equal(new Set(points.map((point) => point.join())).size, 16);
      for (const point of points) assertInside(branching, point);
    });

    test('a failed trial says nothing: what is proposed is what would be without it', () => {
      const [told, untold] = [make(branching, 5), make(branching, 5)];
      for (let number = 0; number < 24; number += 1) {
        const failed = number % 5 === 2;
        const observation = ended(number, branchingPoint(number));
        told.observe(failed ? { ...observation, state: 'failed', value: null } : observation);
        if (!failed) untold.observe(observation);
      }
      assert.deepEqual(told.propose(24, 0), untold.propose(24, 0));
    });

    test('where a constraint rejects what is best, points that meet it are proposed', () => {
      const space: Space = { dimensions: [{ kind: 'float', name: 'x', when: null, min: 0, max: 1, log: false, step: null }, { kind: 'float', name: 'y', when: null, min: 0, max: 1, log: false, step: null }] };
      const sampler = make(space, 1);
      for (let number = 0; number < 30; number += 1) {
        // The least is at (1, 1), and one point in twelve is allowed, all of them far away.
        const point = nextWhere(sampler, number, ([x, y]) => (x ?? 1) + (y ?? 1) < 0.4);
        assert.ok(point !== null, `trial ${number}`);
        sampler.observe({ number, point, state: 'completed', value: -(point[0] ?? 0) - (point[1] ?? 0), shortfall: 0, epochs: 1 });
      }
    });

    test('another seed proposes other points', () => {
      const space: Space = { dimensions: [{ kind: 'float', name: 'x', when: null, min: 0, max: 1, log: false, step: null }] };
      assert.notDeepEqual(make(space, 1).propose(0, 0), make(space, 2).propose(0, 0));
    });

    test('a small space is used up point by point, and then there is none', () => {
      const space: Space = {
        dimensions: [
          { kind: 'choice', name: 'c', when: null, count: 2 },
          { kind: 'int', name: 'k', when: { dimension: 0, values: [1] }, min: 1, max: 9, log: false, step: 2 },
        ],
      };
      const sampler = make(space, 3);
      const met = new Set<string>();
      for (let number = 0; number < 6; number += 1) {
        const point = nextFree(sampler, number, met);
        assert.ok(point !== null, `after ${met.size} points`);
        met.add(point.join());
        sampler.observe({ number, point, state: 'completed', value: number, shortfall: 0, epochs: 1 });
      }
      assert.deepEqual([...met].sort(), ['0,', '1,1', '1,3', '1,5', '1,7', '1,9']);
      assert.equal(nextFree(sampler, 6, met), null);
    });
  });
}

/** x everywhere, y where the choice is 1. */
const branching: Space = {
  dimensions: [
    { kind: 'float', name: 'x', when: null, min: 0, max: 1, log: false, step: null },
    { kind: 'choice', name: 'c', when: null, count: 2 },
    { kind: 'float', name: 'y', when: { dimension: 1, values: [1] }, min: 0, max: 1, log: false, step: null },
  ],
};

/** Spread over the space: x by the golden ratio, y by another irrational. */
function branchingPoint(number: number): Point {
  const c = number % 2;
  return [(number * 0.618034) % 1, c, c === 0 ? null : (number * 0.414214) % 1];
}

/** Least at c = 1 and y = 0.8, whatever x is. */
function ended(number: number, point: Point): Observation {
  const [x = 0, , y] = point;
  return { number, point, state: 'completed', value: y === null || y === undefined ? 0.5 : (y - 0.8) ** 2 + 0.01 * (x ?? 0), shortfall: 0, epochs: 9 };
}

/** So many proposals, each observed as pending. */
function proposed(sampler: Sampler, from: number, count: number): Point[] {
  return Array.from({ length: count }, (_, nth) => {
    const point = sampler.propose(from + nth, 0) ?? [];
    sampler.observe({ ...blank, number: from + nth, point });
    return point;
  });
}

/** What every sampler that looks at results promises beside that. */
export function learnerContract(name: string, make: Make): void {
  const trials = 40;
  const inUpperHalf = (observationOf: (number: number, point: Point) => Observation): number => {
    const sampler = make(branching, 6);
    for (let number = 0; number < trials; number += 1) sampler.observe(observationOf(number, branchingPoint(number)));
    return proposed(sampler, trials, 16).filter(([x]) => (x ?? 0) >= 0.5).length;
  };

  describe(`${name}: what every sampler that looks at results promises`, () => {
    test('what is known of another sweep counts like its own trials, without any of its numbers', () => {
      const [own, warm] = [make(branching, 7), make(branching, 7)];
      const cold = own.propose(0, 0);
      for (let number = 0; number < 24; number += 1) {
        own.observe(ended(number, branchingPoint(number)));
        warm.observe({ ...ended(number, branchingPoint(number)), number: number - 24 });
      }
      assert.deepEqual(warm.propose(0, 0), own.propose(0, 0));
      assert.notDeepEqual(warm.propose(0, 0), cold, 'trials drawn at the start are saved');
      assert.equal(new Set(proposed(warm, 0, 4).map((point) => point.join())).size, 4);
    });

    test('settings that another sweep has tried may be tried again, each once', () => {
      const small: Space = { dimensions: [{ kind: 'choice', name: 'c', when: null, count: 3 }, { kind: 'int', name: 'k', when: null, min: 1, max: 4, log: false, step: 1 }] };
      const sampler = make(small, 2);
      for (let nth = 0; nth < 12; nth += 1) sampler.observe({ number: nth - 12, point: [nth % 3, 1 + (nth % 4)], state: 'completed', value: nth, shortfall: 0, epochs: 1 });
      const met = new Set<string>();
      for (let number = 0; number < 12; number += 1) {
        const point = nextFree(sampler, number, met);
        assert.ok(point !== null, `after ${met.size} points`);
        met.add(point.join());
        sampler.observe({ number, point, state: 'completed', value: number, shortfall: 0, epochs: 1 });
      }
      assert.equal(nextFree(sampler, 12, met), null);
    });

    test('infeasible points are kept away from', () => {
      const upper = inUpperHalf((number, point) => ((point[0] ?? 0) < 0.5 ? { ...blank, number, point, state: 'infeasible' } : { ...ended(number, point), value: point[0] ?? 0 }));
      assert.ok(upper >= 12, `${upper} of 16 away from them`);
    });

    test('a pruned trial is no promise, however good it looked when it was pruned', () => {
      const upper = inUpperHalf((number, point) => ((point[0] ?? 0) < 0.5 ? { ...ended(number, point), state: 'pruned', value: -1, epochs: 1 } : { ...ended(number, point), value: 1 - (point[0] ?? 0) }));
      assert.ok(upper >= 12, `${upper} of 16 where trials were completed`);
    });

    test('a trial that misses a floor goes after those that keep it', () => {
      const upper = inUpperHalf((number, point) => ((point[0] ?? 0) < 0.5 ? { ...ended(number, point), value: -1, shortfall: 0.2 } : { ...ended(number, point), value: 1 - (point[0] ?? 0) }));
      assert.ok(upper >= 12, `${upper} of 16 where floors are kept`);
    });

    test('what exists in one branch alone is learnt from the trials of that branch', () => {
      const sampler = make(branching, 7);
      for (let number = 0; number < trials; number += 1) sampler.observe(ended(number, branchingPoint(number)));
      const taken = proposed(sampler, trials, 16).filter(([, c]) => c === 1);
      assert.ok(taken.length >= 10, `${taken.length} of 16 in the better branch`);
      const far = taken.map(([, , y]) => Math.abs((y ?? 0) - 0.8)).sort((a, b) => a - b);
      assert.ok((far[Math.floor(far.length / 2)] ?? 1) < 0.2, far.join(' '));
    });
  });
}

function nextFree(sampler: Sampler, number: number, met: ReadonlySet<string>): Point | null {
  return nextWhere(sampler, number, (point) => !met.has(point.join()));
}

/** As the leader asks: again while the point is turned down. */
function nextWhere(sampler: Sampler, number: number, accepts: (point: Point) => boolean): Point | null {
  for (let again = 0; again <= MOST_TURNED_DOWN; again += 1) {
    const point = sampler.propose(number, again);
    if (point === null || accepts(point)) return point;
  }
  return null;
}

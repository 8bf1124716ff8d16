import assert from 'node:assert/strict';
import { after, before, describe, it, test } from 'node:test';
import fc from 'fast-check';
import { slotSpans, type BegunAttempt } from '../../../coordinator/api/timeline.js';
import { granted, newPath, planOf, sweepOf, turn } from '../store/facts.js';
import { loneService, type LoneService } from './lone-service.js';

const NAMES = { workers: new Map([['wrk_a', 'box-a']]), sweeps: new Map([['swp_1', 'digits']]) };

/** In ms since 1970; of worker wrk_a unless it is said. */
function attempt(name: string, begun: number, end: number | null, worker = 'wrk_a'): BegunAttempt {
  return { attempt: name, worker, kind: 'train', payers: ['swp_1', 'swp_gone'], from: 0, to: 2, outcome: end === null ? null : 'done', leasedAt: new Date(begun), begunAt: new Date(begun), endedAt: end === null ? null : new Date(end) };
}

const lanes = (attempts: readonly BegunAttempt[], slots: number): [string, number][] => slotSpans(attempts, new Map([['wrk_a', slots]]), NAMES).map(({ attempt: name, lane }) => [name, lane]);

test('an attempt stands in the first lane of its worker that is free when it begins', () => {
  const spans = slotSpans([attempt('c', 15_000, null), attempt('a', 0, 10_000), attempt('b', 5_000, 20_000), attempt('d', 5_000, 6_000, 'wrk_b')], new Map([['wrk_a', 2]]), NAMES);
  assert.deepEqual(spans.map(({ attempt: name, name: worker, lane, sweeps }) => [name, worker, lane, sweeps]), [['a', 'box-a', 0, ['digits', 'swp_gone']], ['b', 'box-a', 1, ['digits', 'swp_gone']], ['d', 'wrk_b', 0, ['digits', 'swp_gone']], ['c', 'box-a', 0, ['digits', 'swp_gone']]]);
});

test('one that begins before the end of the one before it was told takes its lane where the worker has no other', () => {
  assert.deepEqual(lanes([attempt('a', 0, 10_000), attempt('b', 9_900, 20_000)], 1), [['a', 0], ['b', 0]]);
  assert.deepEqual(lanes([attempt('a', 0, 10_000), attempt('b', 9_900, 20_000)], 2), [['a', 0], ['b', 1]]);
  assert.deepEqual(lanes([attempt('a', 0, 10_000), attempt('b', 5_000, 20_000)], 1), [['a', 0], ['b', 1]], 'from a time when it had two slots');
});

test('attempts of one lane never overlap, and are drawn within their times', () => {
  const one = fc.record({ begun: fc.integer({ min: 0, max: 20_000 }), took: fc.integer({ min: 0, max: 5_000 }) });
  fc.assert(fc.property(fc.array(one, { maxLength: 40 }), fc.integer({ min: 0, max: 4 }), (times, slots) => {
    const attempts = times.map(({ begun, took }, index) => attempt(`${index}`, begun, begun + took));
    const spans = slotSpans(attempts, new Map([['wrk_a', slots]]), NAMES);
    assert.equal(spans.length, attempts.length);
    const until = new Map<number, number>();
    for (const { attempt: name, lane, startedAt, endedAt } of spans) {
      const [from, to] = [Date.parse(startedAt), Date.parse(endedAt ?? '')];
      const told = attempts[Number(name)];
      assert.ok(told !== undefined && told.begunAt.getTime() <= from && from <= to && to === told.endedAt?.getTime());
      if (to > from) assert.ok(from >= (until.get(lane) ?? 0), `lane ${lane}: ${from} before ${until.get(lane) ?? 0}`);
      until.set(lane, Math.max(to, until.get(lane) ?? 0));
    }
  }));
});

describe('leases that wait at a worker', () => {
  let lone: LoneService;
  before(async () => {
    lone = await loneService();
  });
  after(() => lone.close());

  it('are not what a slot was at, before and after they are given back', async () => {
    const epoch = await lone.leader.epoch();
    const paths = [newPath(1), newPath(1)];
    const { id } = await lone.store.submit({ ...sweepOf('ahead', paths), trials: paths.map((path, number) => planOf(number, path)) }, epoch);
    const [ran, waited] = [await granted(lone.store, epoch, paths[0] ?? [], { payers: [id] }), await granted(lone.store, epoch, paths[1] ?? [], { payers: [id] })];
    const told = async (): Promise<string[]> => (await lone.service.timelineOf('ahead', { limit: 10 })).attempts.map(({ attempt: name }) => name);
    const rows = async (trial: number): Promise<(string | null)[][]> => (await lone.service.trial(`ahead/${trial}`, { test: false })).attempts.map(({ outcome, startedAt }) => [outcome, startedAt]);
    assert.deepEqual([await told(), await rows(1)], [[], [[null, null]]]);
    const ended = { message: '', log: '' };
    await lone.store.commitTurn(epoch, turn({ ended: [{ ...ran, ...ended, outcome: 'done', beganAfterMs: 0 }, { ...waited, ...ended, outcome: 'released', beganAfterMs: null }] }));
    assert.deepEqual([await told(), await rows(1)], [[ran.attempt], [['released', null]]]);
    assert.deepEqual((await lone.service.timeline({ minutes: 1, limit: 10 })).attempts.map(({ attempt: name }) => name), [ran.attempt]);
    const [row] = (await lone.service.trial('ahead/0', { test: false })).attempts;
    assert.equal(row?.startedAt, row?.leasedAt);
  });
});

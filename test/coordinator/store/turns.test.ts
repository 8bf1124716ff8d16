import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StaleWrite } from '../../../coordinator/store/errors.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { Leadership, Store } from '../../../coordinator/store/store.js';
import { testDatabase } from '../../support/postgres.js';
import type { TestDatabase } from '../../support/postgres.js';
import { epochOf, granted, grantOf, keyOf, newPath, resultOf, sweepOf, turn } from './facts.js';

describe('turns of the leader', () => {
  let database: TestDatabase;
  let store: Store;
  let leadership: Leadership;
  let epoch: number;

  before(async () => {
    database = await testDatabase();
    store = await openStore(database.url);
    leadership = await store.lead(new AbortController().signal, { url: null });
    epoch = leadership.epoch;
  });
  after(async () => {
    await leadership.release();
    await store.close();
    await database.close();
  });

  it('an epoch comes back as it was reported, in order of recording', async () => {
    const path = newPath(3);
    const grant = await granted(store, epoch, path);
    const odd = { metrics: { 'val.loss': NaN, 'train.loss': Infinity, 'val.auc': -0, 'val.accuracy': 0.1 + 0.2 }, confusion: [[1, 2], [3, 4]], diverged: true };
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0), epochOf(grant, 1), epochOf(grant, 2, { result: odd })] }));
    const recorded = await store.epochsByKey([...path].reverse());
    assert.deepEqual(recorded.map((row) => row.key), path);
    assert.deepEqual(recorded[2]?.result, odd);
    assert.deepEqual(recorded[0], { key: path[0], result: resultOf(1), seconds: 0.5, params: 100, msPerImage: 1.5, attempt: grant.attempt, checkpoint: null, recordedSeq: recorded[0]?.recordedSeq, recordedAt: recorded[0]?.recordedAt });
    assert.ok(recorded.every((row, index) => index === 0 || row.recordedSeq > (recorded[index - 1]?.recordedSeq ?? Infinity)));
    assert.equal(await store.recordedSeq(), recorded.at(-1)?.recordedSeq);
  });

  it('a late report of a lost lease changes nothing', async () => {
    const path = newPath(2);
    const lost = await granted(store, epoch, path);
    await store.commitTurn(epoch, turn({ ended: [{ attempt: lost.attempt, token: lost.token, outcome: 'WorkerLost', message: 'silent', log: '', beganAfterMs: 0 }] }));
    const late = { attempt: lost.attempt, token: lost.token };
    const [key = ''] = path;
    for (const writes of [
      turn({ epochs: [epochOf(lost, 0)] }),
      turn({ retrained: [{ ...late, key }] }),
      turn({ checkpoints: [{ ...late, key, blob: keyOf('bytes'), bytes: 5 }] }),
      turn({ ended: [{ ...late, outcome: 'done', message: '', log: '', beganAfterMs: 0 }] }),
      turn({ epochs: [epochOf(lost, 0)], ended: [{ ...late, outcome: 'done', message: '', log: '', beganAfterMs: 0 }] }),
    ]) {
      await assert.rejects(store.commitTurn(epoch, writes), { code: 'StaleWrite', message: /(leases of the reports|ends of attempts): 0 of 1 matched/ });
    }
    assert.deepEqual(await store.epochsByKey(path), []);
    assert.deepEqual((await store.attemptsOf(path)).map((attempt) => attempt.outcome), ['WorkerLost']);
  });

  it('a report under another token changes nothing', async () => {
    const grant = await granted(store, epoch, newPath(1));
    await assert.rejects(store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0, { token: 'guessed' })] })), StaleWrite);
    assert.deepEqual(await store.epochsByKey(grant.keys), []);
  });

  it('an attempt can report its last epoch, its checkpoint and its end in one turn', async () => {
    const grant = await granted(store, epoch, newPath(1));
    const lease = { attempt: grant.attempt, token: grant.token };
    const key = grant.keys[0] ?? '';
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0)], checkpoints: [{ ...lease, key, blob: keyOf('c1'), bytes: 7 }], ended: [{ ...lease, outcome: 'done', message: '', log: '', beganAfterMs: 0 }] }));
    assert.equal((await store.epochsByKey([key]))[0]?.checkpoint, keyOf('c1'));
    assert.equal((await store.openAttempts()).some((open) => open.attempt === grant.attempt), false);
  });

  it('a key is recorded once', async () => {
    const path = newPath(1);
    const [first, second] = [await granted(store, epoch, path), await granted(store, epoch, path)];
    await store.commitTurn(epoch, turn({ epochs: [epochOf(first, 0)] }));
    await assert.rejects(store.commitTurn(epoch, turn({ epochs: [epochOf(second, 0, { result: resultOf(9) })] })), { code: 'StaleWrite', message: /epoch_pkey/ });
    await assert.rejects(store.commitTurn(epoch, turn({ epochs: [epochOf(grantOf(path), 0)] })), StaleWrite);
    assert.deepEqual((await store.epochsByKey(path))[0]?.result, resultOf(1));
  });

  it('an epoch is recorded only after its parent', async () => {
    const grant = await granted(store, epoch, newPath(3));
    await assert.rejects(store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 1)] })), { code: 'StaleWrite', message: /parents of epochs: 0 of 1/ });
    await assert.rejects(store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 1), epochOf(grant, 0)] })), { code: 'StaleWrite', message: /parents of epochs: 0 of 1/ });
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0)] }));
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 1), epochOf(grant, 2)] }));
  });

  it('a worker is kept with whether it was asked to leave, as it was told last', async () => {
    const worker = { id: 'wrk_asked', name: 'box', slots: 1, memoryBytes: 1, numerics: ['a'], connected: true, draining: false, drainedBy: null };
    const asked = async (): Promise<boolean | undefined> => (await store.workers()).find(({ id }) => id === worker.id)?.draining;
    await store.commitTurn(epoch, turn({ workers: [worker, { ...worker, draining: true }] }));
    assert.equal(await asked(), true);
    await store.commitTurn(epoch, turn({ workers: [worker] }));
    assert.equal(await asked(), false);
  });

  it('who asked a worker to leave is kept with when, however often it is written again, and not once it is back', async () => {
    const worker = { id: 'wrk_drained', name: 'box', slots: 1, memoryBytes: 1, numerics: ['a'], connected: true, draining: true, drainedBy: 'alice (tok_1)' };
    const drain = async () => (await store.workers()).find(({ id }) => id === worker.id)?.drain;
    const before = Date.now();
    await store.commitTurn(epoch, turn({ workers: [worker] }));
    const asked = await drain();
    assert.ok(asked !== null && asked !== undefined && asked.by === 'alice (tok_1)' && Math.abs(asked.at.getTime() - before) < 60_000, JSON.stringify(asked));
    await store.commitTurn(epoch, turn({ workers: [{ ...worker, slots: 0, connected: false, draining: false }] }));
    assert.deepEqual(await drain(), asked);
    await store.commitTurn(epoch, turn({ workers: [{ ...worker, draining: false, drainedBy: null }] }));
    assert.equal(await drain(), null);
  });

  it('everything in a turn that fails is rolled back', async () => {
    const path = newPath(1);
    const held = await granted(store, epoch, path);
    const gone = grantOf(newPath(1));
    const grant = grantOf(newPath(1));
    const before = (await store.events(0, 1000, null)).length;
    const writes = turn({
      workers: [{ id: 'wrk_rolledback', name: 'box', slots: 1, memoryBytes: 1, numerics: [], connected: true, draining: false, drainedBy: null }],
      epochs: [epochOf(held, 0)],
      ended: [{ attempt: gone.attempt, token: gone.token, outcome: 'done', message: '', log: '', beganAfterMs: 0 }],
      grants: [grant],
      events: [{ type: 'test.rolledback', sweep: null, trial: null, detail: {} }],
    });
    await assert.rejects(store.commitTurn(epoch, writes), StaleWrite);
    assert.deepEqual(await store.epochsByKey(path), []);
    assert.equal((await store.openAttempts()).some((open) => open.attempt === grant.attempt), false);
    assert.equal((await store.events(0, 1000, null)).length, before);
  });

  it('open attempts come back whole, failures are counted by first key, kind and class', async () => {
    const path = newPath(4);
    const { id: sweep } = await store.submit(sweepOf('counted', [path]), epoch);
    const open = await granted(store, epoch, path.slice(1), { from: 1, alone: true, payers: ['swp_a', 'swp_b'] });
    const found = (await store.openAttempts()).find((attempt) => attempt.attempt === open.attempt);
    assert.deepEqual(found, { attempt: open.attempt, token: open.token, worker: open.worker, kind: 'train', keys: path.slice(1), from: 1, alone: true, payers: ['swp_a', 'swp_b'] });
    for (const outcome of ['WorkerLost', 'WorkerLost', 'Timeout', 'released', 'done'] as const) {
      const { attempt, token } = await granted(store, epoch, path);
      await store.commitTurn(epoch, turn({ ended: [{ attempt, token, outcome, message: 'a zero byte \0 of a child', log: 'and \0 in its log', beganAfterMs: 0 }] }));
    }
    const counts = await store.failureCounts(path, sweep);
    const expected = [['Timeout', 1], ['WorkerLost', 2]].map(([cls, count]) => ({ key: path[0], kind: 'train', class: cls, count }));
    assert.deepEqual(counts.sort((a, b) => a.class.localeCompare(b.class)), expected);
    const told = await store.attemptsOf(path);
    assert.deepEqual(told.map((attempt) => [attempt.from, attempt.to, attempt.outcome]), [[1, 4, null], [0, 4, 'WorkerLost'], [0, 4, 'WorkerLost'], [0, 4, 'Timeout'], [0, 4, 'released'], [0, 4, 'done']]);
    assert.ok(told[1]?.endedAt instanceof Date && told[0]?.endedAt === null);
  });

  it('attempts that were under way after a time are told, the latest first', async () => {
    const path = newPath(2);
    const before = await granted(store, epoch, path, { payers: ['swp_t'] });
    await store.commitTurn(epoch, turn({ ended: [{ ...before, outcome: 'done', message: '', log: '', beganAfterMs: 0 }] }));
    const [, { endedAt }] = [path, (await store.attemptsOf(path))[0] ?? { endedAt: null }];
    assert.ok(endedAt !== null);
    const open = await granted(store, epoch, path.slice(1), { from: 1, payers: ['swp_t'] });
    const told = async (since: Date, limit = 100): Promise<(string | null)[][]> => (await store.attemptsSince(since, limit)).filter(({ payers }) => payers.includes('swp_t')).map(({ attempt, outcome }) => [attempt, outcome]);
    assert.deepEqual(await told(new Date(endedAt.getTime() - 1)), [[open.attempt, null], [before.attempt, 'done']]);
    assert.deepEqual(await told(new Date(endedAt.getTime() + 1)), [[open.attempt, null]]);
    assert.deepEqual(await told(new Date(endedAt.getTime() - 1), 1), [[open.attempt, null]]);
  });

  it('an evaluation is recorded once per key and part', async () => {
    const grant = await granted(store, epoch, newPath(1));
    const lease = { attempt: grant.attempt, token: grant.token, key: grant.keys[0] ?? '' };
    const result = { metrics: { loss: 0.25, accuracy: 0.5, auc: NaN }, confusion: [[1, 0], [1, 0]], probabilities: keyOf('p') };
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0)] }));
    await store.commitTurn(epoch, turn({ evaluations: [{ ...lease, part: 'val', result }, { ...lease, part: 'test', result }] }));
    assert.deepEqual(await store.evaluationsByKey(grant.keys), [{ key: lease.key, part: 'test', result }, { key: lease.key, part: 'val', result }]);
    await assert.rejects(store.commitTurn(epoch, turn({ evaluations: [{ ...lease, part: 'val', result }] })), StaleWrite);
  });

  it('a checkpoint that is dropped is no longer offered', async () => {
    const grant = await granted(store, epoch, newPath(2));
    const lease = { attempt: grant.attempt, token: grant.token };
    const [first = '', second = ''] = grant.keys;
    await store.commitTurn(epoch, turn({
      epochs: [epochOf(grant, 0), epochOf(grant, 1)],
      checkpoints: [{ ...lease, key: first, blob: keyOf('d1'), bytes: 1 }, { ...lease, key: second, blob: keyOf('d2'), bytes: 1 }],
      dropped: [first],
    }));
    assert.deepEqual((await store.epochsByKey([first, second])).map((row) => row.checkpoint), [null, keyOf('d2')]);
  });

  it('what a completed trial has chosen is not dropped, whoever goes on from there', async () => {
    const path = newPath(2);
    const { id } = await store.submit(sweepOf('chosen', [path.slice(0, 1)]), epoch);
    const trial = (await store.trialsOf(id))[0]?.id ?? '';
    const grant = await granted(store, epoch, path);
    const lease = { attempt: grant.attempt, token: grant.token };
    const [first = '', second = ''] = path;
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0)], checkpoints: [{ ...lease, key: first, blob: keyOf('c1'), bytes: 1 }] }));
    for (const state of ['running', 'completed'] as const) await store.commitTurn(epoch, turn({ trials: [{ id: trial, revision: 1, state, epochs: 1, bestEpoch: 0, until: null, failure: null }] }));
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 1)], checkpoints: [{ ...lease, key: second, blob: keyOf('c2'), bytes: 1 }], dropped: [first] }));
    assert.deepEqual((await store.epochsByKey(path)).map((row) => row.checkpoint), [keyOf('c1'), keyOf('c2')]);
  });

  it('events are numbered without gaps in order of commit, whatever commits at once or fails', async () => {
    const start = (await store.events(0, 10_000, null)).at(-1)?.id ?? 0;
    const event = (n: number): { type: string; sweep: null; trial: null; detail: { n: number } } => ({ type: 'test.event', sweep: null, trial: null, detail: { n } });
    const stale = grantOf(newPath(1));
    const commits = Array.from({ length: 30 }, (_, n) => {
      const ended = n % 3 === 0 ? [{ attempt: stale.attempt, token: stale.token, outcome: 'done' as const, message: '', log: '', beganAfterMs: 0 }] : [];
      return store.commitTurn(epoch, turn({ ended, events: [event(n), event(n)] }));
    });
    const outcomes = await Promise.allSettled(commits);
    assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 20);
    const events = await store.events(start, 10_000, null);
    assert.deepEqual(events.map(({ id }) => id), Array.from({ length: 40 }, (_, n) => start + 1 + n));
    assert.ok(events.every(({ detail }, index) => index % 2 === 0 || detail.n === events[index - 1]?.detail.n), 'events of one turn stand together');
    assert.deepEqual((await store.events(start, 3, null)).map(({ id }) => id), [start + 1, start + 2, start + 3]);
  });

  it('strings that jsonb would refuse are kept legible', async () => {
    await store.commitTurn(epoch, turn({ events: [{ type: 'test.odd', sweep: null, trial: null, detail: { text: 'a\0b\ud800c' } }] }));
    assert.deepEqual((await store.events(0, 10_000, null)).at(-1)?.detail, { text: 'a\uFFFDb\uFFFDc' });
  });

  it('a trial that was cancelled meanwhile is not brought back to life', async () => {
    const { id } = await store.submit(sweepOf('cancelled', [newPath(1)]), epoch);
    const trial = (await store.trialsOf(id))[0]?.id ?? '';
    const none = { id: trial, revision: 1, epochs: null, bestEpoch: null, until: null, failure: null };
    await store.commitTurn(epoch, turn({ trials: [{ ...none, state: 'cancelled' }] }));
    await assert.rejects(store.commitTurn(epoch, turn({ trials: [{ ...none, state: 'running' }] })), { code: 'StaleWrite', message: /trials in a state/ });
    assert.equal((await store.findTrial('default', trial))?.state, 'cancelled');
  });

  it('a trial may pass through several states in one turn', async () => {
    const { id } = await store.submit(sweepOf('several', [newPath(2)]), epoch);
    const trial = (await store.trialsOf(id))[0]?.id ?? '';
    await store.commitTurn(epoch, turn({
      trials: [
        { id: trial, revision: 1, state: 'running', epochs: null, bestEpoch: null, until: null, failure: null },
        { id: trial, revision: 1, state: 'failed', epochs: 1, bestEpoch: null, until: null, failure: { class: 'Diverged', message: 'loss is NaN' } },
      ],
      sweeps: [{ id, state: 'failed', changes: 0 }],
    }));
    const { state, epochs, failure } = (await store.findTrial('default', trial)) ?? assert.fail('no trial');
    assert.deepEqual({ state, epochs, failure }, { state: 'failed', epochs: 1, failure: { class: 'Diverged', message: 'loss is NaN' } });
    assert.ok((await store.findSweep('default', id))?.finishedAt instanceof Date);
  });
});

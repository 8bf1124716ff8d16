import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { revisionDigest } from '../../../coordinator/sweep/revision-digest.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { Leadership, Store } from '../../../coordinator/store/store.js';
import { testDatabase } from '../../support/postgres.js';
import type { TestDatabase } from '../../support/postgres.js';
import { epochOf, granted, newPath, planOf, revised, specOf, sweepOf, turn } from './facts.js';

describe('sweeps and their revisions', () => {
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

  it('what a revision has used up is kept, times and epochs never go back, and the next revision begins anew unless it says otherwise', async () => {
    const { id } = await store.submit(sweepOf('timed', [newPath(1)]), epoch);
    const spent = async (): Promise<unknown> => {
      const sweep = await store.findSweep('default', id);
      return { ...sweep?.spent, endedBy: sweep?.endedBy };
    };
    const used = { ranMs: 5000.5, slotMs: 7000.25, epochs: 12, sinceBest: 3, endedBy: null };
    await store.commitTurn(epoch, turn({ spent: [{ ...used, id, revision: 1 }] }));
    assert.deepEqual(await spent(), used);
    await store.commitTurn(epoch, turn({ spent: [{ id, revision: 1, ranMs: 4000, slotMs: 1, epochs: 2, sinceBest: 0, endedBy: 'epochs' }] }));
    assert.deepEqual(await spent(), { ...used, sinceBest: 0, endedBy: 'epochs' });
    const edited = await revised(store, id, sweepOf('timed', [newPath(2)]));
    await store.submit({ ...edited, carried: { ...(edited.carried ?? assert.fail()), clockGoesOn: true } }, epoch);
    assert.deepEqual(await spent(), { ...used, sinceBest: 0 }, 'what ended it may be raised');
    await store.submit(await revised(store, id, sweepOf('timed', [newPath(2)])), epoch);
    assert.deepEqual(await spent(), { ranMs: 0, slotMs: 0, epochs: 0, sinceBest: 0, endedBy: null });
  });

  it('of the peaks of memory of one model and load the newest is kept, of one turn the largest', async () => {
    const peak = { family: 'garth', load: 10_000 };
    await store.commitTurn(epoch, turn({ peaks: [{ ...peak, bytes: 5e9 }, { ...peak, bytes: 6e9 }, { ...peak, load: 20_000, bytes: 7e9 }] }));
    await store.commitTurn(epoch, turn({ peaks: [{ ...peak, bytes: 4e9 }] }));
    const known = (await store.memoryPeaks()).sort((a, b) => a.load - b.load);
    assert.deepEqual(known, [{ ...peak, bytes: 4e9 }, { ...peak, load: 20_000, bytes: 7e9 }]);
  });

  it('a sweep and its trials come back as they were submitted, field order included', async () => {
    const paths = [newPath(3), newPath(1)];
    const { id, revision, change } = await store.submit(sweepOf('whole', paths), epoch);
    assert.match(id, /^swp_[0-9a-z]{16}$/);
    assert.deepEqual({ revision, change }, { revision: 1, change: 'created' });
    const sweep = (await store.findSweep('default', 'whole')) ?? assert.fail('not found by name');
    assert.deepEqual(sweep, { id, project: 'default', name: 'whole', revision: 1, state: 'running', spec: specOf('whole'), data: null, numerics: 'none', createdAt: sweep.createdAt, finishedAt: null, spent: { ranMs: 0, slotMs: 0, epochs: 0, sinceBest: 0 }, endedBy: null, changes: 0, origin: 'file', warmStart: null, onlyAsked: false, tags: [], digest: revisionDigest(sweepOf('whole', paths)) });
    assert.deepEqual(await store.findSweep('default', id), sweep);
    assert.equal(await store.findSweep('other', 'whole'), null);
    const trials = await store.trialsOf(id);
    assert.deepEqual(trials.map((trial) => trial.plan), paths.map((path, number) => planOf(number, path)));
    assert.equal(JSON.stringify(trials[0]?.assignment), JSON.stringify(planOf(0, []).assignment));
    assert.deepEqual(trials.map(({ state, epochs, bestEpoch, until, failure, ahead }) => ({ state, epochs, bestEpoch, until, failure, ahead })), Array(2).fill({ state: 'queued', epochs: null, bestEpoch: null, until: null, failure: null, ahead: null }));
    assert.deepEqual(await store.findTrial('default', trials[1]?.id ?? ''), trials[1]);
    assert.equal(await store.findTrial('default', 'trl_none'), null);
    assert.equal(await store.findTrial('elsewhere', trials[1]?.id ?? ''), null, 'another project has no such trial');
  });

  it('the same sweep again changes nothing', async () => {
    const sweep = sweepOf('same', [newPath(1)]);
    const { id } = await store.submit(sweep, epoch);
    const before = [await store.trialsOf(id), await store.events(0, 10_000, id)];
    assert.deepEqual(await store.submit({ ...sweep, actor: 'bob' }, epoch), { id, revision: 1, change: 'same' });
    assert.deepEqual([await store.trialsOf(id), await store.events(0, 10_000, id)], before);
  });

  it('two submits of a new name at once make one sweep', async () => {
    const sweep = sweepOf('twice', [newPath(1)]);
    const answers = await Promise.all([store.submit(sweep, epoch), store.submit(sweep, epoch)]);
    assert.deepEqual(answers.map(({ change }) => change).sort(), ['created', 'same']);
    assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
  });

  it('a new revision cancels the older one\'s open trials and runs again', async () => {
    const [shared, dropped, added] = [newPath(1), newPath(1), newPath(1)];
    const { id } = await store.submit(sweepOf('edited', [shared, dropped]), epoch);
    const [done, open] = await store.trialsOf(id);
    await store.commitTurn(epoch, turn({
      trials: [{ id: done?.id ?? '', revision: 1, state: 'completed', epochs: 1, bestEpoch: 0, until: null, failure: null }],
      sweeps: [{ id, state: 'completed', changes: 0 }],
    }));
    assert.deepEqual((await store.openSweeps()).filter((sweep) => sweep.id === id), []);
    const edited = sweepOf('edited', [shared, added], { spec: specOf('edited', { seed: 1 }) });
    assert.deepEqual(await store.submit(await revised(store, id, edited), epoch), { id, revision: 2, change: 'revised' });
    const sweep = (await store.openSweeps()).find((candidate) => candidate.id === id);
    assert.deepEqual([sweep?.revision, sweep?.state, sweep?.finishedAt, sweep?.spec.seed], [2, 'running', null, 1]);
    assert.deepEqual((await store.trialsOf(id)).map((trial) => trial.plan.path), [shared, added]);
    assert.equal((await store.findTrial('default', done?.id ?? ''))?.state, 'completed');
    assert.equal((await store.findTrial('default', open?.id ?? ''))?.state, 'cancelled');
    const events = await store.events(0, 10_000, id);
    assert.deepEqual(events.map(({ type, actor, detail }) => [type, actor, detail.revision]), [['sweep.created', 'ada', 1], ['sweep.revised', 'ada', 2]]);
  });

  it('what was worked out under a former revision moves no trial that the new one keeps, and makes none', async () => {
    const { id } = await store.submit(sweepOf('fenced', [newPath(2)]), epoch);
    const [trial] = await store.trialsOf(id);
    const edited = await revised(store, id, sweepOf('fenced', [], { spec: specOf('fenced', { seed: 1 }) }));
    await store.submit({ ...edited, carried: { ...(edited.carried ?? assert.fail()), kept: [trial?.id ?? ''] } }, epoch);
    const ended = { id: trial?.id ?? '', state: 'completed', epochs: 1, bestEpoch: 0, until: null, failure: null } as const;
    await assert.rejects(store.commitTurn(epoch, turn({ trials: [{ ...ended, revision: 1 }] })), { code: 'StaleWrite', message: /trials in a state .*0 of 1/ });
    const made = { id: 'trl_late', sweep: id, revision: 1, plan: planOf(7, newPath(1)), ahead: null };
    await assert.rejects(store.commitTurn(epoch, turn({ created: [made] })), { code: 'StaleWrite', message: /new trials: 0 of 1/ });
    await store.commitTurn(epoch, turn({ trials: [{ ...ended, revision: 2 }], created: [{ ...made, revision: 2 }] }));
    assert.deepEqual((await store.trialsOf(id)).map(({ number, state }) => [number, state]), [[0, 'completed'], [7, 'queued']]);
  });

  it('a revision that was worked out before a trial was proposed, ended by the former rule, or the sweep was paused is refused', async () => {
    const { id } = await store.submit(sweepOf('overtaken', [newPath(1)]), epoch);
    const [trial] = await store.trialsOf(id);
    const revision = async (seed: number): ReturnType<typeof revised> => {
      const edited = await revised(store, id, sweepOf('overtaken', [], { spec: specOf('overtaken', { seed }) }));
      return { ...edited, carried: { ...(edited.carried ?? assert.fail()), kept: [trial?.id ?? ''], foldedAnew: true } };
    };
    const before = await revision(1);
    await store.commitTurn(epoch, turn({ created: [{ id: 'trl_proposed', sweep: id, revision: 1, plan: planOf(1, newPath(1)), ahead: null }] }));
    await assert.rejects(store.submit(before, epoch), { code: 'StaleWrite', message: /trials that were proposed meanwhile/ });
    const running = await revision(1);
    await store.setSweepState(id, 'paused', {}, 'bob', epoch);
    await assert.rejects(store.submit(running, epoch), { code: 'StaleWrite', message: /changed in the same moment/ });
    await store.setSweepState(id, 'running', {}, 'bob', epoch);
    const open = await revision(1);
    await store.commitTurn(epoch, turn({ trials: [{ id: trial?.id ?? '', revision: 1, state: 'completed', epochs: 1, bestEpoch: 0, until: null, failure: null }] }));
    await assert.rejects(store.submit(open, epoch), { code: 'StaleWrite', message: /trials that a new revision keeps: 0 of 1/ });
    assert.equal((await store.findSweep('default', id))?.revision, 1);
  });

  it('other data, or other keys for the same settings, are a new revision', async () => {
    const data = { manifest: 'a'.repeat(64), digest: 'b'.repeat(64), images: 2, classes: ['N', 'P'], positive: 1, counts: { train: [1, 1], val: [0, 0], test: [0, 0] }, rejected: [], warnings: ['one'] };
    const paths = [newPath(1)];
    const change = async (more: object, given = paths): Promise<string> => (await store.submit(await revised(store, 'data', sweepOf('data', given, { data: { ...data, ...more } })), epoch)).change;
    assert.equal(await change({}), 'created');
    assert.equal(await change({ warnings: [] }), 'same');
    assert.equal(await change({ digest: 'c'.repeat(64) }), 'revised');
    assert.equal(await change({ digest: 'c'.repeat(64) }, [newPath(1)]), 'revised');
    assert.deepEqual(await store.manifests(), ['a'.repeat(64)]);
  });

  it('a person pauses, resumes and stops a sweep; what is no legal move is refused', async () => {
    const { id } = await store.submit(sweepOf('states', [newPath(1)]), epoch);
    await store.setSweepState(id, 'paused', {}, 'bob', epoch);
    await store.setSweepState(id, 'paused', {}, 'bob', epoch);
    await store.setSweepState(id, 'running', {}, 'bob', epoch);
    await store.setSweepState(id, 'stopped', {}, 'cyd', epoch);
    await assert.rejects(store.setSweepState(id, 'paused', {}, 'bob', epoch), { code: 'IllegalTransition', message: /sweep that is stopped cannot become paused/ });
    await assert.rejects(store.setSweepState('swp_none', 'paused', {}, 'bob', epoch), { code: 'NotFound', message: 'there is no sweep swp_none' });
    const told = (await store.events(0, 10_000, id)).slice(1).map(({ type, actor }) => [type, actor]);
    assert.deepEqual(told, [['sweep.paused', 'bob'], ['sweep.running', 'bob'], ['sweep.stopped', 'cyd']]);
    await assert.rejects(store.commitTurn(epoch, turn({ sweeps: [{ id, state: 'completed', changes: 0 }] })), { code: 'StaleWrite', message: /sweeps in a state/ });
  });

  it('a stopped sweep has no open trials, whether a leader holds it or not', async () => {
    const { id } = await store.submit(sweepOf('stopped', [newPath(2), newPath(2)]), epoch);
    const [first] = await store.trialsOf(id);
    await store.commitTurn(epoch, turn({ trials: [{ id: first?.id ?? '', revision: 1, state: 'completed', epochs: 2, bestEpoch: 1, until: null, failure: null }] }));
    await store.setSweepState(id, 'stopped', {}, 'somebody', epoch);
    assert.deepEqual((await store.trialsOf(id)).map(({ state }) => state), ['completed', 'cancelled']);
  });

  it('counts what was trained since, on the paths of the current trials as far as they went', async () => {
    const path = newPath(4);
    const other = newPath(1);
    const { id } = await store.submit(sweepOf('counted', [path, path.slice(0, 2)]), epoch);
    const grant = await granted(store, epoch, path);
    const stranger = await granted(store, epoch, other);
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0)] }));
    const since = await store.recordedSeq();
    const second = await granted(store, epoch, path);
    // Twice by one attempt is one message said twice; by two attempts it was trained twice.
    const again = [grant, second, second].map(({ attempt, token }) => ({ attempt, token, key: path[0] ?? '' }));
    await store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 1), epochOf(grant, 2), epochOf(grant, 3), epochOf(stranger, 0)], retrained: again }));
    assert.deepEqual(await store.recordedSince(since, id), { trained: 3, retrained: 2 });
    assert.deepEqual(await store.recordedSince(0, id), { trained: 4, retrained: 2 });
    assert.deepEqual(await store.recordedSince(await store.recordedSeq(), id), { trained: 0, retrained: 0 });
    const [first] = await store.trialsOf(id);
    await store.commitTurn(epoch, turn({ trials: [{ id: first?.id ?? '', revision: 1, state: 'completed', epochs: 3, bestEpoch: 0, until: null, failure: null }] }));
    assert.deepEqual(await store.recordedSince(since, id), { trained: 2, retrained: 2 });
  });

  it('lists sweeps of a project in order of creation', async () => {
    await store.submit(sweepOf('beta', [newPath(1)], { project: 'listed' }), epoch);
    await store.submit(sweepOf('alpha', [newPath(1)], { project: 'listed' }), epoch);
    assert.deepEqual((await store.listSweeps('listed')).map(({ name }) => name), ['beta', 'alpha']);
  });
});

/** Sweeps that are changed while they live, over the service and the store; nobody trains here. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SubmitRequest } from '../../../coordinator/api/views.js';
import type { TrialFailure, TrialRecord } from '../../../coordinator/store/records.js';
import type { Store } from '../../../coordinator/store/store.js';
import type { TrialState } from '../../../coordinator/trial/states.js';
import { epochOf, granted, turn } from '../store/facts.js';
import { loneService, type LoneService } from './lone-service.js';

function file(name: string, more: string, request: Partial<SubmitRequest> = {}): SubmitRequest {
  const text = `name: ${name}\ntrainable: {synthetic: {metrics: {val.loss: 'a / (epoch + 1)'}}}\nobjective: {minimize: val.loss}\n${more}`;
  return { source: { name: `${name}.yaml`, text }, sharing: true, data: null, numerics: 'none', ...request };
}

describe('a sweep that is changed while it lives', () => {
  let lone: LoneService;
  let store: Store;
  let leader: LoneService['leader'];
  let service: LoneService['service'];

  before(async () => {
    lone = await loneService();
    ({ store, leader, service } = lone);
  });
  after(() => lone.close());

  const trialsOf = async (name: string): Promise<TrialRecord[]> => store.trialsOf((await service.sweep(name)).id);
  const shown = async (name: string): Promise<string[]> => (await trialsOf(name)).map(({ number, state, assignment }) => `#${number} a ${Number(assignment.a)} epochs ${Number(assignment.epochs)} ${state}`);
  const eventsOf = async (name: string): Promise<string[]> => (await store.events(0, 10_000, (await service.sweep(name)).id)).map(({ type, actor }) => `${type} ${actor}`);

  /** Ends trials by their numbers, and the sweep with them. */
  async function end(name: string, states: { readonly [number: number]: TrialState }, failureOf: TrialFailure = { class: 'TrainableError', message: 'exit 1' }): Promise<void> {
    const trials = await trialsOf(name);
    const record = (await store.findSweep('default', name)) ?? assert.fail();
    const updates = Object.entries(states).map(([number, state]) => {
      const trial = trials[Number(number)] ?? assert.fail();
      const failure = state === 'failed' ? failureOf : null;
      return { id: trial.id, revision: record.revision, state, epochs: trial.plan.path.length, until: null, bestEpoch: state === 'completed' ? 0 : null, failure };
    });
    await store.commitTurn(await leader.epoch(), turn({ trials: updates, sweeps: [{ id: record.id, state: 'completed', changes: record.changes }] }));
  }

  it('extending by command makes the revision that the edited file makes, and the file then says the same', async () => {
    await service.submit(file('one', 'space: {a: [0.1, 0.2], epochs: [2, 4]}'));
    await service.submit(file('two', 'space: {a: [0.1, 0.2], epochs: [2, 4]}'));
    await service.change('one', { epochs: 6, add: { a: [0.3] } }, { dryRun: false });
    const edited = 'space: {a: [0.1, 0.2, 0.3], epochs: [2, 6]}';
    await service.submit(file('two', edited));
    assert.deepEqual(await shown('one'), await shown('two'));
    const [one, two] = await Promise.all([store.findSweep('default', 'one'), store.findSweep('default', 'two')]);
    assert.deepEqual({ ...one?.spec, name: '' }, { ...two?.spec, name: '' });
    assert.equal((await service.preview(file('one', edited))).standing, 'same');
  });

  it('trials that stay keep their ids, numbers and results; longer ones keep their numbers; new ones follow', async () => {
    await service.submit(file('stay', 'space: {a: [0.1, 0.2], epochs: [2, 4]}'));
    await end('stay', { 0: 'completed', 1: 'completed', 2: 'completed', 3: 'failed' });
    const before = await trialsOf('stay');
    const { preview, sweep } = await service.change('stay', { epochs: 8, add: { a: [0.3] } }, { dryRun: false });
    assert.deepEqual(preview.carried, { kept: 2, goOn: 2, fresh: 2, dropped: 0 });
    assert.deepEqual([sweep?.state, sweep?.revision], ['running', 2]);
    assert.deepEqual(await shown('stay'), ['#0 a 0.1 epochs 2 completed', '#1 a 0.1 epochs 8 queued', '#2 a 0.2 epochs 2 completed', '#3 a 0.2 epochs 8 queued', '#4 a 0.3 epochs 2 queued', '#5 a 0.3 epochs 8 queued']);
    const now = await trialsOf('stay');
    assert.equal(now[0]?.id, before[0]?.id);
    assert.deepEqual(now[1]?.plan.path.slice(0, 4), before[1]?.plan.path);
    assert.deepEqual(await eventsOf('stay'), ['sweep.created ada', 'sweep.revised ada']);
  });

  it('without sharing an extended trial has its former keys as well: its number, which salts them, stays', async () => {
    await service.submit(file('salted', 'space: {a: [0.1, 0.2], epochs: 2}', { sharing: false }));
    const before = await trialsOf('salted');
    await service.change('salted', { epochs: 3, add: { a: [0.05] } }, { dryRun: false });
    const now = await trialsOf('salted');
    assert.deepEqual(now.slice(0, 2).map(({ plan }) => plan.path.slice(0, 2)), before.map(({ plan }) => plan.path));
  });

  it('a dry run changes nothing and says what would be', async () => {
    await service.submit(file('dry', 'space: {a: [0.1], epochs: 2}'));
    const { preview, applied } = await service.change('dry', { add: { a: [0.2] } }, { dryRun: true });
    assert.deepEqual([applied, preview.epochs.distinct, preview.differences], [false, 4, ['space.a: [0.1] -> [0.1, 0.2]']]);
    assert.equal((await service.sweep('dry')).revision, 1);
  });

  it('a file that has not changed since commands extended its sweep shrinks nothing; one that has is refused, unless it is told to replace', async () => {
    const text = 'space: {a: [0.1], epochs: 2}';
    await service.submit(file('kept', text));
    await service.change('kept', { add: { a: [0.2] } }, { dryRun: false });
    const preview = await service.preview(file('kept', text));
    assert.deepEqual([preview.standing, preview.commands], ['kept', ['space.a: [0.1] -> [0.1, 0.2]']]);
    assert.equal((await service.submit(file('kept', text))).change, 'same');
    assert.equal((await trialsOf('kept')).length, 2);

    const edited = file('kept', 'space: {a: [0.1, 0.5], epochs: 2}');
    assert.equal((await service.preview(edited)).standing, 'conflict');
    await assert.rejects(service.submit(edited), { code: 'BadRequest', message: /space\.a: \[0\.1\] -> \[0\.1, 0\.5\]\nBy commands:\n {2}space\.a: \[0\.1\] -> \[0\.1, 0\.2\]/ });
    assert.equal((await service.submit({ ...edited, replace: true })).change, 'revised');
    assert.deepEqual(await shown('kept'), ['#0 a 0.1 epochs 2 queued', '#1 a 0.5 epochs 2 queued']);
    const exported = await service.file('kept');
    assert.equal((await service.preview({ ...edited, source: { name: 'kept.yaml', text: exported.text } })).standing, 'same');
  });

  it('a paused sweep stays paused when it is extended; a stopped one runs again with what was cancelled', async () => {
    await service.submit(file('rest', 'space: {a: [0.1], epochs: 2}'));
    await service.setState('rest', 'paused');
    assert.equal((await service.change('rest', { add: { a: [0.2] } }, { dryRun: false })).sweep?.state, 'paused');
    await service.setState('rest', 'stopped');
    assert.equal((await service.change('rest', { budget: { wallClock: '1h' } }, { dryRun: false })).sweep?.state, 'stopped');
    assert.equal((await service.change('rest', { add: { a: [0.3] } }, { dryRun: false })).sweep?.state, 'running');
    assert.deepEqual(await shown('rest'), ['#0 a 0.1 epochs 2 queued', '#1 a 0.2 epochs 2 queued', '#2 a 0.3 epochs 2 queued']);
  });

  it('a stopped sweep runs only what is asked for: cancelled trials stay so and none is proposed, until it is resumed', async () => {
    await service.submit(file('asked', 'space: {a: {min: 0.1, max: 1}, epochs: 2}\nsampler: random\nbudget: {trials: 3}'));
    await service.setState('asked', 'stopped');
    const states = async (): Promise<string[]> => (await trialsOf('asked')).map(({ state }) => state);
    assert.deepEqual(await states(), ['cancelled', 'cancelled', 'cancelled']);

    const retried = await service.retry('asked', ['1']);
    assert.deepEqual([retried.retried, retried.stayCancelled, retried.sweep.state, retried.sweep.onlyAsked], [[1], 2, 'running', true]);
    const enqueued = await service.enqueue('asked', [{ a: 0.7 }], { front: false });
    assert.deepEqual([enqueued.enqueued.length, enqueued.stayCancelled, enqueued.sweep.onlyAsked], [1, 2, true]);
    assert.deepEqual(await states(), ['cancelled', 'queued', 'cancelled', 'queued']);
    await service.change('asked', { priority: 2 }, { dryRun: false });
    assert.deepEqual(await states(), ['cancelled', 'queued', 'cancelled', 'queued'], 'an edit brings no work');

    await service.setState('asked', 'running');
    assert.deepEqual([await states(), (await service.sweep('asked')).onlyAsked], [['queued', 'queued', 'queued', 'queued'], false]);
  });

  it('what is announced counts a pruned trial as far as it went, be it by a command or by the same file', async () => {
    const text = 'space: {a: [0.1, 0.2], epochs: 4}';
    await service.submit(file('pruned', text));
    const { id } = await service.sweep('pruned');
    const [first, second] = await trialsOf('pruned');
    const grant = await granted(store, await leader.epoch(), [...(first?.plan.path ?? []), ...(second?.plan.path.slice(0, 2) ?? [])]);
    const rows = [0, 1, 2, 3, 4, 5].map((index) => ({ ...epochOf(grant, index), epoch: index % 4, parent: index % 4 === 0 ? null : (grant.keys[index - 1] ?? '') }));
    const end = (trial: TrialRecord | undefined, state: TrialState, epochs: number) => ({ id: trial?.id ?? '', revision: 1, state, epochs, until: null, bestEpoch: state === 'completed' ? 3 : null, failure: null });
    await store.commitTurn(await leader.epoch(), turn({ epochs: rows, trials: [end(first, 'completed', 4), end(second, 'pruned', 2)] }));
    assert.equal((await store.findSweep('default', id))?.state, 'running');
    // By hand: 4 epochs of the one, 2 of the other.
    assert.deepEqual((await service.preview(file('pruned', text))).epochs, { requested: 6, distinct: 6, stored: 6, again: 0, budget: null });
    const { preview } = await service.change('pruned', { add: { a: [0.3] } }, { dryRun: true });
    assert.deepEqual(preview.epochs, { requested: 10, distinct: 10, stored: 6, again: 0, budget: null });
  });

  it('a leaderboard says of each trial what it says by itself, whatever state it is in, and is cut after the best', async () => {
    await service.submit(file('board', 'space: {a: [0.61, 0.62, 0.63, 0.64, 0.65, 0.66], epochs: 3}'));
    const { id } = await service.sweep('board');
    const all = await trialsOf('board');
    const states = ['completed', 'completed', 'pruned', 'failed', 'running'] as const;
    for (const [number, state] of states.entries()) {
      const trial = all[number];
      const went = number < 2 ? 3 : 2;
      const grant = await granted(store, await leader.epoch(), trial?.plan.path ?? [], { payers: [id] });
      const diverged = { metrics: { 'val.loss': Number.NaN }, confusion: null, diverged: true };
      const rows = Array.from({ length: went }, (_, index) => epochOf(grant, index, { result: state === 'failed' && index === 1 ? diverged : { metrics: { 'val.loss': 1 / (index + 1) - number / 100 }, confusion: null, diverged: false } }));
      const update = { id: trial?.id ?? '', revision: 1, state, epochs: state === 'running' ? null : went, until: null, bestEpoch: state === 'completed' ? 1 : null, failure: state === 'failed' ? { class: 'Diverged' as const, message: 'x' } : null };
      await store.commitTurn(await leader.epoch(), turn({ epochs: rows, trials: [update] }));
    }
    const infeasible = { id: all[5]?.id ?? '', revision: 1, state: 'infeasible' as const, epochs: 0, until: null, bestEpoch: null, failure: { class: 'ModelError' as const, message: 'x' } };
    await store.commitTurn(await leader.epoch(), turn({ trials: [infeasible] }));
    const { trials, requestedEpochs } = await service.results('board', { test: false });
    assert.deepEqual([trials.map(({ number }) => number), requestedEpochs], [[1, 0, 2, 3, 4, 5], 12]);
    assert.deepEqual(trials.map(({ metricsEpoch }) => metricsEpoch), [1, 1, 1, 0, 1, null]);
    for (const { mean, spread, ...trial } of trials) assert.deepEqual({ ...(await service.trial(trial.id, { test: false })).trial, mean, spread }, { ...trial, mean, spread });
    assert.deepEqual((await service.results('board', { test: false, limit: 2 })).trials, trials.slice(0, 2));
    const { trials: counts, epochs, best } = await service.progress('board');
    assert.deepEqual(counts, { total: 6, done: 3, failed: 1, infeasible: 1, cancelled: 0, running: 1, waiting: 0 });
    // 3 + 3 + 2 + 2 as they ended, 3 as planned, of which 2 are recorded.
    assert.deepEqual([epochs, best?.number], [{ total: 13, recorded: 12 }, 1]);
  });

  it('a trial that was pruned has the metrics of its last epoch, and its cost what was trained beyond that', async () => {
    await service.submit(file('beyond', 'space: {a: [0.45], epochs: 4}'));
    const { id } = await service.sweep('beyond');
    const [trial] = await trialsOf('beyond');
    const grant = await granted(store, await leader.epoch(), trial?.plan.path ?? [], { payers: [id] });
    await store.commitTurn(await leader.epoch(), turn({ epochs: [0, 1, 2].map((index) => epochOf(grant, index)), trials: [{ id: trial?.id ?? '', revision: 1, state: 'pruned', epochs: 2, until: null, bestEpoch: null, failure: null }] }));
    const [result] = (await service.results('beyond', { test: false })).trials;
    assert.deepEqual([result?.bestEpoch, result?.metricsEpoch, result?.metrics['val.loss'], result?.objective], [null, 1, 0.5, 0.5]);
    const { epochs, seconds } = await service.cost('beyond');
    assert.deepEqual(epochs, { planned: 4, pruned: 2, stopped: 0, unfinished: 0, requested: 2, shared: 0, before: 0, trained: 2, beyond: 1, retrained: 0 });
    // Each took half a second.
    assert.deepEqual(seconds, { trained: 1, beyond: 0.5, saved: 0 });
  });

  it('an edit restarts no trial and lets the clock go on; what is wrong in it is told by its fields, all at once', async () => {
    await service.submit(file('edit', 'space: {a: {min: 0.1, max: 1}, epochs: 2}\nsampler: random\nbudget: {trials: 3, wallClock: 1h}'));
    const { id } = await service.sweep('edit');
    await store.commitTurn(await leader.epoch(), turn({ spent: [{ id, revision: 1, ranMs: 5_000, slotMs: 0, epochs: 0, sinceBest: 0, endedBy: null }] }));
    const before = await trialsOf('edit');
    await service.change('edit', { budget: { trials: 5, wallClock: '2h' }, pruner: 'asha' }, { dryRun: false });
    assert.deepEqual((await trialsOf('edit')).slice(0, 3).map((trial) => trial.id), before.map((trial) => trial.id));
    assert.equal((await trialsOf('edit')).length, 5);
    assert.equal((await store.findSweep('default', 'edit'))?.spent.ranMs, 5_000);
    const wrong = service.change('edit', { budget: { trials: 0, wallclock: '1h' }, pruner: 'foo' }, { dryRun: false });
    await assert.rejects(wrong, { code: 'BadRequest', message: /^(?=[^]*^budget\.trials: found 0)(?=[^]*^budget\.wallclock: )(?=[^]*^pruner: found "foo")/m });
  });

  it('an edit of priority and concurrency makes no trial anew, and is told where it is set', async () => {
    await service.submit(file('share', 'space: {a: [0.1, 0.2], epochs: 2}'));
    await end('share', { 0: 'completed' });
    const before = await trialsOf('share');
    const { preview, sweep } = await service.change('share', { priority: 3, concurrency: 2 }, { dryRun: false });
    assert.deepEqual(preview.differences, ['priority: 0 -> 3', 'concurrency: none -> 2']);
    assert.deepEqual(preview.carried, { kept: 2, goOn: 0, fresh: 0, dropped: 0 });
    assert.deepEqual([sweep?.priority, sweep?.concurrency, sweep?.revision], [3, 2, 2]);
    const now = await trialsOf('share');
    assert.deepEqual(now.map(({ id, plan }) => [id, plan.path]), before.map(({ id, plan }) => [id, plan.path]));
    const lifted = await service.change('share', { priority: null, concurrency: null }, { dryRun: false });
    assert.deepEqual([lifted.sweep?.priority, lifted.sweep?.concurrency], [0, null]);
    const wrong = service.change('share', { priority: 'high', concurrency: 0 }, { dryRun: false });
    await assert.rejects(wrong, { code: 'BadRequest', message: /^(?=[^]*^priority: found "high", expected a whole number)(?=[^]*^concurrency: found 0, expected a whole number of at least 1)/m });
  });

  it('a smaller budget leaves what has begun', async () => {
    await service.submit(file('less', 'space: {a: {min: 0.1, max: 1}, epochs: 2}\nsampler: random\nbudget: {trials: 4}'));
    await end('less', { 2: 'completed' });
    await service.change('less', { budget: { trials: 1 } }, { dryRun: false });
    assert.deepEqual((await trialsOf('less')).map(({ number, state }) => [number, state]), [[0, 'queued'], [2, 'completed']]);
  });

  it('failed and cancelled trials are queued again, a remembered divergence is told, and the sweep runs again', async () => {
    await service.submit(file('again', 'space: {a: [5.1, 5.2, 5.3], epochs: 2}'));
    await end('again', { 0: 'completed', 1: 'failed', 2: 'cancelled' });
    const would = await service.retry('again', [], { dryRun: true });
    assert.deepEqual([would.retried, would.remembered, would.epochs, (await trialsOf('again')).map(({ state }) => state)], [[1, 2], [], 4, ['completed', 'failed', 'cancelled']]);
    const answer = await service.retry('again', []);
    assert.deepEqual([answer.retried, answer.remembered, answer.sweep.state], [[1, 2], [], 'running']);
    assert.deepEqual((await trialsOf('again')).map(({ state, failure, epochs }) => [state, failure, epochs]), [['completed', null, 2], ['queued', null, null], ['queued', null, null]]);
    assert.deepEqual((await eventsOf('again')).slice(1), ['trial.retried ada', 'trial.retried ada']);
    await assert.rejects(service.retry('again', ['0', '9']), { code: 'BadRequest', message: /^trial: found 0, which is completed, .*\ntrial: found 9, expected/ });
    await service.submit(file('it is', 'space: {a: 0.1, epochs: 1}'));
    await assert.rejects(service.retry('it is', ['9']), { message: /`trawl trials 'it is'` lists them$/ });
    assert.deepEqual((await service.retry('again', [])).retried, [], 'nothing is left to be tried again');

    await end('again', { 1: 'failed', 2: 'completed' }, { class: 'Diverged', message: 'the loss ceased to be finite in epoch 0' });
    const diverged = await service.retry('again', []);
    assert.deepEqual([diverged.retried, diverged.remembered, diverged.sweep.state], [[], [{ number: 1, message: 'the loss ceased to be finite in epoch 0' }], 'completed']);
  });

  it('settings of a person run next, need not be a cell, and are not run twice', async () => {
    await service.submit(file('own', 'space: {a: [0.1, 0.2], epochs: [2, 4]}'));
    const { enqueued, known } = await service.enqueue('own', [{ a: 0.7 }, { a: 0.2, epochs: 4 }, { epochs: 9 }], { front: false });
    assert.deepEqual(enqueued.map(({ number, settings }) => [number, settings]), [[4, { a: 0.7, epochs: 2 }], [5, { a: 0.1, epochs: 9 }]]);
    assert.deepEqual(known.map(({ number }) => number), [3]);
    await service.enqueue('own', [{ a: 0.8 }], { front: true });
    assert.deepEqual((await trialsOf('own')).map(({ ahead }) => ahead), [null, null, null, null, 0, 1, -1]);
    await service.change('own', { add: { a: [0.3] } }, { dryRun: false });
    assert.deepEqual((await shown('own')).slice(4), ['#4 a 0.7 epochs 2 queued', '#5 a 0.1 epochs 9 queued', '#6 a 0.8 epochs 2 queued', '#7 a 0.3 epochs 2 queued', '#8 a 0.3 epochs 4 queued'], 'a revision keeps them');
    const wrong = service.enqueue('own', [{ b: 1 }, { epochs: 0 }], { front: false });
    await assert.rejects(wrong, { code: 'BadRequest', message: /^1: space\.b: found the unknown key "b"[^]*^2: space\.epochs(\[0\])?: found 0/m });
    assert.deepEqual((await eventsOf('own')).filter((event) => event.startsWith('trial.')), Array(3).fill('trial.enqueued ada'));
  });

  it('a fork has the changed spec of another sweep and leaves that alone', async () => {
    await service.submit(file('from', 'space: {a: [0.1], epochs: 2}'));
    const { preview, sweep } = await service.fork('from', 'to', { epochs: 3 }, { dryRun: false });
    assert.deepEqual([preview.differences, sweep?.name, sweep?.revision], [['space.epochs: [2] -> [3]'], 'to', 1]);
    assert.deepEqual((await trialsOf('to'))[0]?.plan.path.slice(0, 2), (await trialsOf('from'))[0]?.plan.path);
    await assert.rejects(service.fork('from', 'to', {}, { dryRun: false }), { code: 'BadRequest', message: /^name: found to, which is a sweep already/ });
  });

  it('two commands in the same moment both count', async () => {
    await service.submit(file('race', 'space: {a: [0.1], epochs: 2}'));
    await Promise.all([service.change('race', { add: { a: [0.2] } }, { dryRun: false }), service.change('race', { add: { a: [0.3] } }, { dryRun: false }), service.enqueue('race', [{ a: 0.9 }], { front: false })]);
    assert.deepEqual((await trialsOf('race')).map(({ assignment }) => assignment.a).toSorted(), [0.1, 0.2, 0.3, 0.9]);
  });
});

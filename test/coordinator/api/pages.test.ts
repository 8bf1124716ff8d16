import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { Boards } from '../../../coordinator/api/board.js';
import type { CurvesView, FailuresView, LeaderboardView, PointsView, SeriesView, SpaceView } from '../../../coordinator/api/page-views.js';
import type { SlotTimeline } from '../../../coordinator/api/fleet-views.js';
import { Pages } from '../../../coordinator/api/pages.js';
import type { SweepCosts } from '../../../coordinator/store/records.js';
import { epochOf, granted, newPath, planOf, specOf, sweepOf, turn } from '../store/facts.js';
import { loneServer, type LoneServer } from './lone-server.js';
import { loneService, type LoneService } from './lone-service.js';

const token = 'a-token-of-the-test';
const HOSTILE = '<img src=x onerror=alert(1)>\u202e';

let lone: LoneService;
let folder: string;
let app: FastifyInstance;
let ask: LoneServer['ask'];
let sweep: string;

/** lr 0.1, 0.2, 0.3 over batch 8, 16: losses 5, 4, 3, 2, 1 of trials 0 to 4 in that order of ending, trial 5 fails. */
before(async () => {
  lone = await loneService();
  folder = await mkdtemp(join(tmpdir(), 'trawl-pages-'));
  const epoch = await lone.leader.epoch();
  const paths = Array.from({ length: 6 }, () => newPath(2));
  const plans = paths.map((path, number) => ({ ...planOf(number, path), assignment: { lr: [0.1, 0.2, 0.3][number % 3] ?? 0, batch: number < 3 ? 8 : 16, seed: HOSTILE } }));
  sweep = (await lone.store.submit({ ...sweepOf('many', []), spec: specOf('many', { axes: [{ name: 'lr', values: [0.1, 0.2, 0.3] }, { name: 'batch', values: [8, 16] }] }), trials: plans }, epoch)).id;
  for (const [number, trial] of (await lone.store.trialsOf(sweep)).entries()) {
    const grant = await granted(lone.store, epoch, trial.plan.path, { payers: [sweep] });
    const { attempt, token: lease } = grant;
    const change = { id: trial.id, revision: 1, until: null };
    await lone.store.commitTurn(epoch, turn({ trials: [{ ...change, state: 'running', epochs: null, bestEpoch: null, failure: null }] }));
    if (number === 5) {
      await lone.store.commitTurn(epoch, turn({ ended: [{ attempt, token: lease, outcome: 'TrainableError', message: HOSTILE, log: `line\n${HOSTILE}`, beganAfterMs: 0 }], trials: [{ ...change, state: 'failed', epochs: 0, bestEpoch: null, failure: { class: 'TrainableError', message: HOSTILE } }] }));
      continue;
    }
    const losses = [10, 5 - number];
    await lone.store.commitTurn(epoch, turn({ epochs: losses.map((loss, index) => epochOf(grant, index, { params: 100 + number, result: { metrics: { 'val.loss': loss }, confusion: null, diverged: false } })) }));
    await lone.store.commitTurn(epoch, turn({ ended: [{ attempt, token: lease, outcome: 'done', message: '', log: '', beganAfterMs: 0 }], trials: [{ ...change, state: 'completed', epochs: 2, bestEpoch: 1, failure: null }] }));
  }
  ({ app, ask } = await loneServer(lone, token, folder, { pages: new Pages({ store: lone.store, boards: new Boards(lone.store), project: 'default' }) }));
});
after(async () => {
  await app.close();
  await lone.close();
  await rm(folder, { recursive: true });
});

const numbers = ({ trials }: { readonly trials: readonly { readonly number: number }[] }): number[] => trials.map(({ number }) => number);
const refusal = async (url: string): Promise<[number, string]> => {
  const answer = await app.inject({ url: `/api/v1${url}`, headers: { authorization: `Bearer ${token}` } });
  return [answer.statusCode, answer.json<{ message: string }>().message];
};

it('a leaderboard is read in parts, the best first, with the columns that differ', async () => {
  const board = await ask<LeaderboardView>('/sweeps/many/leaderboard?limit=2');
  assert.deepEqual([numbers(board), board.total, board.matching], [[4, 3], 6, 6]);
  assert.deepEqual(board.columns.map(({ name }) => name), ['objective', 'epochs', 'settings.lr', 'settings.batch', 'val.loss']);
  assert.deepEqual(board.trials[0]?.values, [1, 2, 0.2, 16, 1]);
  assert.deepEqual(board.trials.map(({ place }) => place), [1, 2]);
  const last = await ask<LeaderboardView>('/sweeps/many/leaderboard?offset=4');
  assert.deepEqual([numbers(last), last.trials.at(-1)?.failure?.message, last.trials.at(-1)?.place], [[0, 5], HOSTILE, null]);
});

it('costs are told of every sweep at once', async () => {
  // Five trials of two epochs of 0.5 s each, which share nothing; the sixth failed before its first.
  assert.deepEqual(await ask<readonly SweepCosts[]>('/costs'), [{ sweep, trained: { epochs: 10, seconds: 5 }, saved: { epochs: 0, seconds: 0 } }]);
});

it('it is filtered and sorted by any column, and shows the columns that are named', async () => {
  const url = (query: object): string => `/sweeps/many/leaderboard?${new URLSearchParams(query as Record<string, string>).toString()}`;
  assert.deepEqual(numbers(await ask(url({ filter: 'val.loss < 4 && lr != 0.2' }))), [3, 2]);
  assert.deepEqual(numbers(await ask(url({ filter: 'state == "completed"', sort: 'trial:desc', limit: '3' }))), [4, 3, 2]);
  const shown = await ask<LeaderboardView>(url({ sort: 'lr:asc', columns: 'trial,lr,secondsPerEpoch', limit: '2' }));
  assert.deepEqual(shown.trials.map(({ values }) => values), [[3, 0.1, 0.5], [0, 0.1, 0.5]]);
});

it('it is filtered and sorted by the number of parameters, and refuses what it has of the trials in sight alone', async () => {
  // Trials 0 to 4 have 100 to 104 parameters; nothing is known of trial 5.
  assert.deepEqual(numbers(await ask('/sweeps/many/leaderboard?filter=params%20%3E%3D%20103')), [4, 3]);
  assert.deepEqual(numbers(await ask('/sweeps/many/leaderboard?sort=params:desc&limit=3')), [4, 3, 2]);
  assert.deepEqual((await ask<PointsView>('/sweeps/many/points?columns=params')).trials.map(({ values }) => values), [[104], [103], [102], [101], [100]]);
  for (const [url, option] of [['leaderboard?filter=secondsPerEpoch%20%3E%200', 'filter'], ['leaderboard?sort=secondsPerEpoch', 'sort'], ['curves?filter=secondsPerEpoch%20%3E%200', 'filter'], ['points?columns=secondsPerEpoch', 'columns']] as const) {
    const [status, message] = await refusal(`/sweeps/many/${url}`);
    assert.deepEqual([status, message.startsWith(`${option}: found secondsPerEpoch, `)], [400, true], message);
  }
});

it('a filter or column that is wrong is refused with where it stands and what was expected', async () => {
  const unknown = await refusal(`/sweeps/many/leaderboard?filter=${encodeURIComponent('val.loss < 4 && lrr > 1')}`);
  assert.equal(unknown[0], 400);
  assert.match(unknown[1], /^filter: at character 17: found lrr, which no trial has, expected one of .*lr.*; /);
  assert.match((await refusal('/sweeps/many/leaderboard?filter=lr%20%3E'))[1], /^filter: found "lr >": .*character/);
  for (const [url, words] of [['leaderboard?limit=0', /^limit: /], ['leaderboard?limit=1000000', /^limit: /], ['leaderboard?columns=nothing', /^columns: found nothing/], ['curves?trials=1,x', /^trials: found "x", expected numbers/], ['pareto', /has one objective, expected two or more/]] as const) {
    const [status, message] = await refusal(`/sweeps/many/${url}`);
    assert.equal(status, 400, url);
    assert.match(message, words);
  }
  assert.deepEqual((await refusal('/sweeps/none/leaderboard'))[0], 404);
});

it('the objective over time is thinned out evenly, its best so far never', async () => {
  const whole = await ask<SeriesView>('/sweeps/many/series');
  assert.deepEqual([whole.of, whole.points.map(({ value }) => value), whole.best.map(({ value }) => value)], [5, [5, 4, 3, 2, 1], [5, 4, 3, 2, 1]]);
  const thin = await ask<SeriesView>('/sweeps/many/series?points=2');
  assert.deepEqual([thin.of, thin.points.map(({ value }) => value), thin.best.length], [5, [5, 1], 5]);
});

it('curves are those of the best trials, of a filter, or of the trials that are named', async () => {
  const best = await ask<CurvesView>('/sweeps/many/curves?limit=2');
  assert.deepEqual([best.metric, best.of, best.curves.map(({ number, values, seconds }) => [number, values, seconds])], ['val.loss', 6, [[4, [10, 1], [0.5, 0.5]], [3, [10, 2], [0.5, 0.5]]]]);
  assert.deepEqual((await ask<CurvesView>('/sweeps/many/curves?trials=0,2,5')).curves.map(({ number }) => number), [2, 0]);
  const filtered = await ask<CurvesView>('/sweeps/many/curves?filter=batch%3D%3D8');
  assert.deepEqual([filtered.of, filtered.curves.length], [3, 3]);
});

it('points hold what differs and the objective', async () => {
  const points = await ask<PointsView>('/sweeps/many/points?limit=2');
  assert.deepEqual([points.of, points.columns.map(({ name }) => name), points.trials.map(({ values }) => values)], [5, ['settings.lr', 'settings.batch', 'objective'], [[0.2, 16, 1], [0.1, 8, 5]]]);
});

it('the space tells what a trial may be given, and what the best trial was', async () => {
  const { axes, best } = await ask<SpaceView>(`/sweeps/many/space`);
  assert.deepEqual(axes, [{ name: 'lr', values: [0.1, 0.2, 0.3], range: null }, { name: 'batch', values: [8, 16], range: null }]);
  // Trial 4 has the least loss, 1: the second rate, the larger batch.
  assert.deepEqual(best, { number: 4, settings: { lr: 0.2, batch: 16, seed: HOSTILE } });
});

it('failures stand together by class, with an example and the end of its log, hostile or not', async () => {
  const { groups } = await ask<FailuresView>('/sweeps/many/failures');
  assert.deepEqual(groups.map(({ class: name, count, example, log, numbers: some }) => [name, count, example.number, example.message, log, some]), [['TrainableError', 1, 5, HOSTILE, `line\n${HOSTILE}`, [5]]]);
});

it('a timeline has the latest attempts, each in a lane of its worker', async () => {
  const line = await ask<SlotTimeline>('/sweeps/many/timeline?limit=3');
  // Each was given to a worker of its own.
  assert.deepEqual([line.more, line.attempts.map(({ lane, outcome, sweeps }) => [lane, outcome, sweeps])], [true, [[0, 'done', ['many']], [0, 'done', ['many']], [0, 'TrainableError', ['many']]]]);
  assert.deepEqual([line.from, line.to], [line.attempts[0]?.startedAt, line.attempts[2]?.endedAt]);
  assert.equal((await ask<SlotTimeline>('/sweeps/many/timeline?limit=6')).more, false);
});

it('a leaderboard that was read before has what has changed since', async () => {
  const epoch = await lone.leader.epoch();
  await lone.service.retry('many', ['5']);
  const [trial] = (await lone.store.trialsOf(sweep)).filter(({ number }) => number === 5);
  assert.ok(trial !== undefined);
  assert.equal((await ask<FailuresView>('/sweeps/many/failures')).groups.length, 0);
  const grant = await granted(lone.store, epoch, trial.plan.path, { payers: [sweep] });
  await lone.store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0, { result: { metrics: { 'val.loss': 0.5 }, confusion: null, diverged: false } })], trials: [{ id: trial.id, revision: 1, state: 'running', epochs: null, bestEpoch: null, until: null, failure: null }] }));
  const fresh = await new Pages({ store: lone.store, boards: new Boards(lone.store), project: 'default' }).leaderboard('many', { quick: false, offset: 0, limit: 10 });
  const kept = await ask<LeaderboardView>('/sweeps/many/leaderboard');
  assert.equal(fresh.trials.find(({ number }) => number === 5)?.state, 'running');
  assert.ok(['queued', 'running'].includes(kept.trials.find(({ number }) => number === 5)?.state ?? ''));
});

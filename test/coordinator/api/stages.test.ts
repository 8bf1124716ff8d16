/** The tree of stages, level by level, over a real database. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { EpochKey } from '../../../proto/work.js';
import type { StagesView, StageView } from '../../../coordinator/api/stage-views.js';
import { Stages } from '../../../coordinator/api/stages.js';
import type { StageInProgress } from '../../../coordinator/leader/stages-in-progress.js';
import type { StagesBelow, SweepRecord } from '../../../coordinator/store/records.js';
import type { TrialPlan } from '../../../coordinator/sweep/spec.js';
import { epochOf, granted, keyOf, planOf, specOf, sweepOf, turn } from '../store/facts.js';
import { loneServer, type LoneServer } from './lone-server.js';
import { loneService, type LoneService } from './lone-service.js';

const token = 'a-token-of-the-test';
const HOSTILE = '<img src=x onerror=alert(1)>\u202e';

let lone: LoneService;
let folder: string;
let app: FastifyInstance;
let ask: LoneServer['ask'];
/** What the leader has in memory. */
let inProgress: readonly StageInProgress[] = [];

before(async () => {
  lone = await loneService();
  folder = await mkdtemp(join(tmpdir(), 'trawl-stages-'));
  ({ app, ask } = await loneServer(lone, token, folder, { stages: new Stages({ store: lone.store, leader: { stagesInProgress: () => inProgress }, project: 'default' }) }));
});
after(async () => {
  await app.close();
  await lone.close();
  await rm(folder, { recursive: true });
});

/** Equal beginnings are equal keys. */
function pathOf(salt: string, choices: readonly number[]): EpochKey[] {
  return choices.map((_, epoch) => keyOf(`${salt} ${choices.slice(0, epoch + 1).join(' ')}`));
}

function planned(number: number, path: readonly EpochKey[], assignment: TrialPlan['assignment']): TrialPlan {
  return { ...planOf(number, path), assignment };
}

/** lr 0.1 for 2 and 4 epochs; lr 0.2, by two rates of dropout from its third epoch on. */
async function forked(name: string): Promise<{ readonly sweep: string; readonly paths: readonly EpochKey[][] }> {
  const paths = [[1, 0], [1, 0, 0, 0], [2, 0, 0], [2, 0, 1]].map((choices) => pathOf(name, choices));
  const assignments = [{ lr: 0.1, epochs: 2, mode: HOSTILE }, { lr: 0.1, epochs: 4, mode: HOSTILE }, { lr: 0.2, epochs: 3, mode: { step: 1 } }, { lr: 0.2, epochs: 3, mode: { step: 2 } }];
  const axes = [{ name: 'lr', values: [0.1, 0.2] }, { name: 'epochs', values: [2, 3, 4] }, { name: 'mode', values: [HOSTILE, { step: 1 }, { step: 2 }] }, { name: 'fixed', values: [1] }];
  const trials = paths.map((path, number) => planned(number, path, { ...assignments[number], fixed: 1 }));
  const { id } = await lone.store.submit({ ...sweepOf(name, []), spec: specOf(name, { axes }), trials }, await lone.leader.epoch());
  return { sweep: id, paths };
}

const below = (sweep: string, parent?: Pick<StageView, 'key' | 'to'>, page = ''): Promise<StagesView> => ask(`/sweeps/${sweep}/stages?limit=100${parent === undefined ? '' : `&parent=${parent.key}&from=${parent.to}`}${page}`);
const span = ({ from, to }: StageView): readonly [number, number] => [from, to];

it('a stage ends where paths branch and where one of them ends, and says what its trials have in common', async () => {
  const { sweep, paths } = await forked('forked');
  const first = await below(sweep);
  assert.deepEqual([first.of, first.from, first.requested], [2, 0, 12]);
  const [slow, fast] = first.stages as [StageView, StageView];
  assert.deepEqual([span(slow), span(fast)], [[0, 2], [0, 2]]);
  assert.deepEqual([slow.settings, fast.settings], [{ lr: 0.1, mode: HOSTILE }, { lr: 0.2, epochs: 3 }]);
  // Trial 0 ends with the first; each is shared by two.
  assert.deepEqual([slow, fast].map(({ trials, ends, ending, saved, key }) => ({ trials, ends, ending, saved, key })), [
    { trials: 2, ends: 1, ending: [0], saved: 2, key: paths[0]?.[1] },
    { trials: 2, ends: 0, ending: [], saved: 2, key: paths[2]?.[1] },
  ]);
  const [longer] = (await below(sweep, slow)).stages as [StageView];
  assert.deepEqual([span(longer), longer.trials, longer.ends, longer.ending, longer.saved], [[2, 4], 1, 1, [1], 0]);
  const branches = await below(sweep, fast);
  assert.deepEqual([branches.of, branches.requested, branches.stages.map(span), branches.stages.map(({ settings }) => settings.mode)], [2, 2, [[2, 3], [2, 3]], [{ step: 1 }, { step: 2 }]]);
  assert.deepEqual(await below(sweep, longer), { from: 4, offset: 0, of: 0, requested: 0, stages: [] });
});

it('says what is recorded, who is at a stage, and how many are further down', async () => {
  const { sweep, paths } = await forked('under way');
  const epoch = await lone.leader.epoch();
  const grant = await granted(lone.store, epoch, paths[1] ?? [], { payers: [sweep] });
  await lone.store.commitTurn(epoch, turn({ epochs: [0, 1, 2].map((index) => epochOf(grant, index, { seconds: 2 })) }));
  const at = (name: string, path: readonly EpochKey[], kind: StageInProgress['kind'] = 'train'): StageInProgress => ({ attempt: `att_${name}`, kind, worker: name, epoch: path.length - 1, path });
  inProgress = [at('one', paths[1] ?? []), at('two', paths[2]?.slice(0, 1) ?? []), at('three', paths[1]?.slice(0, 2) ?? [], 'evaluate')];
  const [slow, fast] = (await below(sweep)).stages as [StageView, StageView];
  assert.deepEqual([slow.state, slow.recorded, slow.seconds, slow.attempts, slow.attemptsBelow], ['done', 2, 4, [{ attempt: 'att_three', kind: 'evaluate', worker: 'three', epoch: 1 }], 1]);
  assert.deepEqual([fast.state, fast.recorded, fast.attempts, fast.attemptsBelow], ['leased', 0, [{ attempt: 'att_two', kind: 'train', worker: 'two', epoch: 0 }], 0]);
  const [longer] = (await below(sweep, slow)).stages as [StageView];
  assert.deepEqual([longer.state, longer.recorded, longer.attempts.map(({ worker, epoch: now }) => [worker, now])], ['leased', 1, [['one', 3]]]);
  inProgress = [];
  assert.equal((await below(sweep)).stages[1]?.state, 'waiting');
});

it('an ended trial counts as far as it went, a cancelled one not at all', async () => {
  const { sweep } = await forked('ended');
  const epoch = await lone.leader.epoch();
  const ids = (await lone.store.trialsOf(sweep)).map(({ id }) => id);
  const end = (number: number, state: 'pruned' | 'cancelled' | 'infeasible', epochs: number | null) => ({ id: ids[number] ?? '', revision: 1, until: null, state, epochs, bestEpoch: null, failure: null });
  await lone.store.commitTurn(epoch, turn({ trials: [end(1, 'pruned', 1), end(2, 'cancelled', null)] }));
  const { requested, stages } = await below(sweep);
  assert.equal(requested, 2 + 1 + 3);
  assert.deepEqual(stages.map((stage) => [span(stage), stage.trials, stage.done, stage.ending]), [[[0, 1], 2, 1, [1]], [[0, 3], 1, 0, [3]]]);
  // As one whose memory runs out when its base is unfrozen.
  await lone.store.commitTurn(epoch, turn({ trials: [end(3, 'infeasible', 2)] }));
  assert.deepEqual((await below(sweep)).stages.map(({ done, failed, infeasible }) => [done, failed, infeasible]), [[1, 0, 0], [0, 0, 1]]);
});

it('many stages are read in pages, those with most trials first', async () => {
  const name = 'pages';
  const { id } = await lone.store.submit(sweepOf(name, [[1], [2], [3, 1], [3, 2]].map((choices) => pathOf(name, choices))), await lone.leader.epoch());
  const page = async (offset: number): Promise<unknown> => {
    const { of, stages } = await ask<StagesView>(`/sweeps/${id}/stages?limit=2&offset=${offset}`);
    return [of, stages.map(({ trials, ending }) => [trials, ...ending])];
  };
  assert.deepEqual([await page(0), await page(2)], [[3, [[2], [1, 0]]], [3, [[1, 1]]]]);
});

/** The tree from its definition: a node for each key, and stages as runs of nodes in which nothing branches or ends. */
function treeOf(paths: readonly (readonly EpochKey[])[]): string[] {
  const lines: string[] = [];
  const walk = (trials: readonly (readonly EpochKey[])[], from: number): void => {
    const groups = new Map<EpochKey, (readonly EpochKey[])[]>();
    for (const path of trials) if (path[from] !== undefined) groups.set(path[from], [...(groups.get(path[from]) ?? []), path]);
    for (const group of groups.values()) {
      let to = from + 1;
      while (group.every((path) => path.length > to) && new Set(group.map((path) => path[to])).size === 1) to += 1;
      lines.push(`${group[0]?.[to - 1] ?? ''} ${from}-${to} ${group.length} ${group.filter((path) => path.length === to).length}`);
      walk(group, to);
    }
  };
  walk(paths, 0);
  return lines.sort();
}

it('is the tree that the paths make, and what it saves is what they share', async () => {
  const choices = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 5 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(choices, { minLength: 1, maxLength: 8 }), async (trials) => {
      run += 1;
      const paths = trials.map((each) => pathOf(`tree ${run}`, each));
      const { id } = await lone.store.submit(sweepOf(`tree ${run}`, paths), await lone.leader.epoch());
      const lines: string[] = [];
      let saved = 0;
      const walk = async (parent?: StageView): Promise<void> => {
        for (const stage of (await below(id, parent)).stages) {
          lines.push(`${stage.key} ${stage.from}-${stage.to} ${stage.trials} ${stage.ends}`);
          saved += stage.saved;
          if (stage.ends < stage.trials) await walk(stage);
        }
      };
      await walk();
      assert.deepEqual(lines.sort(), treeOf(paths));
      assert.equal(saved, paths.flat().length - new Set(paths.flat()).size);
    }),
    { numRuns: 15 },
  );
});

it('a parent that is none, and a sweep that is not there, are refused', async () => {
  const refusal = async (url: string): Promise<unknown> => {
    const answer = await app.inject({ url: `/api/v1${url}`, headers: { authorization: `Bearer ${token}` } });
    return [answer.statusCode, answer.json<{ message: string }>().message];
  };
  assert.deepEqual(await refusal('/sweeps/forked/stages?parent=abc&from=1'), [400, 'parent: expected the key of an epoch, 64 hexadecimal digits']);
  assert.deepEqual(await refusal(`/sweeps/forked/stages?parent=${keyOf('a')}`), [400, "from: expected the parent's `to` beside `parent`, and 0 without one"]);
  assert.deepEqual(await refusal('/sweeps/nothing/stages'), [404, 'no sweep with the name or id nothing; `trawl ls` lists them']);
  assert.deepEqual(await ask(`/sweeps/forked/stages?parent=${keyOf('elsewhere')}&from=3`), { from: 3, offset: 0, of: 0, requested: 0, stages: [] });
});

/** Over a store whose second answer is an error: how often it was asked, and by how many at once. */
function counted(record: SweepRecord): { readonly stages: Stages; readonly seen: { asked: number; atOnce: number } } {
  const seen = { asked: 0, atOnce: 0 };
  let now = 0;
  const stagesBelow = async (): Promise<StagesBelow> => {
    seen.asked += 1;
    const isSecond = seen.asked === 2;
    seen.atOnce = Math.max(seen.atOnce, (now += 1));
    await setImmediate();
    now -= 1;
    if (isSecond) throw new Error('away');
    return { of: 0, requested: 0, stages: [] };
  };
  const store = { findSweep: async () => record, stagesBelow, assignmentsOf: async () => [] };
  return { stages: new Stages({ store, leader: { stagesInProgress: () => [] }, project: 'default' }), seen };
}

async function recordOf(name: string): Promise<SweepRecord> {
  const { sweep } = await forked(name);
  const record = await lone.store.findSweep('default', sweep);
  assert.ok(record !== null);
  return record;
}

it('levels are read one after the other, and one that fails keeps none of the others waiting', async () => {
  const { stages, seen } = counted(await recordOf('in turn'));
  const answers = await Promise.allSettled([0, 1, 2].map((offset) => stages.below('in turn', { parent: null, offset, limit: 100 })));
  assert.deepEqual(answers.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled']);
  assert.deepEqual(seen, { asked: 3, atOnce: 1 });
});

it('a level of a sweep that is over is read once, one that runs each time, and one that failed again', async () => {
  const record = await recordOf('read once');
  for (const [state, asked] of [['completed', 3], ['running', 4]] as const) {
    const { stages, seen } = counted({ ...record, state });
    const level = (offset: number): Promise<StagesView> => stages.below('read once', { parent: null, offset, limit: 100 });
    await level(0);
    await assert.rejects(level(1), /away/);
    assert.deepEqual([(await level(0)).of, (await level(1)).of], [0, 0]);
    assert.equal(seen.asked, asked, state);
  }
});

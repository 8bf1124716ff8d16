/** What a worker keeps, and what makes room, with real children. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { LeaseRef } from '../../../proto/messages.js';
import type { TrainWork } from '../../../proto/work.js';
import { garthTrajectory, SIZE, storeDataSet, trainWork, type DataSet } from './data-set.js';
import { startAgent, type RunningAgent } from './in-process.js';
import { ScriptedCoordinator } from './scripted-coordinator.js';
import { syntheticWork } from './synthetic-work.js';

/** Pixels and index lines of 38 images at 16 px; with room for the pack and the manifest, but not for 38 images at 20 px beside. */
const LIMIT_BYTES = 38 * (SIZE * SIZE + 65) + 24_000;

describe('an agent whose cache holds one size of images', () => {
  let coordinator: ScriptedCoordinator;
  let running: RunningAgent;
  let data: DataSet;

  before(async () => {
    coordinator = await ScriptedCoordinator.start();
    data = await storeDataSet(coordinator.blobs);
    running = await startAgent(coordinator, { slots: 2, cacheBytes: LIMIT_BYTES });
  });
  after(async () => {
    await running.close();
    await coordinator.stop();
  });

  const atSize = (size: number, to: number): TrainWork => {
    const trajectory = garthTrajectory(data);
    return trainWork(data, { to, trajectory: { ...trajectory, input: { ...trajectory.input, height: size, width: size } } });
  };
  const done = async (lease: LeaseRef): Promise<void> => {
    const outcome = await coordinator.outcomeOf(lease);
    assert.deepEqual([outcome.class, outcome.message], ['done', '']);
  };
  const sizes = async (): Promise<string[]> => (await readdir(running.home.pixels, { recursive: true })).flatMap((name) => /([0-9x]+)-stretch\.pixels$/.exec(name)?.[1] ?? []).sort();

  it('the size that nothing needs any more makes room, and is decoded again when a stage needs it', async () => {
    const first = coordinator.offer(atSize(SIZE, 1));
    await done(first);
    assert.deepEqual(await sizes(), ['16x16x1']);
    await done(coordinator.offer(atSize(48, 1)));
    assert.deepEqual(await sizes(), ['48x48x1']);
    const again = coordinator.offer(atSize(SIZE, 1));
    await done(again);
    const metrics = (lease: LeaseRef): unknown => coordinator.of(lease, 'epoch')[0]?.result.metrics;
    assert.deepEqual(metrics(again), metrics(first));
  });

  it('what a running stage needs stays, and what one needs that waits; then it makes room', async () => {
    assert.deepEqual(await sizes(), ['16x16x1']);
    const endless = [0, 1].map(() => coordinator.offer(syntheticWork({ to: 100_000, epochMs: 2 })));
    for (const lease of endless) await coordinator.epochReport(lease, 0);
    const waiting = coordinator.offer(atSize(SIZE, 1));
    // Whoever has heard this has heard the offer before it.
    coordinator.send({ kind: 'cancel', attempt: endless[0]!.attempt, how: 'release' });
    assert.equal((await coordinator.outcomeOf(endless[0]!)).class, 'released');
    const press = async (): Promise<void> => (await running.cache.take('another file', LIMIT_BYTES))();
    await press();
    assert.deepEqual(await sizes(), ['16x16x1']);
    await done(waiting);
    await press();
    assert.deepEqual(await sizes(), []);
    coordinator.send({ kind: 'cancel', attempt: endless[1]!.attempt, how: 'abandon' });
  });
});

it('images cut to another region are decoded for themselves, on a box that has them whole at the same size', async (context) => {
  const coordinator = await ScriptedCoordinator.start();
  const running = await startAgent(coordinator);
  context.after(async () => {
    await running.close();
    await coordinator.stop();
  });
  const data = await storeDataSet(coordinator.blobs);
  const { input, ...rest } = garthTrajectory(data);
  for (const crop of [undefined, { box: [0, 0, 0.5, 0.5] as const }]) {
    const lease = coordinator.offer(trainWork(data, { to: 1, trajectory: { ...rest, input: { ...input, ...(crop === undefined ? {} : { crop }) } } }));
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
  }
  const files = (await readdir(running.home.pixels, { recursive: true })).filter((name) => name.endsWith('.pixels'));
  assert.deepEqual(files.map((name) => name.split('/').at(-1)).toSorted(), ['16x16x1-stretch-0_0_0.5_0.5.pixels', '16x16x1-stretch.pixels']);
});

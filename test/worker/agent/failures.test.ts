import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, beforeEach, describe, it, test } from 'node:test';
import { DiskFullError } from '../../../blob/errors.js';
import { FolderBlobStore } from '../../../blob/folder.js';
import type { StoredBlob } from '../../../blob/store.js';
import { encodeManifest, makeManifest } from '../../../proto/manifest.js';
import { packageRoot } from '../../../proto/package-root.js';
import type { LeaseRef, Progress } from '../../../proto/messages.js';
import type { TrainWork } from '../../../proto/work.js';
import { storeDataSet, trainWork } from './data-set.js';
import { startAgent, type LogLine, type RunningAgent } from './in-process.js';
import { gone, isAlive } from './processes.js';
import { ScriptedCoordinator } from './scripted-coordinator.js';
import { syntheticWork } from './synthetic-work.js';

const SCRIPTED_CHILD = join(packageRoot(), 'dist', 'test', 'worker', 'agent', 'scripted-child.js');

describe('an agent whose children misbehave', () => {
  let coordinator: ScriptedCoordinator;
  let running: RunningAgent;

  before(async () => {
    coordinator = await ScriptedCoordinator.start();
    running = await startAgent(coordinator, { childModule: SCRIPTED_CHILD });
  });
  after(async () => {
    await running.close();
    await coordinator.stop();
  });

  const misbehave = (how: string, change: Partial<TrainWork> = {}): LeaseRef => coordinator.offer(syntheticWork({ values: { how }, ...change }));
  /** The number that the child told as its progress; the agent's own word that the offer has arrived says 0. */
  const told = async (lease: LeaseRef): Promise<number> => (await coordinator.progress.first((progress): progress is Progress => progress.attempt === lease.attempt && progress.step > 0)).step;

  it('survives a gigabyte of output without keeping it', async () => {
    const before = process.memoryUsage.rss();
    const outcome = await coordinator.outcomeOf(misbehave('print'));
    assert.equal(outcome.class, 'done');
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 256 * 2 ** 20, `the agent grew by ${grown} bytes`);
  });

  it('kills what a child has forked together with the child', async () => {
    const lease = misbehave('fork');
    const grandchild = await told(lease);
    assert.equal(await isAlive(grandchild), true);
    coordinator.send({ kind: 'cancel', attempt: lease.attempt, how: 'abandon' });
    await gone(grandchild);
    // The slot is free again, and the abandoned attempt was not spoken of.
    assert.equal((await coordinator.outcomeOf(misbehave('finish'))).class, 'done');
    assert.deepEqual(coordinator.of(lease, 'finished'), []);
  });

  it('ends a child that grows past its limit, and says how much it needed', async () => {
    const memoryBytes = 256 * 2 ** 20;
    const outcome = await coordinator.outcomeOf(misbehave('grow', { memoryBytes }));
    assert.equal(outcome.class, 'OutOfMemory');
    assert.ok(outcome.neededBytes !== null && outcome.neededBytes > memoryBytes, `needed ${outcome.neededBytes}`);
    assert.match(outcome.message, /^the training process grew to \d+ MiB, over its limit of 256 MiB$/);
  });

  it('takes an exception for the trainable’s own error, and quotes it', async () => {
    const outcome = await coordinator.outcomeOf(misbehave('throw'));
    assert.deepEqual(outcome, { class: 'TrainableError', message: 'the training process exited with code 1: Error: the trainable went wrong', neededBytes: null });
  });

  it('quotes the last line of a child that exits', async () => {
    const outcome = await coordinator.outcomeOf(misbehave('exit'));
    assert.deepEqual(outcome, { class: 'TrainableError', message: 'the training process exited with code 3: giving up', neededBytes: null });
  });

  it('takes an abort for a crash of the trainable', async () => {
    const outcome = await coordinator.outcomeOf(misbehave('abort'));
    assert.equal(outcome.class, 'TrainableError');
    assert.match(outcome.message, /^the training process crashed \(SIGABRT\)/);
  });

  it('does not take what a child printed before its order for the cause of its end', async () => {
    assert.equal((await coordinator.outcomeOf(misbehave('warn'))).class, 'done');
    assert.equal((await coordinator.outcomeOf(misbehave('abort'))).class, 'TrainableError');
  });

  it('keeps no child that could not do its order', async () => {
    const lease = misbehave('refuse');
    const pid = await told(lease);
    assert.deepEqual(await coordinator.outcomeOf(lease), { class: 'WorkerLost', message: 'the GPU is taken', neededBytes: null });
    await gone(pid);
    assert.equal((await coordinator.outcomeOf(misbehave('finish'))).class, 'done');
  });

  it('takes a kill from outside for a lost worker', async () => {
    const lease = misbehave('hang');
    process.kill(await told(lease), 'SIGKILL');
    assert.deepEqual(await coordinator.outcomeOf(lease), { class: 'WorkerLost', message: 'the training process was killed by SIGKILL', neededBytes: null });
  });

  it('ends a hung child when its stage has had its time', async () => {
    const lease = misbehave('hang', { timeoutMs: 1000 });
    const pid = await told(lease);
    assert.deepEqual(await coordinator.outcomeOf(lease), { class: 'Timeout', message: 'the stage took longer than its limit of 1 s', neededBytes: null });
    await gone(pid);
  });

  for (const [what, graceMs, hurry] of [['has no more time', 20, undefined], ['is hurried', 60_000, Promise.resolve()]] as const) {
    it(`gives up the epoch in progress when it ${what}, and says that it was preempted`, async (t) => {
      const its = await ScriptedCoordinator.start();
      const own = await startAgent(its, { childModule: SCRIPTED_CHILD });
      t.after(async () => {
        await own.close();
        await its.stop();
      });
      const lease = its.offer(syntheticWork({ values: { how: 'hang' } }));
      const { step: pid } = await its.progress.first((progress): progress is Progress => progress.step > 0);
      await own.agent.drain(graceMs, hurry);
      assert.equal((await its.outcomeOf(lease)).class, 'Preempted');
      await gone(pid);
    });
  }

  it('ends a child that reports an epoch nobody asked for', async () => {
    const outcome = await coordinator.outcomeOf(misbehave('nonsense'));
    assert.equal(outcome.class, 'TrainableError');
    assert.match(outcome.message, /epoch 99 is not in \[0, 1\)/);
  });
});

test('the most memory that a training took is measured where its process was started for it', { skip: process.platform !== 'linux' && 'measured on Linux alone' }, async (t) => {
  const coordinator = await ScriptedCoordinator.start();
  t.after(() => coordinator.stop());
  const running = await startAgent(coordinator);
  t.after(() => running.close());
  const data = await storeDataSet(coordinator.blobs);
  const cold = await coordinator.outcomeOf(coordinator.offer(trainWork(data)));
  const warm = await coordinator.outcomeOf(coordinator.offer(trainWork(data)));
  assert.deepEqual([cold.class, warm.class, warm.neededBytes], ['done', 'done', null]);
  assert.ok(cold.neededBytes !== null && cold.neededBytes > 20 * 2 ** 20 && cold.neededBytes < 2 ** 30, `measured ${cold.neededBytes}`);
});

/** A disk that fills up. */
class FillingStore extends FolderBlobStore {
  full = false;
  override async put(bytes: Uint8Array | Readable, expected?: string): Promise<StoredBlob> {
    if (this.full) throw new DiskFullError(`blob ${expected ?? ''}`, 'ENOSPC');
    return super.put(bytes, expected);
  }
}

describe('an agent that trains', () => {
  let coordinator: ScriptedCoordinator;
  let running: RunningAgent;
  let disk: FillingStore;

  before(async () => {
    coordinator = await ScriptedCoordinator.start((folder) => {
      disk = new FillingStore(folder);
      return disk;
    });
    running = await startAgent(coordinator, { slots: 2 });
  });
  beforeEach(() => {
    coordinator.script = () => ({});
  });
  after(async () => {
    await running.close();
    await coordinator.stop();
  });

  it('ends a stage as DiskFull when its checkpoint finds no room, and trains on when there is some', async () => {
    const data = await storeDataSet(coordinator.blobs);
    disk.full = true;
    const lease = coordinator.offer(trainWork(data));
    const outcome = await coordinator.outcomeOf(lease);
    assert.equal(outcome.class, 'DiskFull');
    assert.match(outcome.message, /^no room left to write blob [0-9a-f]{64} .*free some space there/);
    assert.deepEqual(coordinator.of(lease, 'checkpoint'), []);
    disk.full = false;
    assert.equal((await coordinator.outcomeOf(coordinator.offer(trainWork(data)))).class, 'done');
    assert.deepEqual(await running.leftovers(), []);
  });

  it('predicts that a model does not fit before it takes the memory', async () => {
    const data = await storeDataSet(coordinator.blobs);
    const outcome = await coordinator.outcomeOf(coordinator.offer(trainWork(data, { memoryBytes: 32 * 2 ** 20 })));
    assert.equal(outcome.class, 'OutOfMemory');
  });

  it('calls a data set that cannot be decoded a DataError, and names the file', async () => {
    const data = await storeDataSet(coordinator.blobs);
    const bytes = Buffer.from('not an image');
    const pack = await coordinator.blobs.put(bytes);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const files = (['train', 'val'] as const).map((part, label) => ({ name: `${part}.png`, digest, label, part, pack: 0, offset: 0, bytes: bytes.length }));
    const manifest = await coordinator.blobs.put(encodeManifest(makeManifest(['A', 'B'], [pack.id], files)));
    const outcome = await coordinator.outcomeOf(coordinator.offer({ ...trainWork(data), dataset: manifest.id }));
    assert.equal(outcome.class, 'DataError');
    assert.match(outcome.message, /^(train|val)\.png cannot be decoded: not an image in a known format/);
  });

  it('says nothing more of an attempt whose lease is gone, and takes new work', async () => {
    coordinator.script = (message) => (message.kind === 'epoch' && message.epoch === 2 ? { verdict: 'stale', next: 'stop' } : {});
    const stale = coordinator.offer(syntheticWork({ to: 10_000, epochMs: 1 }));
    await coordinator.epochReport(stale, 2);
    const next = coordinator.offer(syntheticWork({ to: 3 }));
    assert.equal((await coordinator.outcomeOf(next)).class, 'done');
    coordinator.disconnect();
    await coordinator.hellos.count(2);
    assert.deepEqual(coordinator.hellos.items.at(-1)?.leases, []);
    assert.deepEqual(coordinator.of(stale, 'finished'), []);
  });

  it('trains on while the connection is down, and names what runs when it is back', async () => {
    const hellos = coordinator.hellos.items.length;
    const lease = coordinator.offer(syntheticWork({ to: 400, epochMs: 1 }));
    await coordinator.epochReport(lease, 1);
    coordinator.disconnect();
    await coordinator.hellos.count(hellos + 1);
    assert.deepEqual(coordinator.hellos.items.at(-1)?.leases, [lease]);
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
    const epochs = new Set(coordinator.of(lease, 'epoch').map(({ epoch }) => epoch));
    assert.equal(epochs.size, 400);
  });

  it('ends what the coordinator has given to others while it was away', async () => {
    const hellos = coordinator.hellos.items.length;
    const lost = coordinator.offer(syntheticWork({ to: 100_000, epochMs: 1 }));
    await coordinator.epochReport(lost, 1);
    coordinator.lost = [lost];
    coordinator.disconnect();
    await running.lines.first((entry): entry is LogLine => entry.facts.attempt === lost.attempt && entry.line.startsWith('attempt abandoned'));
    coordinator.lost = [];
    // Both slots are free again.
    for (const lease of [1, 2].map(() => coordinator.offer(syntheticWork({ to: 2, epochMs: 1 })))) assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
    assert.equal(coordinator.hellos.items.length, hellos + 1);
    assert.deepEqual(coordinator.of(lost, 'finished'), []);
  });

  it('queues offers beyond its slots and runs each', async () => {
    const leases = Array.from({ length: 7 }, () => coordinator.offer(syntheticWork({ to: 2, epochMs: 1 })));
    for (const lease of leases) assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
  });

  it('drains: gives back what runs at an epoch end, and takes no more', async () => {
    const hellos = coordinator.hellos.items.length;
    const lease = coordinator.offer(syntheticWork({ to: 100_000, epochMs: 1 }));
    await coordinator.epochReport(lease, 0);
    await running.agent.drain(60_000);
    assert.equal((await coordinator.outcomeOf(lease)).class, 'released');
    assert.equal(coordinator.hellos.items.length, hellos + 1);
    assert.equal(coordinator.hellos.items.at(-1)?.slots, 0);
  });
});

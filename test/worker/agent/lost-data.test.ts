/** Data that the store has lost, and boxes that have copies of it. */
import assert from 'node:assert/strict';
import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FEATURE_RESTORE } from '../../../proto/messages.js';
import { storeDataSet, trainWork, type DataSet } from './data-set.js';
import { startAgent, type RunningAgent } from './in-process.js';
import { ScriptedCoordinator } from './scripted-coordinator.js';

async function stage(context: TestContext, pausesMs?: readonly number[]): Promise<{ coordinator: ScriptedCoordinator; running: RunningAgent; data: DataSet }> {
  const coordinator = await ScriptedCoordinator.start();
  const running = await startAgent(coordinator, pausesMs === undefined ? {} : { pausesMs });
  context.after(async () => {
    await running.close();
    await coordinator.stop();
  });
  return { coordinator, running, data: await storeDataSet(coordinator.blobs) };
}

/** The manifest and its packs. */
const partsOf = ({ blob, manifest }: DataSet): string[] => [blob, ...manifest.packs];

test('a worker puts what the store has lost of a data set back from its own copy', async (context) => {
  const { coordinator, running, data } = await stage(context);
  assert.ok(coordinator.hellos.items[0]?.features.includes(FEATURE_RESTORE));
  assert.equal((await coordinator.outcomeOf(coordinator.offer(trainWork(data, { to: 1 })))).class, 'done');
  for (const blob of partsOf(data)) {
    await coordinator.blobs.delete(blob);
    coordinator.send({ kind: 'restore', blob });
    await running.lines.first((line): line is typeof line => line.line.startsWith('put back') && line.facts.blob === blob);
    assert.equal(await coordinator.blobs.has(blob), true);
  }
});

test('a copy that is damaged on the box is not put into the store', async (context) => {
  const { coordinator, running, data } = await stage(context);
  assert.equal((await coordinator.outcomeOf(coordinator.offer(trainWork(data, { to: 1 })))).class, 'done');
  await coordinator.blobs.delete(data.blob);
  await appendFile(join(running.home.blobs, data.blob), '!');
  coordinator.send({ kind: 'restore', blob: data.blob });
  // Told in order: the other's answer shows that the first is through.
  const other = partsOf(data)[1]!;
  await coordinator.blobs.delete(other);
  coordinator.send({ kind: 'restore', blob: other });
  await running.lines.first((line): line is typeof line => line.line.startsWith('put back') && line.facts.blob === other);
  assert.equal(await coordinator.blobs.has(data.blob), false);
});

test('a stage whose data the store has lost says so, waits, and trains once others have put it back', async (context) => {
  const { coordinator, data } = await stage(context);
  const copies = await Promise.all(partsOf(data).map(async (blob) => ({ blob, bytes: Buffer.concat(await (await coordinator.blobs.open(blob)).toArray()) })));
  for (const { blob } of copies) await coordinator.blobs.delete(blob);
  const lease = coordinator.offer(trainWork(data, { to: 1 }));
  for (const { blob, bytes } of copies) {
    await coordinator.missing.first((message): message is typeof message => message.blob === blob);
    await coordinator.blobs.put(bytes, blob);
  }
  assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
});

test('data that nobody puts back ends the stage as DataLost, with what to do', async (context) => {
  const { coordinator, data } = await stage(context, [1, 1]);
  await coordinator.blobs.delete(data.blob);
  const outcome = await coordinator.outcomeOf(coordinator.offer(trainWork(data, { to: 1 })));
  assert.equal(outcome.class, 'DataLost');
  assert.match(outcome.message, new RegExp(`^the blob ${data.blob} .* is gone from the store, .* puts it back and resumes the sweep$`));
  assert.deepEqual(coordinator.missing.items, [{ kind: 'missing', blob: data.blob }, { kind: 'missing', blob: data.blob }]);
});

test('a stage that waits for lost data gives its lease back when it is asked to', async (context) => {
  const { coordinator, data } = await stage(context);
  await coordinator.blobs.delete(data.blob);
  const lease = coordinator.offer(trainWork(data, { to: 1 }));
  await coordinator.missing.count(1);
  coordinator.send({ kind: 'cancel', attempt: lease.attempt, how: 'release' });
  assert.equal((await coordinator.outcomeOf(lease)).class, 'released');
});

test('blobs of the store that are set aside as damaged are looked for at other boxes like lost ones', async (context) => {
  const { coordinator, data } = await stage(context);
  const bytes = Buffer.concat(await (await coordinator.blobs.open(data.blob)).toArray());
  const folder = join(coordinator.folder, 'blobs', data.blob.slice(0, 2), data.blob.slice(2, 4));
  await appendFile(join(folder, (await readdir(folder))[0]!), '!');
  const lease = coordinator.offer(trainWork(data, { to: 1 }));
  await coordinator.missing.first((message): message is typeof message => message.blob === data.blob);
  await coordinator.blobs.put(bytes, data.blob);
  assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
});

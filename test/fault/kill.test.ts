import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { before } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { RealRun, assertNothingLeft, leaderboard, until, writeSweep, type RunDocument } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-fault-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let file = '';
let calm: RunDocument;

before(async () => {
  file = await writeSweep(folder);
  const run = new RealRun(file, join(folder, 'calm'));
  await run.recorded(1);
  const port = run.coordinatorPort;
  calm = await run.document();
  assert.equal(calm.epochs.retrained, 0);
  await assertNothingLeft(join(folder, 'calm'), port);
});

/** Same leaderboard, bit for bit; each key recorded once; at most the epochs in flight trained again. */
function assertSame(document: RunDocument): void {
  assert.deepEqual(leaderboard(document), leaderboard(calm));
  assert.equal(document.sweep.state, 'completed');
  assert.ok(document.epochs.retrained <= 2 * 6, `${document.epochs.retrained} epochs were trained again`);
}

/** What is hit, and a part of its command line. */
const victims = [
  ['a training child', join('train', 'child-main.js')],
  ['the agent', join('worker', 'main', 'main.js')],
  ['the coordinator', join('coordinator', 'main', 'main.js')],
  ['Postgres', join('bin', 'postgres')],
] as const;

for (const [victim, part] of victims) {
  test(`kill -9 of ${victim} in the middle of a sweep changes nothing in its leaderboard`, async () => {
    const run = new RealRun(file, join(folder, part.replaceAll(/\W/g, '-')));
    await run.recorded(4);
    const port = run.coordinatorPort;
    process.kill(run.one(part), 'SIGKILL');
    const document = await run.document();
    assertSame(document);
    assert.equal(document.epochs.trained, calm.epochs.trained, 'no epoch key is recorded twice');
    await assertNothingLeft(run.home, port);
  });
}

test('kill -9 of trawl run as a whole: everything ends with it, and the same command resumes', async () => {
  const home = join(folder, 'whole');
  const first = new RealRun(file, home);
  await first.recorded(4);
  const port = first.coordinatorPort;
  const family = first.find('').map(({ pid }) => pid);
  first.child.kill('SIGKILL');
  await first.ended;
  await until('the end of its children', () => (family.some((pid) => isAlive(pid)) ? null : true));
  const second = new RealRun(file, home);
  const document = await second.document();
  assertSame(document);
  assert.ok(document.epochs.trained <= calm.epochs.trained - 4, 'what was recorded is not trained again');
  await assertNothingLeft(home, port);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('an agent that sleeps past its lease writes nothing late, and carries on', async () => {
  const run = new RealRun(file, join(folder, 'asleep'), ['--lease', '2s']);
  await run.recorded(4);
  const port = run.coordinatorPort;
  const agent = run.one(join('worker', 'main', 'main.js'));
  const children = run.find(join('train', 'child-main.js')).map(({ pid }) => pid);
  for (const pid of [agent, ...children]) process.kill(pid, 'SIGSTOP');
  await run.idle();
  for (const pid of [agent, ...children]) process.kill(pid, 'SIGCONT');
  assertSame(await run.document());
  await assertNothingLeft(run.home, port);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { lockHolder, takeLock } from '../../../cli/host/lock.js';
import { packageRoot } from '../../../proto/package-root.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-lock-'));
  path = join(folder, 'host.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Another process that takes the lock, says what came of it, and keeps it until it is killed. */
function taker(): ReturnType<typeof spawn> {
  const module = pathToFileURL(join(packageRoot(), 'dist', 'cli', 'host', 'lock.js')).href;
  const script = `import { takeLock } from ${JSON.stringify(module)}; const got = takeLock(process.argv[1]); process.send('holder' in got ? 'busy' : 'taken'); setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script, path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

it('the lock is held by one at a time and free after its release', () => {
  const lock = takeLock(path);
  assert.ok('release' in lock);
  const second = takeLock(path);
  assert.ok('holder' in second);
  assert.equal(second.holder.pid, process.pid);
  lock.release();
  assert.equal(lockHolder(path), null);
  assert.ok('release' in takeLock(path));
});

it('the lock of a process that was killed is taken over, with nothing left behind', async () => {
  const child = taker();
  assert.deepEqual(await once(child, 'message').then(([message]) => message as unknown), 'taken');
  assert.equal(lockHolder(path)?.pid, child.pid);
  assert.ok('holder' in takeLock(path));
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok('release' in takeLock(path));
  assert.deepEqual(readdirSync(folder), ['host.lock']);
});

it('a process id that was given to another process since does not hold the lock', () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, started: 'another time' }));
  assert.equal(lockHolder(path), null);
  assert.ok('release' in takeLock(path));
});

it('a lock file that makes no sense holds nothing', () => {
  writeFileSync(path, 'not a lock');
  assert.ok('release' in takeLock(path));
  assert.ok(existsSync(path));
});

it('of many that want a stale lock at once, exactly one gets it', async () => {
  writeFileSync(path, JSON.stringify({ pid: 2 ** 22 + 1, started: '1' }));
  const children = Array.from({ length: 4 }, taker);
  const answers = await Promise.all(children.map(async (child) => (await once(child, 'message'))[0] as string));
  for (const child of children) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  assert.deepEqual(answers.toSorted(), ['busy', 'busy', 'busy', 'taken']);
});

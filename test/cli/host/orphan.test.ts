/** Whoever forks one of these processes may be killed at any moment of its start. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { packageRoot } from '../../../proto/package-root.js';
import { temporaryFolder } from '../../support/images.js';

const MODULES = {
  worker: ['worker', 'main', 'main.js'],
  coordinator: ['coordinator', 'main', 'main.js'],
  training: ['worker', 'train', 'child-main.js'],
} as const;

/** The start of a worker takes about 400 ms here. */
const KILLED_AFTER_MS = [0, 50, 500];

/** Long past any start, far from the limit of a test. */
const LIMIT_MS = 10_000;

/** A parent that forks a module with standard output left open, says the child's id, and lives until it is killed. */
const PARENT = `
import { fork } from 'node:child_process';
const child = fork(process.argv[2], process.argv.slice(3), { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
child.on('error', () => undefined);
process.send(child.pid);
setInterval(() => undefined, 1_000);
`;

describe('a parent that is killed while its child starts takes the child with it', () => {
  for (const [name, path] of Object.entries(MODULES)) {
    for (const killedAfterMs of KILLED_AFTER_MS) {
      it(`${name}, after ${killedAfterMs} ms`, async (t) => {
        const folder = temporaryFolder(t);
        const home = join(folder, 'home');
        mkdirSync(home);
        const script = join(folder, 'parent.mjs');
        writeFileSync(script, PARENT);
        // No coordinator and no database answer at port 9: a child that has started would go on trying.
        const args = name === 'worker' ? ['--coordinator', '127.0.0.1:9', '--blobs', 'http://127.0.0.1:9', '--home', home, '--slots', '1'] : name === 'coordinator' ? ['--home', home] : [];
        const env = { ...process.env, TRAWL_TOKEN: 'token', TRAWL_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' };
        const parent = fork(script, [join(packageRoot(), 'dist', ...path), ...args], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
        const [pid] = (await once(parent, 'message')) as [number];
        // The moment of the kill is what this is about: nothing is waited for.
        if (killedAfterMs > 0) await after(killedAfterMs);
        // The child holds the parent's pipes: they end when both are gone.
        const closed = once(parent, 'close', { signal: AbortSignal.timeout(LIMIT_MS) });
        parent.stdout?.resume();
        parent.stderr?.resume();
        parent.kill('SIGKILL');
        await closed.catch(() => {
          process.kill(pid, 'SIGKILL');
          assert.fail(`${name} ${pid} outlived its parent`);
        });
      });
    }
  }
});

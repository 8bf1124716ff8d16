/** A child in an endless loop ends with its parent, however that ends. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../../proto/package-root.js';
import { temporaryFolder } from '../../support/images.js';

/** Far from the limit of a test. */
const LIMIT_MS = 10_000;

const CHILD = `
import { holdLifeline } from 'LIFELINE';
await holdLifeline();
process.send('looping', () => { for (;;); });
`;
/** Says the child's id once that loops. The child holds the pipe of the parent's standard output too. */
const PARENT = `
import { fork } from 'node:child_process';
const child = fork(process.argv[2], [], { detached: true, env: { LIFELINE_FD: '4' }, stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] });
child.once('message', () => process.send(child.pid));
`;

it('a child that sees no event any more is killed when its parent is', async (t) => {
  const folder = temporaryFolder(t);
  const [parentFile, childFile] = [join(folder, 'parent.mjs'), join(folder, 'child.mjs')];
  writeFileSync(parentFile, PARENT);
  writeFileSync(childFile, CHILD.replace('LIFELINE', pathToFileURL(join(packageRoot(), 'dist', 'proto', 'lifeline.js')).href));
  const parent = fork(parentFile, [childFile], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const [pid] = (await once(parent, 'message')) as [number];
  const closed = once(parent, 'close', { signal: AbortSignal.timeout(LIMIT_MS) });
  parent.stdout?.resume();
  parent.stderr?.resume();
  parent.kill('SIGKILL');
  await closed.catch(() => {
    process.kill(pid, 'SIGKILL');
    assert.fail(`child ${pid} outlived its parent`);
  });
});

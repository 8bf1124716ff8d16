import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { ChildFailed, SupervisedChild, type ChildPlan } from '../../../cli/host/supervised.js';
import { temporaryFolder } from '../../support/images.js';

/** A child whose every start runs the script, and what was told of its ends. */
function child(t: TestContext, script: string, plan: Partial<ChildPlan>): { supervised: SupervisedChild; ends: string[] } {
  const folder = temporaryFolder(t);
  const module = join(folder, 'child.mjs');
  writeFileSync(module, script);
  const ends: string[] = [];
  const supervised = new SupervisedChild({
    name: 'worker',
    module,
    logFile: join(folder, 'child.log'),
    args: () => [],
    env: () => process.env,
    onReady: null,
    onEnd: (how) => ends.push(how),
    ...plan,
  });
  t.after(() => supervised.stop());
  supervised.start();
  return { supervised, ends };
}

const REFUSES = "process.stderr.write('the home is in use by process 7\\n'); process.exit(1);";

it('a child that ends again and again for the same reason is given up with that reason, and told of once', async (t) => {
  const { supervised, ends } = child(t, REFUSES, { sameReasonLimitMs: 0 });
  await assert.rejects(supervised.failed, (error) => error instanceof ChildFailed && error.message.startsWith('the worker does not start: the home is in use by process 7 (its log: '));
  assert.deepEqual(ends, ['exit code 1: the home is in use by process 7']);
});

it('a child that has never been ready is given up with its message, not the stack under it', async (t) => {
  const { supervised, ends } = child(t, "throw new Error('the database is not there')", { onReady: () => undefined });
  await assert.rejects(supervised.failed, (error) => error instanceof ChildFailed && error.message.startsWith('the worker does not start: Error: the database is not there (its log: '));
  assert.deepEqual(ends, []);
});

it('a child that tells why it does not start is given up with that code and message', async (t) => {
  const { supervised } = child(t, "process.stderr.write('more of it\\n'); process.send({ kind: 'failed', code: 'DatabaseUnavailable', message: 'the database does not answer' }, () => process.exit(1));", { onReady: () => undefined });
  await assert.rejects(supervised.failed, (error) => error instanceof ChildFailed && error.code === 'DatabaseUnavailable' && error.message === 'the worker does not start: the database does not answer');
});

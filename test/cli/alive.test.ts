/** Sweeps that are changed while they live, with real processes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryFolder } from '../support/images.js';
import { readDocument, type RunDocument } from './run-document.js';
import { processesNaming, Trawl, trawl } from './trawl.js';

interface Options {
  readonly epochMs?: number;
  readonly space?: string;
  readonly more?: string;
}

/** A sweep over formulas. */
function sweep(folder: string, name: string, { epochMs = 5, space = '{a: [0.1, 0.2], epochs: [2, 4]}', more = '' }: Options = {}): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, `name: ${name}\ntrainable: {synthetic: {epochMs: ${epochMs}, metrics: {val.loss: 'a / (epoch + 1)'}}}\nspace: ${space}\nobjective: {minimize: val.loss}\n${more}`);
  return file;
}

function homeIn(t: TestContext): { folder: string; home: string } {
  const folder = temporaryFolder(t);
  return { folder, home: join(folder, 'home') };
}

async function run(file: string, home: string): Promise<{ readonly document: RunDocument; readonly stderr: string; readonly code: number | null }> {
  const { code, stdout, stderr } = await trawl(['run', file, '--home', home, '--slots', '1', '--json']);
  return { document: readDocument(stdout), stderr, code };
}

/** A command that must be done; its JSON document. */
async function ask(args: readonly string[], home: string): Promise<Record<string, never>> {
  const { code, stdout, stderr } = await trawl([...args, '--home', home, '--json']);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, never>;
}

describe('a sweep that has ended', () => {
  it('is extended on an idle home: the run of its unchanged file trains only what is new, and shrinks nothing', async (t) => {
    const { folder, home } = homeIn(t);
    const file = sweep(folder, 'idle');
    // By hand: two values of a, the path of 2 epochs is part of that of 4: 8 distinct epochs.
    assert.equal((await run(file, home)).document.epochs.trained, 8);
    const told = await trawl(['extend', 'idle', '--epochs', '6', '--add', 'a=0.3', '--home', home]);
    assert.equal(told.code, 0, told.stderr);
    // 4 to 6 for two values of a is 4, and 6 for the new one.
    assert.match(told.stdout, /space\.a: \[0\.1, 0\.2\] -> \[0\.1, 0\.2, 0\.3\]\n[^]*2 trials stay as they are, 2 trials go on from what is stored, 2 trials are new\.\n.*: 10 to train\n[^]*Nothing trains on this home now/);
    const again = await run(file, home);
    assert.match(again.stderr, /Commands have changed it since the file was last submitted, and that stays:\n {2}space\.a/);
    assert.deepEqual([again.code, again.document.trials.length, again.document.epochs.trained], [0, 6, 10]);
    writeFileSync(file, (await trawl(['show', 'idle', '--file', '--home', home])).stdout);
    const exported = await run(file, home);
    assert.match(exported.stderr, /It is known already \(revision 2, completed\)/);
    assert.equal(exported.document.epochs.trained, 0);
  });

  it('is extended while `trawl up` runs, and trains at once, also where the coordinator is killed right after', async (t) => {
    const { folder, home } = homeIn(t);
    const up = new Trawl(['up', '--home', home, '--slots', '1']);
    try {
      await up.said(/Ctrl-C ends it/);
      const file = sweep(folder, 'busy');
      assert.equal((await run(file, home)).document.epochs.trained, 8);
      const { applied, preview } = (await ask(['extend', 'busy', '--add', 'a=0.3,0.4'], home)) as { applied?: boolean; preview?: { carried: unknown } };
      assert.deepEqual([applied, preview?.carried], [true, { kept: 4, goOn: 0, fresh: 4, dropped: 0 }]);
      const coordinator = processesNaming(home).find(({ command }) => command.includes(join('coordinator', 'main', 'main.js'))) ?? assert.fail('no coordinator runs');
      process.kill(coordinator.pid, 'SIGKILL');
      const after = await run(file, home);
      assert.deepEqual([after.code, after.document.sweep.state, after.document.trials.length, after.document.trials.filter(({ state }) => state === 'completed').length], [0, 'completed', 8, 8]);
    } finally {
      up.signal('SIGINT');
      await up.ended;
    }
  });

  it('has its failed cells run again once for each retry, and not otherwise', async (t) => {
    const { folder, home } = homeIn(t);
    // An epoch takes far longer than its stage may; twice in the same place it is the trial's failure.
    const file = sweep(folder, 'fails', { epochMs: 600_000, space: '{a: [0.1], epochs: [1]}', more: 'stageTimeout: 1s\n' });
    assert.deepEqual((await run(file, home)).document.trials.map(({ state }) => state), ['failed']);
    const attempts = async (): Promise<(string | null)[]> => {
      const { attempts: rows } = (await ask(['trial', 'fails/0'], home)) as { attempts?: { outcome: string | null }[] };
      return (rows ?? []).map(({ outcome }) => outcome);
    };
    assert.deepEqual(await attempts(), ['Timeout', 'Timeout']);
    assert.equal((await run(file, home)).document.trials[0]?.state, 'failed', 'the same file alone tries nothing again');
    assert.equal((await attempts()).length, 2);
    const answer = (await ask(['retry', 'fails'], home)) as { retried?: number[] };
    assert.deepEqual(answer.retried, [0]);
    assert.deepEqual((await run(file, home)).document.trials.map(({ state }) => state), ['failed']);
    assert.deepEqual(await attempts(), ['Timeout', 'Timeout', 'Timeout', 'Timeout'], 'counted anew: two more');
  });
});

describe('a sweep that runs', () => {
  it('is stopped at once: the epochs in progress are not waited for', async (t) => {
    const { folder, home } = homeIn(t);
    const started = new Trawl(['run', sweep(folder, 'long', { epochMs: 600_000 }), '--home', home, '--slots', '1', '--json']);
    await started.said(/of 4 trials done, [1-9] running/);
    const { code, stderr } = await trawl(['stop', 'long', '--now', '--home', home]);
    assert.equal(code, 0, stderr);
    const ended = await started.ended;
    assert.equal(readDocument(ended.stdout).sweep.state, 'stopped', ended.stderr);
    assert.ok(readDocument(ended.stdout).trials.every(({ state }) => state === 'cancelled'));
  });

  it('takes settings of a person and an extension while it runs, and ends with both', async (t) => {
    const { folder, home } = homeIn(t);
    const started = new Trawl(['run', sweep(folder, 'live', { epochMs: 2_500 }), '--home', home, '--slots', '1', '--json']);
    await started.said(/[1-9]\d* of 8 epochs/);
    await ask(['enqueue', 'live', 'a=0.05,epochs=1'], home);
    await ask(['extend', 'live', '--add', 'a=0.3'], home);
    const ended = await started.ended;
    assert.equal(ended.code, 0, ended.stderr);
    const { trials, epochs } = readDocument(ended.stdout);
    assert.deepEqual(trials.map(({ state }) => state), Array(7).fill('completed'));
    assert.deepEqual(epochs, { requested: 19, trained: 13, shared: 6, retrained: 0 });
  });
});

describe('bad input', () => {
  it('each mistake of a change has its field, and exit 2; what needs no home is told first', async (t) => {
    const { folder, home } = homeIn(t);
    assert.equal((await run(sweep(folder, 'bad'), home)).code, 0);
    const said = async (...args: string[]): Promise<string> => {
      const { code, stderr, stdout } = await trawl([...args, '--home', home]);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      return stderr;
    };
    assert.match(await said('extend', 'bad', '--epochs', '3', '--add', 'b=1'), /^space\.epochs: found 3, expected more than 4.*\nspace\.b: found "b", expected one of a, epochs/);
    assert.match(await said('extend', 'bad', '--add', 'a'), /^--add: found a, expected NAME=VALUE$/m);
    assert.match(await said('edit', 'bad', '--pruner', 'asher'), /^pruner: found "asher".*did you mean asha\?/m);
    assert.match(await said('retry', 'bad', '99'), /^trial: found 99, expected/);
    assert.match(await said('enqueue', 'bad', 'epochs=0'), /^space\.epochs.*: found 0/);
    assert.match(await said('extend', 'bad', '--epochs', 'ten'), /expected a whole number/);
    assert.match(await said('extend', 'nothing', '--epochs', '9'), /no sweep with the name or id nothing/);
  });
});

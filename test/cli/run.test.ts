import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { classFolders, temporaryFolder } from '../support/images.js';
import { comparable, readDocument } from './run-document.js';
import { processesNaming, Trawl, trawl } from './trawl.js';

/** A sweep over formulas: trials of `epochs`, each epoch taking `epochMs`. */
function synthetic(folder: string, name: string, epochMs: number, epochs = '[2, 4]'): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    [
      `name: ${name}`,
      `trainable: {synthetic: {epochMs: ${epochMs}, metrics: {val.loss: 'a / (epoch + 1)'}}}`,
      `space: {a: [0.1, 0.2, 0.3], epochs: ${epochs}}`,
      'objective: {minimize: val.loss}',
    ].join('\n'),
  );
  return file;
}

/** Nothing that a run started is left: no process, no lock, no address, no socket. */
function assertNothingLeft(home: string): void {
  assert.deepEqual(processesNaming(home), []);
  for (const name of ['host.lock', 'coordinator.json']) assert.equal(existsSync(join(home, name)), false, `${name} is left`);
  assert.deepEqual(readdirSync(home).filter((name) => /\.\d+$/.test(name)), []);
}

function homeIn(t: TestContext): { folder: string; home: string } {
  const folder = temporaryFolder(t);
  return { folder, home: join(folder, 'home') };
}

/** The id of a process that works for a home. */
function processOf(home: string, which: 'coordinator' | 'worker' | 'postgres'): number {
  if (which === 'postgres') return Number(readFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const found = processesNaming(home).find(({ command }) => command.includes(join(which, 'main', 'main.js')));
  assert.ok(found !== undefined, `no ${which} runs on ${home}`);
  return found.pid;
}

/** What `synthetic(…, 150, '[4, 8]')` comes to when nobody disturbs it; run once for all that compare with it. */
let undisturbed: Promise<unknown> | null = null;
function uninterrupted(): Promise<unknown> {
  undisturbed ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
    try {
      const { stdout } = await trawl(['run', synthetic(folder, 'undisturbed', 150, '[4, 8]'), '--home', join(folder, 'home'), '--slots', '2', '--json']);
      return comparable(readDocument(stdout));
    } finally {
      rmSync(folder, { recursive: true });
    }
  })();
  return undisturbed;
}

describe('bad input', () => {
  it('a file with mistakes: each has its line, exit 2, and nothing is created', async (t) => {
    const { folder, home } = homeIn(t);
    writeFileSync(join(folder, 'bad.yaml'), 'data: ./images\nmodle: lenet5\nspace:\n  learning_rate: [0.1]\n  batch: 0\n');
    const { code, stdout, stderr } = await trawl(['run', 'bad.yaml', '--home', home, '--json'], { cwd: folder });
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /^bad\.yaml:1:7: data: found no such folder: .*images, expected a folder with one folder of images per class$/m);
    assert.match(stderr, /^bad\.yaml:2:1: .*model/m);
    assert.match(stderr, /^bad\.yaml:4:3: .*\blr\b/m);
    assert.match(stderr, /^bad\.yaml:5:\d+: .*batch/m);
    assert.equal(existsSync(home), false);
  });

  it('a file or data folder that is not there: exit 2, and nothing is created', async (t) => {
    const { folder, home } = homeIn(t);
    assert.equal((await trawl(['run', 'none.yaml', '--home', home], { cwd: folder })).code, 2);
    writeFileSync(join(folder, 'a.yaml'), 'data: ./images\n');
    const { code, stderr } = await trawl(['run', 'a.yaml', '--home', home], { cwd: folder });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^a\.yaml:1:7: data: found no such folder: .*images, expected/);
    assert.equal(existsSync(home), false);
    await classFolders(join(folder, 'images'), ['ONLY'], 3);
    const one = await trawl(['run', 'a.yaml', '--home', home], { cwd: folder });
    assert.equal(one.code, 2, one.stderr);
    assert.match(one.stderr, /^a\.yaml:1:7: data: found one class only/m);
    assert.equal(existsSync(home), false);
  });

  it('where data are gone, the message says how to see what a sweep of the name has found', async (t) => {
    const { folder, home } = homeIn(t);
    assert.equal((await trawl(['run', synthetic(folder, 'known', 0, '[1]'), '--home', home])).code, 0);
    writeFileSync(join(folder, 'a.yaml'), 'name: known\ndata: ./images\n');
    const { code, stderr } = await trawl(['run', 'a.yaml', '--home', home], { cwd: folder });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^a\.yaml:2:7: data: found no such folder: .*\nWhat sweep known has found is in the home all the same: .* trials known .*; .* ensemble known .*; .* pull known DIR .*$/m);
    writeFileSync(join(folder, 'a.yaml'), 'name: other\ndata: ./images\n');
    assert.doesNotMatch((await trawl(['run', 'a.yaml', '--home', home], { cwd: folder })).stderr, /What sweep/);
    assertNothingLeft(home);
  });

  it('what does not fit the images stands at the key that asks for it', async (t) => {
    const { folder, home } = homeIn(t);
    await classFolders(join(folder, 'images'), ['NORMAL', 'PNEUMONIA'], 8);
    const said = async (text: string): Promise<string> => {
      writeFileSync(join(folder, 'a.yaml'), text);
      const { code, stderr } = await trawl(['run', 'a.yaml', '--home', home], { cwd: folder });
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.match(await said('data:\n  path: ./images\n  positive: FOO\n'), /^a\.yaml:3:13: data\.positive: found the class "FOO", expected one of NORMAL, PNEUMONIA$/m);
    assert.match(await said('data:\n  path: ./images\n  positive: PNEUMONA\n'), /^a\.yaml:3:13: .*; did you mean PNEUMONIA\?$/m);
    assert.match(await said('data:\n  path: ./images\n  split: {test: given}\n'), /^a\.yaml:3:17: data\.split\.test: found given, but in the data no folder for any part, expected .*; give a fraction/m);
  });

  it('an unknown command or option: exit 2 and what may have been meant', async () => {
    const command = await trawl(['rnu', 'a.yaml']);
    assert.equal(command.code, 2);
    assert.match(command.stderr, /Did you mean run\?/);
    const option = await trawl(['run', 'a.yaml', '--slot', '2']);
    assert.equal(option.code, 2);
    assert.match(option.stderr, /Did you mean --slots\?/);
    assert.equal((await trawl(['run', 'a.yaml', '--slots', 'two'])).code, 2);
  });

  it('a command on a home without sweeps says how to make one', async (t) => {
    const { home } = homeIn(t);
    const { code, stderr } = await trawl(['ls', '--home', home]);
    assert.equal(code, 2);
    assert.match(stderr, /start a sweep there with: .* run FILE/);
    assert.equal(existsSync(home), false);
  });
});

describe('a sweep over images', () => {
  it('runs from the folder to the leaderboard, answers again from the store, and trains only what an edit adds', async (t) => {
    const { folder, home } = homeIn(t);
    await classFolders(join(folder, 'images'), ['LOW', 'HIGH'], 20);
    const file = join(folder, 'small.yaml');
    const text = (dropout: string): string => `data: {path: ./images, split: {val: 0.2, test: 0.2}}\nmodel: lenet5\nspace: {dropout: ${dropout}, epochs: [1, 2], batch: 8}\nobjective: {maximize: val.accuracy}\n`;
    writeFileSync(file, text('[0, 0.3]'));
    const run = async (): Promise<{ document: ReturnType<typeof readDocument>; stderr: string }> => {
      const { code, stdout, stderr } = await trawl(['run', file, '--home', home, '--slots', '2', '--json']);
      assert.equal(code, 0, stderr);
      return { document: readDocument(stdout), stderr };
    };

    const first = await run();
    // By hand: two values of dropout, paths of 1 and 2 epochs: 6 requested; per dropout the shorter is part of the longer: 4 distinct.
    assert.deepEqual(first.document.epochs, { requested: 6, trained: 4, shared: 2, retrained: 0 });
    assert.deepEqual(first.document.data?.classes, { HIGH: 20, LOW: 20 });
    assert.deepEqual(first.document.data.split, { train: 24, val: 8, test: 8 });
    assert.equal(first.document.trials.length, 4);
    for (const trial of first.document.trials) {
      assert.equal(trial.state, 'completed');
      assert.equal(trial.bestEpoch, trial.epochs - 1);
      assert.equal(trial.val?.confusion?.flat().reduce((sum, count) => sum + count, 0), 8);
      assert.equal('test' in trial, false, 'test numbers of a trial without --test');
    }
    assert.ok(first.document.best !== null);
    assert.equal(first.document.best.trial, first.document.trials[0]?.id);
    assert.equal(first.document.best.test?.confusion?.flat().reduce((sum, count) => sum + count, 0), 8);
    assertNothingLeft(home);
    assert.equal(statSync(home).mode & 0o077, 0, 'others can look into the home');

    const second = await run();
    assert.equal(second.document.epochs.trained, 0);
    assert.deepEqual(comparable(second.document), comparable(first.document));

    writeFileSync(file, text('[0, 0.3, 0.5]'));
    const third = await run();
    assert.deepEqual(third.document.epochs, { requested: 9, trained: 2, shared: 7, retrained: 0 });
    assert.match(third.stderr, /changed since revision 1/);

    const unshared = await trawl(['run', file, '--home', join(folder, 'other'), '--no-sharing', '--test', '--json']);
    const alone = readDocument(unshared.stdout);
    assert.deepEqual(alone.epochs, { requested: 9, trained: 9, shared: 0, retrained: 0 });
    const withoutTest = (document: typeof alone): unknown => comparable({ ...document, trials: document.trials.map((trial) => ({ ...trial, test: undefined })) });
    assert.deepEqual(withoutTest(alone), withoutTest(third.document));
    assert.ok(alone.trials.every((trial) => trial.test !== null && trial.test !== undefined));
  });
});

describe('a home', () => {
  it('answers questions when idle, and when busy', async (t) => {
    const { folder, home } = homeIn(t);
    const run = new Trawl(['run', synthetic(folder, 'slow', 300), '--home', home, '--slots', '1', '--json']);
    await run.said(/of 6 trials done/);
    const busy = JSON.parse((await trawl(['show', 'slow', '--home', home, '--json'])).stdout) as { sweep: { state: string } };
    assert.equal(busy.sweep.state, 'running');
    const ended = await run.ended;
    assert.equal(ended.code, 0, ended.stderr);

    const list = JSON.parse((await trawl(['ls', '--home', home, '--json'])).stdout) as { sweeps: { name: string; state: string }[] };
    assert.deepEqual(list.sweeps.map(({ name, state }) => ({ name, state })), [{ name: 'slow', state: 'completed' }]);
    const table = (await trawl(['trials', 'slow', '--home', home])).stdout;
    assert.match(table, /val\.loss/);
    const csv = (await trawl(['trials', 'slow', '--home', home, '--csv'])).stdout;
    assert.equal(csv.trimEnd().split('\r\n').length, 7);
    const best = readDocument(ended.stdout).best?.trial ?? '';
    const trial = (await trawl(['trial', best, '--home', home])).stdout;
    assert.match(trial, /Curves:/);
    assert.equal((await trawl(['trial', 'slow/99', '--home', home])).code, 2);
    assert.equal((await trawl(['show', 'nothing', '--home', home])).code, 2);
    assertNothingLeft(home);
  });

  it('a second run attaches, and takes over when the first ends before it', async (t) => {
    const { folder, home } = homeIn(t);
    // Twelve seconds of epochs: longer than the second takes to start on a busy machine.
    const first = new Trawl(['run', synthetic(folder, 'short', 200, '[20]'), '--home', home, '--slots', '1', '--json']);
    await first.said(/of 3 trials done/);
    const second = new Trawl(['run', synthetic(folder, 'long', 200, '[30]'), '--home', home, '--slots', '1', '--json']);
    await second.said(/attached/);
    const [one, two] = await Promise.all([first.ended, second.ended]);
    assert.equal(one.code, 0, one.stderr);
    assert.equal(two.code, 0, two.stderr);
    assert.match(two.stderr, /goes on in its place/);
    assert.deepEqual(readDocument(two.stdout).epochs.requested, 90);
    assertNothingLeft(home);
  });

  it('Ctrl-C pauses and says how to resume; the same command ends with the leaderboard of an uninterrupted run', async (t) => {
    const { folder, home } = homeIn(t);
    const file = synthetic(folder, 'cut', 150, '[4, 8]');
    const args = ['run', file, '--home', home, '--slots', '2', '--json'];
    const run = new Trawl(args);
    await run.said(/[1-9]\d* of 24 epochs/);
    run.signal('SIGINT');
    const paused = await run.ended;
    assert.equal(paused.code, 130, paused.stderr);
    assert.match(paused.stderr, /to resume: .*run .*cut\.yaml --home /);
    assert.equal(readDocument(paused.stdout).sweep.state, 'paused');
    assertNothingLeft(home);

    const resumed = await trawl(args);
    assert.equal(resumed.code, 0, resumed.stderr);
    const document = readDocument(resumed.stdout);
    assert.deepEqual(comparable(document), await uninterrupted());
    assert.equal(document.epochs.trained + readDocument(paused.stdout).epochs.trained, 24);
    assert.equal(document.epochs.retrained, 0);
  });

  it('kill -9 of the run: nothing outlives it, and the same command ends with the leaderboard of an uninterrupted run', async (t) => {
    const { folder, home } = homeIn(t);
    const file = synthetic(folder, 'killed', 150, '[4, 8]');
    const args = ['run', file, '--home', home, '--slots', '2', '--json'];
    const run = new Trawl(args);
    await run.said(/[1-9]\d* of 24 epochs/);
    run.signal('SIGKILL');
    assert.equal((await run.ended).signal, 'SIGKILL');
    const resumed = await trawl(args);
    assert.equal(resumed.code, 0, resumed.stderr);
    assertNothingLeft(home);
    assert.deepEqual(comparable(readDocument(resumed.stdout)), await uninterrupted());
  });

  for (const victim of ['coordinator', 'worker', 'postgres'] as const) {
    it(`kill -9 of the ${victim}: it is started again and the sweep ends as if nothing had been`, async (t) => {
      const { folder, home } = homeIn(t);
      const run = new Trawl(['run', synthetic(folder, 'hurt', 150, '[4, 8]'), '--home', home, '--slots', '2', '--json']);
      await run.said(/[1-9]\d* of 24 epochs/);
      process.kill(processOf(home, victim), 'SIGKILL');
      const { code, stdout, stderr } = await run.ended;
      assert.equal(code, 0, stderr);
      const document = readDocument(stdout);
      assert.equal(document.epochs.trained, 24);
      assert.deepEqual(comparable(document), await uninterrupted());
      assertNothingLeft(home);
    });
  }

  it('Ctrl-C twice ends at once and leaves nothing', async (t) => {
    const { folder, home } = homeIn(t);
    const run = new Trawl(['run', synthetic(folder, 'twice', 60_000), '--home', home, '--slots', '1']);
    await run.said(/of 6 trials done, [1-9] running/);
    run.signal('SIGINT');
    await run.said(/pausing/);
    run.signal('SIGINT');
    assert.equal((await run.ended).code, 130);
    // The children end by themselves once their parent has: asking anew needs them gone.
    const list = await trawl(['ls', '--home', home, '--json']);
    assert.equal(list.code, 0, list.stderr);
    assert.match(readFileSync(join(home, 'logs', 'coordinator.log'), 'utf8'), /leading/);
  });
});

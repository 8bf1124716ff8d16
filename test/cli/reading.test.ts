import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { trawl, type Ended } from './trawl.js';

/**
 * Five values of `a`, two of `b`, paths of 2 and 4 epochs: 20 trials that plan 10 x 2 + 10 x 4 = 60
 * epochs, of which the shorter ones lie in the longer ones: 40 to train, 20 shared.
 */
const GRID = `name: grid
trainable: {synthetic: {metrics: {val.loss: '(a - 0.3) ** 2 + 0.001 * b / (epoch + 1)', val.score: 'a'}}}
space: {a: [0.1, 0.2, 0.3, 0.4, 0.5], b: [1, 2], epochs: [2, 4]}
objective: {minimize: val.loss}
`;

const WIDE = GRID.replace('name: grid', 'name: wide').replace('b: [1, 2]', 'b: [1, 2, 3]');

/** One home for all, since nothing here changes it. */
const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
const home = join(folder, 'home');

async function ask(...words: string[]): Promise<Ended> {
  return trawl([...words, '--home', home], { cwd: folder });
}

async function answer(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await ask(...words);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function document<Document>(...words: string[]): Promise<Document> {
  return JSON.parse(await answer(...words, '--json')) as Document;
}

it('a home that was named and is not there is bad input; the one by default has no sweeps yet', async () => {
  const nowhere = await trawl(['ls', '--home', join(folder, 'nowhere')]);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /^--home: .*nowhere: found no such folder, expected a home with sweeps in it; name another, or start a sweep there with: .*run FILE --home .*nowhere\n$/);
  const none = await trawl(['ls', '--json'], { env: { TRAWL_HOME: join(folder, 'later') } });
  assert.deepEqual([none.code, JSON.parse(none.stdout)], [0, { sweeps: [] }], none.stderr);
  assert.deepEqual(['nowhere', 'later'].map((name) => existsSync(join(folder, name))), [false, false]);
});

describe('reading a sweep', () => {
  before(async () => {
    for (const [name, text] of [['grid', GRID], ['wide', WIDE]] as const) {
      writeFileSync(join(folder, `${name}.yaml`), text);
      await answer('run', `${name}.yaml`, '--slots', '2');
    }
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('trials: a filter and an order over columns, hyperparameters by their bare names', async () => {
    const { trials } = await document<{ trials: { settings: { a: number; b: number; epochs: number } }[] }>('trials', 'grid', '--filter', 'a >= 0.4 && settings.epochs == 4', '--sort', 'a:desc', '--limit', '3');
    assert.deepEqual(trials.map(({ settings }) => [settings.a, settings.epochs]), [[0.5, 4], [0.5, 4], [0.4, 4]]);
  });

  it('trials: --columns chooses what the table and the CSV hold', async () => {
    const csv = await answer('trials', 'grid', '--columns', 'trial,a,b,val.loss', '--filter', 'state == "completed" && b == 1 && settings.epochs == 4', '--sort', 'a', '--csv');
    const rows = csv.trimEnd().split('\r\n').map((line) => line.split(','));
    assert.deepEqual(rows[0], ['trial', 'a', 'b', 'val.loss']);
    assert.deepEqual(rows.slice(1).map(([, a, b]) => [a, b]), [['0.1', '1'], ['0.2', '1'], ['0.3', '1'], ['0.4', '1'], ['0.5', '1']]);
    // (0.3 - 0.3)² + 0.001 x 1 / 4.
    assert.equal(Number(rows[3]?.[3]), 0.001 / 4);
  });

  it('trials: a metric sorts its best first, a loss the smallest', async () => {
    const first = async (sort: string): Promise<number | undefined> => (await document<{ trials: { settings: { a: number } }[] }>('trials', 'grid', '--sort', sort)).trials[0]?.settings.a;
    assert.equal(await first('val.loss'), 0.3);
    assert.equal(await first('val.score'), 0.5);
    assert.equal(await first('val.score:asc'), 0.1);
  });

  it('trials: an unknown name, and a formula that is none, are one line with what to do', async () => {
    for (const [words, pattern] of [
      [['--sort', 'val.los'], /^--sort: found val\.los, which no trial has, expected one of .*; did you mean val\.loss\?$/m],
      [['--columns', 'trial,lr'], /^--columns: found lr, which no trial has/m],
      [['--filter', 'a >'], /^--filter: found "a >": /m],
      [['--filter', 'process.exit(1)'], /^--filter: found /m],
    ] as const) {
      const { code, stdout, stderr } = await ask('trials', 'grid', ...words);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, pattern);
    }
  });

  it('best: the settings as a sweep file has them, and what follows is a comment', async () => {
    const text = await answer('best', 'grid');
    assert.match(text, /^space:\n {2}a: 0\.3\n {2}b: 1\n {2}epochs: 4\n\n# Curves: .+\n$/m);
  });

  it('compare: what differs between trials first, then results, and the epochs that they share', async () => {
    const { trials } = await document<{ trials: { number: number; settings: { a: number; b: number; epochs: number } }[] }>('trials', 'grid');
    const number = (a: number, b: number, epochs: number): string => `grid/${trials.find(({ settings }) => settings.a === a && settings.b === b && settings.epochs === epochs)?.number}`;
    const compared = await document<{ differing: unknown; same: { name: string }[]; sharedEpochs: number }>('compare', number(0.3, 1, 2), number(0.3, 1, 4));
    assert.deepEqual(compared.differing, [{ name: 'epochs', values: [2, 4] }]);
    assert.deepEqual(compared.same.map(({ name }) => name), ['a', 'b']);
    assert.equal(compared.sharedEpochs, 2);
    assert.equal((await document<{ sharedEpochs: number }>('compare', number(0.3, 1, 4), number(0.3, 2, 4))).sharedEpochs, 0);
  });

  it('a trial is named as tables name it, too', async () => {
    assert.deepEqual(await document('trial', 'grid#3'), await document('trial', 'grid/3'));
    assert.deepEqual(await document('compare', 'grid#3', 'grid/4'), await document('compare', 'grid/3', 'grid#4'));
    for (const name of ['3', '#3', 'grid/3', 'grid#3']) assert.match((await ask('retry', 'grid', name)).stderr, new RegExp(`^trial: found ${name}, which is completed`));
    assert.match((await ask('retry', 'grid', 'wide#3')).stderr, /^trial: found wide#3, expected a number or id of a trial of grid/);
  });

  it('compare: sweeps by their files and what they came to', async () => {
    const text = await answer('compare', 'grid', 'wide');
    assert.match(text, /^From grid to wide:$/m);
    assert.match(text, /^ {2}space\.b: \[1, 2\] -> \[1, 2, 3\]$/m);
    assert.match(text, /^trials +20 +30$/m);
    const { code, stderr } = await ask('compare', 'grid', 'wide/3');
    assert.equal(code, 2);
    assert.match(stderr, /expected either trials/);
    const bare = await ask('compare', 'grid/3', '#1');
    assert.deepEqual([bare.code, bare.stderr], [2, 'compare: found #1, expected a trial with its sweep; write grid/1\n']);
  });

  it('importance: what moves the objective most comes first', async () => {
    const { alone, metric, trials } = await document<{ alone: { name: string; share: number }[]; metric: string; trials: number }>('importance', 'grid');
    assert.deepEqual([metric, trials], ['val.loss', 20]);
    assert.equal(alone[0]?.name, 'a');
    assert.ok(alone[0].share > 0.9, JSON.stringify(alone));
    const { code, stderr } = await ask('importance', 'grid', '--metric', 'val.acc');
    assert.equal(code, 2);
    assert.match(stderr, /found val\.acc, which no completed trial reports, expected one of val\.loss, val\.score/);
  });

  it('cost: each planned epoch has one place', async () => {
    const { epochs, trials } = await document<{ epochs: { [name: string]: number }; trials: { [state: string]: number } }>('cost', 'grid');
    assert.deepEqual(trials, { completed: 20 });
    assert.deepEqual(epochs, { planned: 60, pruned: 0, stopped: 0, unfinished: 0, requested: 60, shared: 20, before: 0, trained: 40, beyond: 0, retrained: 0 });
    // The wider sweep has ten trials and 20 distinct epochs of its own; the first sweep's 40 were there.
    const wide = await document<{ epochs: { [name: string]: number } }>('cost', 'wide');
    assert.deepEqual(wide.epochs, { planned: 90, pruned: 0, stopped: 0, unfinished: 0, requested: 90, shared: 30, before: 40, trained: 20, beyond: 0, retrained: 0 });
  });
});

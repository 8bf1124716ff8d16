/** Notes and tags by command: at a coordinator elsewhere, and on a home where nothing runs. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { Trawl, trawl, type Ended } from './trawl.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
const home = join(folder, 'coordinator');
let up: Trawl;
let elsewhere: NodeJS.ProcessEnv;

const ask = (...words: string[]): Promise<Ended> => trawl(words, { cwd: folder, env: elsewhere });

async function answer(...words: string[]): Promise<Ended> {
  const ended = await ask(...words);
  assert.equal(ended.code, 0, `${words.join(' ')}: ${ended.stderr}`);
  return ended;
}

before(async () => {
  up = new Trawl(['up', '--home', home, '--slots', '1']);
  await up.said(/Ctrl-C ends it/);
  const { url, token } = JSON.parse(readFileSync(join(home, 'coordinator.json'), 'utf8')) as { url: string; token: string };
  elsewhere = { TRAWL_COORDINATOR: url, TRAWL_TOKEN: token, TRAWL_HOME: join(folder, 'here') };
  for (const name of ['one', 'two']) {
    writeFileSync(join(folder, `${name}.yaml`), `name: ${name}\ntrainable: {synthetic: {epochMs: 1, metrics: {val.loss: 'a / (epoch + 1)'}}}\nspace: {a: [0.1, 0.2], epochs: 1}\nobjective: {minimize: val.loss}\n`);
    await answer('submit', `${name}.yaml`);
  }
});
after(async () => {
  up.signal('SIGINT');
  await up.ended;
  rmSync(folder, { recursive: true, force: true });
});

it('tags are added and removed, shown, and found by', async () => {
  assert.match((await answer('tag', 'one')).stdout, /^one has no tags$/m);
  assert.equal((await answer('tag', 'one', 'paper', 'draft')).stdout, 'one: draft, paper\n');
  assert.deepEqual((JSON.parse((await answer('tag', 'one', 'baseline', '--remove', 'draft', '--json')).stdout) as { tags: string[] }).tags, ['baseline', 'paper']);
  assert.match((await answer('show', 'one')).stdout, /^ {2}tags: baseline, paper$/m);
  await answer('tag', 'two', 'paper');
  const names = async (...words: string[]): Promise<string[]> => (JSON.parse((await answer('ls', '--json', ...words)).stdout) as { sweeps: { name: string }[] }).sweeps.map(({ name }) => name);
  assert.deepEqual([await names('--tag', 'paper'), await names('--tag', 'paper', '--tag', 'baseline'), await names('--tag', 'none')], [['one', 'two'], ['one'], []]);
  assert.match((await answer('ls')).stdout, /tags.*\n.*\n?.*baseline paper/);
  assert.equal((await answer('ls', '--tag', 'none')).stdout, 'No sweep has the tag none.\n');
  const wrong = await ask('tag', 'one', 'a b');
  assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
  assert.match(wrong.stderr, /add: found "a b", expected a tag of 1 to 40 characters without spaces, commas and marks of direction/);
});

it('a note is written from a text or a file, printed as it is, and not written over what somebody else has written since', async () => {
  const empty = await answer('note', 'one');
  assert.deepEqual([empty.stdout, empty.stderr], ['', 'one has no note\n']);
  await answer('note', 'one', 'the <b>baseline</b>');
  const text = 'of the paper\nin two lines\n';
  writeFileSync(join(folder, 'note.txt'), text);
  const { version } = JSON.parse((await answer('note', 'one', '--json')).stdout) as { version: number };
  assert.equal(version, 1);
  assert.match((await answer('note', 'one', '--file', 'note.txt', '--replaces', '1')).stderr, /^wrote the note of one \(version 2, by .+ at .+Z\)$/m);
  assert.equal((await answer('note', 'one')).stdout, text);
  const late = await ask('note', 'one', 'late', '--replaces', '1');
  assert.equal(late.code, 2);
  assert.match(late.stderr, /the note has version 2 now, written by .+, and not 1/);
  assert.equal((await answer('note', 'one')).stdout, text);
  const wrong = [
    [['note', 'one', 'a', '--file', 'note.txt'], /--file: found a text beside it, expected one of the two/],
    [['note', 'one', '--file', 'missing.txt'], /--file: found missing\.txt, which cannot be read/],
    [['note', 'one', '--replaces', '1'], /--replaces: found no text/],
    [['note', 'nothing'], /no sweep with the name or id nothing/],
  ] as const;
  for (const [words, message] of wrong) {
    const { code, stderr } = await ask(...words);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});

it('both are there on a home where nothing runs', async () => {
  up.signal('SIGINT');
  await up.ended;
  const here = (...words: string[]): Promise<Ended> => trawl([...words, '--home', home], { cwd: folder });
  assert.equal((await here('tag', 'two', 'later')).stdout, 'two: later, paper\n');
  assert.equal((await here('note', 'two', 'written while nothing ran')).code, 0);
  assert.equal((await here('note', 'two')).stdout, 'written while nothing ran\n');
});

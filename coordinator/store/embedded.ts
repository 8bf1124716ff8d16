/**
 * The Postgres that comes with trawl: real binaries from npm, started on a folder of the home.
 *
 * What must hold
 * - At most one Postgres per data folder. Postgres guards that itself by its pid file; here a living one is
 *   adopted instead of refused, and what a killed one left is cleared (embedded/postmaster.ts).
 * - A data folder is complete or not there: initdb works in a folder beside it that is then renamed.
 * - Nobody else gets in: a Unix socket in a private folder where its path fits, else loopback, and a
 *   generated password on both.
 * - It does not outlive its owner (embedded/parent-watch.ts).
 * - fsync, full_page_writes and synchronous_commit stay on: what was acknowledged was committed.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { asDiskFull } from '../../blob/errors.js';
import { findBinaries } from './embedded/binaries.js';
import type { Binaries } from './embedded/binaries.js';
import { candidates, findIdentity } from './embedded/identity.js';
import type { Identity } from './embedded/identity.js';
import { watchParent } from './embedded/parent-watch.js';
import { awaitEnd, awaitReady, clearStale, isAlive, readPidFile, serves } from './embedded/postmaster.js';
import type { PidFile } from './embedded/postmaster.js';
import { EmbeddedFailed, EmbeddedVersion } from './errors.js';

export interface EmbeddedOptions {
  /** Holds the database; created when it is not there. */
  readonly dataDir: string;
  /** Holds the socket and Postgres' log. One per data folder. */
  readonly runDir: string;
  /** Told in one line what happens: created, adopted, recovering. */
  readonly onLog: (line: string) => void;
  /** How long a recovery may take before the start counts as failed. */
  readonly startTimeoutMs?: number;
  /** As whom to try to run, in order; by default all ways that embedded/identity.ts knows. */
  readonly identities?: readonly Identity[];
}

export interface EmbeddedPostgres {
  /** With user and password, for openStore. */
  readonly url: string;
  readonly pid: number;
  /** Settles when Postgres is gone, however that came, with the reason. */
  readonly exited: Promise<string>;
  /** Fast shutdown, awaited. */
  stop(): Promise<void>;
}

const execute = promisify(execFile);
const user = 'trawl';
const passwordFile = 'trawl.password';
const socketPort = 5432;
/** The shortest limit of sun_path among the platforms (macOS), less its closing zero. */
const longestSocketPath = 103;
const defaultStartTimeoutMs = 300_000;
const orphanGraceMs = 1_000;
const fastShutdownMs = 30_000;
const immediateShutdownMs = 10_000;
const killedMs = 10_000;
const startTries = 5;
const adoptedPollMs = 100;

const settings = {
  shared_buffers: '128MB',
  max_connections: '50',
  // No replica and no backup stream is ever made of it.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  max_parallel_workers_per_gather: '0',
  // PG 18 starts a process per asynchronous reader otherwise.
  io_method: 'sync',
  jit: 'off',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  password_encryption: 'scram-sha-256',
  log_checkpoints: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
} as const;

interface Ground {
  readonly dataDir: string;
  readonly runDir: string;
  readonly logFile: string;
  readonly binaries: Binaries;
  readonly identity: Identity;
  readonly onLog: (line: string) => void;
  readonly startTimeoutMs: number;
}

/**
 * Starts Postgres on the data folder, or adopts the one that runs on it. Recovery from an unclean end is
 * awaited. Like an open server it keeps this process alive until it is stopped. Throws EmbeddedMissing, EmbeddedVersion, EmbeddedFailed, DiskFullError.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const runDir = resolve(options.runDir);
  try {
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const binaries = await findBinaries(join(runDir, 'lib'));
    const { identity, version } = await findIdentity(binaries, [dataDir, runDir], options.identities ?? (await candidates()));
    const ground = { dataDir, runDir, logFile: join(runDir, 'postgres.log'), binaries, identity, onLog: options.onLog, startTimeoutMs: options.startTimeoutMs ?? defaultStartTimeoutMs };
    await initialize(ground);
    await checkVersion(dataDir, version);
    for (let tries = 1; ; tries += 1) {
      const running = (await adopt(ground)) ?? (await launch(ground, tries === startTries));
      if (running !== null) return running;
    }
  } catch (error) {
    throw asDiskFull(error, dataDir);
  }
}

/** Runs initdb unless the data folder has been made. Two at once make two, of which the first one stays. */
async function initialize(ground: Ground): Promise<void> {
  const { dataDir, binaries, identity } = ground;
  await removeHalfMade(dataDir);
  if ((await readdir(dataDir)).includes('PG_VERSION')) return;
  ground.onLog(`creating the database in ${dataDir}`);
  const draft = `${dataDir}.init-${process.pid}-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(24).toString('base64url');
  const secret = join(ground.runDir, basename(`${draft}.secret`));
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(secret, password, { mode: 0o600 });
    if (identity.owner !== null) await Promise.all([draft, secret].map((path) => execute('chown', [`${identity.owner?.uid}:${identity.owner?.gid}`, path])));
    await command(ground, binaries.initdb, ['-D', draft, '-U', user, '-A', 'scram-sha-256', '--pwfile', secret, '--locale=C', '--encoding=UTF8', '--no-instructions']);
    await writeFile(join(draft, passwordFile), password, { mode: 0o600 });
    await rename(draft, dataDir).catch((error: unknown) => {
      // Another start was quicker: its folder is not empty any more.
      const isTaken = error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');
      if (!isTaken) throw error;
    });
  } finally {
    await rm(secret, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

/** Folders of starts that were killed during initdb. */
async function removeHalfMade(dataDir: string): Promise<void> {
  const prefix = `${basename(dataDir)}.init-`;
  for (const entry of await readdir(dirname(dataDir))) {
    if (!entry.startsWith(prefix)) continue;
    const maker = Number(entry.slice(prefix.length).split('-')[0]);
    if (maker !== process.pid && !isAlive(maker)) await rm(join(dirname(dataDir), entry), { recursive: true, force: true });
  }
}

async function command(ground: Ground, binary: string, words: readonly string[]): Promise<void> {
  const [program, ...rest] = [...ground.identity.prefix, binary, ...words];
  try {
    await execute(program ?? '', rest, { ...ground.identity.user, cwd: '/', env: environment(ground) });
  } catch (error) {
    const printed = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new EmbeddedFailed(`run ${basename(binary)}`, printed, { cause: error });
  }
}

/** Postgres needs the path and the library path; what else stands in our environment is not its business. */
function environment(ground: Ground): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', ...ground.binaries.environment };
}

async function checkVersion(dataDir: string, expected: string): Promise<void> {
  const found = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim();
  if (found !== expected) throw new EmbeddedVersion(dataDir, found, expected);
}

/** The Postgres that runs on the data folder already, or null where there is none (any more). */
async function adopt(ground: Ground): Promise<EmbeddedPostgres | null> {
  const { dataDir } = ground;
  const found = await readPidFile(dataDir);
  if (found === null || !(await serves(found.pid, dataDir))) {
    await clearStale(dataDir, orphanGraceMs);
    return null;
  }
  if (await isOrphaned(ground.runDir, found.pid)) {
    // Its watch ends it in a moment: whoever took it now would lose it.
    if (await serves(found.pid, dataDir)) process.kill(found.pid, 'SIGINT');
    if (!(await within(awaitEnd(found.pid, adoptedPollMs), fastShutdownMs))) throw new EmbeddedFailed('end', `process ${found.pid} serves ${dataDir} for an owner that was killed; end it, then try again; see ${ground.logFile}`);
    return null;
  }
  const state = await awaitReady(dataDir, found.pid, null, ground.startTimeoutMs);
  if (state === 'late') throw new EmbeddedFailed('be adopted', `process ${found.pid} serves ${dataDir} and does not get ready; see ${ground.logFile}`);
  const file = await readPidFile(dataDir);
  if (state === 'gone' || file === null) return null;
  ground.onLog(`adopted the Postgres that runs already (process ${file.pid})`);
  return handle(ground, file, awaitEnd(file.pid, adoptedPollMs).then(() => 'ended'));
}

/**
 * Starts Postgres. Null where it did not start for a passing reason (another start was quicker, its
 * port was taken meanwhile) and it should be looked at again.
 */
async function launch(ground: Ground, last: boolean): Promise<EmbeddedPostgres | null> {
  const log = await open(ground.logFile, 'w', 0o600);
  const [program, ...words] = [...ground.identity.prefix, ground.binaries.postgres, '-D', ground.dataDir, ...(await listening(ground)), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const child = spawn(program ?? '', words, { ...ground.identity.user, cwd: '/', detached: true, stdio: ['ignore', log.fd, log.fd], env: environment(ground) });
  await log.close();
  const gone = new AbortController();
  const exited = endOf(child);
  void exited.then(() => gone.abort());
  if (child.pid === undefined) throw new EmbeddedFailed('start', await exited);
  const state = await awaitReady(ground.dataDir, child.pid, gone.signal, ground.startTimeoutMs);
  const file = await readPidFile(ground.dataDir);
  if (state === 'ready' && file !== null) return handle(ground, file, exited);
  if (state === 'late') child.kill('SIGINT');
  const why = await exited;
  const said = (await readFile(ground.logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-4).join(' | ');
  const passing = /lock file .* already exists|pre-existing shared memory|Address already in use/i.test(said);
  if (passing && !last) return null;
  throw new EmbeddedFailed('start', `${state === 'late' ? `it was not ready within ${ground.startTimeoutMs / 1000} s` : `it ${why}`}: ${said}`);
}

/** Where it listens: on a socket in the run folder, or on a free port where the socket's path is too long. */
async function listening(ground: Ground): Promise<string[]> {
  if (Buffer.byteLength(join(ground.runDir, `.s.PGSQL.${socketPort}`)) <= longestSocketPath) {
    return ['-k', ground.runDir, '-p', String(socketPort), '-c', 'listen_addresses='];
  }
  return ['-k', '', '-p', String(await freePort()), '-c', 'listen_addresses=127.0.0.1'];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.on('error', (error) => done(error.message));
    child.on('exit', (code, signal) => done(signal === null ? `exited with code ${code}` : `was ended by ${signal}`));
  });
}

async function handle(ground: Ground, file: PidFile, exited: Promise<string>): Promise<EmbeddedPostgres> {
  const watch = watchParent(file.pid);
  const claim = await claimOwner(ground.runDir, file.pid);
  const released = exited.then(async () => {
    await rm(claim, { force: true });
    await watch.release();
  });
  const password = (await readFile(join(ground.dataDir, passwordFile), 'utf8')).trim();
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    for (const [signal, patienceMs] of [['SIGINT', fastShutdownMs], ['SIGQUIT', immediateShutdownMs], ['SIGKILL', killedMs]] as const) {
      if (!(await serves(file.pid, ground.dataDir))) break;
      process.kill(file.pid, signal);
      if (await within(exited, patienceMs)) break;
      ground.onLog(`Postgres (process ${file.pid}) did not end ${patienceMs / 1000} s after ${signal}`);
    }
    await released;
  };
  return { url: urlOf(file, password), pid: file.pid, exited, stop: () => (stopped ??= stop()) };
}

const claims = /^owner\.(\d+)\.(\d+)$/;

/** Notes that this process owns a Postgres, and forgets what was noted of those that are gone; the note's path. */
async function claimOwner(runDir: string, postgres: number): Promise<string> {
  for (const name of await readdir(runDir)) {
    const [, of, owner] = claims.exec(name) ?? [];
    if (of !== undefined && Number(of) !== postgres && !isAlive(Number(owner))) await rm(join(runDir, name), { force: true });
  }
  const path = join(runDir, `owner.${postgres}.${process.pid}`);
  await writeFile(path, '', { mode: 0o600 });
  return path;
}

/** Whether one of its owners was killed, whose watch ends it. */
async function isOrphaned(runDir: string, postgres: number): Promise<boolean> {
  return (await readdir(runDir)).some((name) => {
    const [, of, owner] = claims.exec(name) ?? [];
    return Number(of) === postgres && !isAlive(Number(owner));
  });
}

async function within(event: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((done) => {
    timer = setTimeout(() => done(false), limitMs);
  });
  try {
    return await Promise.race([event.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function urlOf(file: PidFile, password: string): string {
  const login = `postgresql://${user}:${password}@`;
  if (file.host !== '') return `${login}${file.host}:${file.port}/postgres`;
  return `${login}/postgres?host=${encodeURIComponent(file.socketDir)}&port=${file.port}`;
}

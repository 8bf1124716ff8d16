/**
 * Makes a clone ready to use: installs what package-lock.json names and builds dist/. Does nothing,
 * and needs no network, where both are up to date. Plain Node without dependencies, since it runs
 * before there are any. All it says goes to stderr: stdout belongs to the command that follows.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.mjs';

const OLDEST_NODE = [20, 11];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockfile = join(root, 'package-lock.json');
const modules = join(root, 'node_modules');
/** Holds the digest of the lockfile that node_modules was installed from, and the platform. */
const stamp = join(modules, '.trawl-setup');

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(`setup: ${line}`);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OLDEST_NODE;
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    fail(`found Node ${process.versions.node}, expected ${OLDEST_NODE.join('.')} or newer; install Node 20, 22 or 24 from https://nodejs.org`);
  }
}

function wantedStamp() {
  const digest = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  return `${digest} ${process.platform}-${process.arch}\n`;
}

/** A plain `npm ci` by the user counts as well: npm then leaves a lockfile of its own behind, newer than ours. */
function isInstalled(wanted) {
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === wanted;
  const own = join(modules, '.package-lock.json');
  return existsSync(own) && statSync(own).mtimeMs >= statSync(lockfile).mtimeMs;
}

/** npm keeps its cache in the home; where there is none to write to (containers), a temporary folder serves. */
function cacheSettings() {
  if (process.env.npm_config_cache) return {};
  try {
    accessSync(homedir(), constants.W_OK);
    return {};
  } catch {
    return { npm_config_cache: join(tmpdir(), `trawl-npm-cache-${process.getuid?.() ?? 'user'}`) };
  }
}

function install() {
  say('setup: installing packages (npm ci); this takes a minute the first time');
  // NODE_ENV=production would leave the compiler out.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [command, all] = npm?.endsWith('.js') ? [process.execPath, [npm, ...args]] : ['npm', args];
  const result = spawnSync(command, all, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...cacheSettings() },
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (result.error) fail(`npm could not be started (${result.error.message}); expected npm on the PATH, as it comes with Node`);
  if (result.status !== 0) {
    fail(`npm ci ended with ${result.signal ?? `exit code ${result.status}`}; its message stands above. Mend that (the npm registry must be reachable) and run the same command again`);
  }
}

checkNode();
const wanted = wantedStamp();
if (!isInstalled(wanted)) install();
mkdirSync(modules, { recursive: true });
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) writeFileSync(stamp, wanted);

if (!isBuilt()) {
  say('setup: building');
  if (!build()) fail('the build failed; the messages of tsc stand above');
}

/**
 * Compiles the TypeScript sources to dist/, bundles the dashboard to dist/page, and removes what was compiled from sources that are gone
 * (a deleted test must not run on). Imported by setup.mjs; `node tools/build.mjs` builds always.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dashboardSources } from './build-dashboard.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const folders = ['proto', 'blob', 'coordinator', 'worker', 'cli', 'test'];
/** Holds the digest of the list of sources; its time is the beginning of the last good build. */
const stamp = join(dist, '.built');

function* filesUnder(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else yield path;
  }
}

function sources() {
  const all = folders.flatMap((folder) => [...filesUnder(join(root, folder))]).filter((file) => file.endsWith('.ts'));
  return all.sort();
}

function listDigest(files) {
  return createHash('sha256').update(files.map((file) => relative(root, file)).join('\n')).digest('hex');
}

/** Whether dist/ belongs to the sources as they are. */
export function isBuilt() {
  if (!existsSync(stamp)) return false;
  const files = [...sources(), ...dashboardSources()];
  if (readFileSync(stamp, 'utf8') !== listDigest(files)) return false;
  const builtAt = statSync(stamp).mtimeMs;
  const inputs = [...files, join(root, 'tsconfig.json'), join(root, 'package-lock.json'), join(root, 'tools', 'build-dashboard.mjs')];
  return inputs.every((file) => statSync(file).mtimeMs <= builtAt);
}

function removeOrphans(files) {
  const known = new Set(files.map((file) => relative(root, file).replace(/\.ts$/, '')));
  for (const file of filesUnder(dist)) {
    const path = relative(dist, file);
    if (!path.includes(sep) || path.startsWith(`page${sep}`)) continue;
    if (!known.has(path.replace(/\.js(\.map)?$/, ''))) rmSync(file);
  }
}

/** Returns whether it compiled without an error; the compiler's messages go to stderr. */
export function build() {
  const startedAt = new Date();
  const files = sources();
  removeOrphans([...files, ...dashboardSources()]);
  const node = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  // The compiler's record of a former build claims files as written that somebody may have removed.
  if (!existsSync(stamp)) rmSync(join(dist, '.tsbuildinfo'), { force: true });
  if (!node(compiler, '-p', join(root, 'tsconfig.json'))) return false;
  if (!node(compiler, '-p', join(root, 'dashboard', 'tsconfig.json')) || !node(join(root, 'tools', 'build-dashboard.mjs'))) return false;
  mkdirSync(dist, { recursive: true });
  const program = join(dist, 'cli', 'main.js');
  if (existsSync(program)) chmodSync(program, 0o755);
  writeFileSync(stamp, listDigest([...files, ...dashboardSources()]));
  utimesSync(stamp, startedAt, startedAt);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = build() ? 0 : 1;

/** `trawl engine` in real processes, against an index and a registry on loopback. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { temporaryFolder } from '../../support/images.js';
import { Trawl, trawl, type Ended } from '../trawl.js';
import { IndexServer, wheelOf, type Served } from './index-server.js';

const skip = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64') ? false : 'native engines are installed on Linux only';
const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64';
const PACKAGE = process.arch === 'x64' ? 'tensorflow_cpu' : 'tensorflow';
const NAME = `${PACKAGE}-2.21.0-cp310-cp310-manylinux_2_27_${machine}.whl`;
const ENGINE = 'tensorflow-2.21.0-cpu';
const compiler = spawnSync('g++', ['--version']).status === 0;

interface Place {
  readonly folder: string;
  readonly home: string;
  readonly engine: (...args: string[]) => Promise<Ended>;
  readonly env: NodeJS.ProcessEnv;
}

function place(t: TestContext, server: IndexServer | null, env: NodeJS.ProcessEnv = {}): Place {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const url = server?.url ?? 'http://127.0.0.1:9';
  const all = { HOME: folder, PIP_INDEX_URL: `${url}/simple`, npm_config_registry: url, ...env };
  return { folder, home, env: all, engine: (command = '', ...args) => trawl(['engine', command, '--home', home, ...args], { cwd: folder, env: all }) };
}

/** A wheel with libraries that are none, or that a compiler has made of nothing. */
function wheel(library: Buffer | string = 'no library'): Buffer {
  return wheelOf(`${PACKAGE}-2.21.0`, { 'tensorflow/libtensorflow_cc.so.2': library, 'tensorflow/libtensorflow_framework.so.2': library, 'tensorflow/python/x.py': 'not wanted' });
}

function assertClean(home: string): void {
  const engines = join(home, 'engines');
  const left = existsSync(engines) ? readdirSync(engines).filter((name) => name !== 'downloads') : [];
  assert.deepEqual(left, [], 'nothing half-installed');
}

function assertOneLine({ stderr }: Ended, pattern: RegExp): void {
  const last = stderr.trim().split('\n').at(-1) ?? '';
  assert.match(last, pattern);
  assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
}

test('without a compiler nothing is fetched, and the line says which package to install', { skip }, async (t) => {
  const server = await IndexServer.start(t, { [NAME]: { content: wheel() } });
  const { home, engine } = place(t, server, { PATH: '/nonexistent', CXX: '' });
  const ended = await engine('install');
  assert.equal(ended.code, 1);
  assertOneLine(ended, /^C\+\+ compiler: found none \(g\+\+, c\+\+, clang\+\+\), expected one; install it \(apt install g\+\+, .+--addon FILE/);
  assert.deepEqual(server.asked, []);
  assertClean(home);
});

const wrong: readonly (readonly [string, string, Buffer, RegExp])[] = [
  ['of another package', `numpy-2.0.0-cp310-cp310-manylinux_2_27_${machine}.whl`, wheel(), /a wheel of numpy; expected one of tensorflow/],
  ['for another system', `${PACKAGE}-2.21.0-cp310-cp310-win_amd64.whl`, wheel(), /a wheel for win_amd64; expected one for linux on/],
  ['that is a page of HTML', NAME, Buffer.from('<html>404</html>'), /which cannot be read as a wheel/],
  ['without the library', NAME, wheelOf('x-1', { 'tensorflow/python/x.py': '' }), /in which there is no tensorflow\/libtensorflow_cc\.so\.2/],
  ['by another name', 'download', wheel(), /whose name is not that of a wheel/],
];
for (const [what, name, content, message] of wrong) {
  test(`a file for --wheel ${what} is bad input`, { skip: skip || (compiler ? false : 'no compiler here') }, async (t) => {
    const { folder, home, engine } = place(t, null);
    writeFileSync(join(folder, name), content);
    const ended = await engine('install', '--wheel', join(folder, name));
    assert.equal(ended.code, 2, ended.stderr);
    assertOneLine(ended, message);
    assertClean(home);
  });
}

test('a version that the index lacks is told with those that it has', { skip: skip || (compiler ? false : 'no compiler here') }, async (t) => {
  const server = await IndexServer.start(t, { [NAME]: { content: wheel() }, [NAME.replace('2.21.0', '2.20.0')]: { content: wheel() } });
  const ended = await place(t, server).engine('install', '--tf', '2.99.0');
  assert.equal(ended.code, 2);
  assertOneLine(ended, /^--tf: found 2\.99\.0, of which the index has no tensorflow(-cpu)? for linux \w+; expected one of 2\.21\.0, 2\.20\.0$/);
});

test('a wheel that is not the one that the index names is thrown away', { skip: skip || (compiler ? false : 'no compiler here') }, async (t) => {
  const server = await IndexServer.start(t, { [NAME]: { content: wheel(), sha256: '0'.repeat(64) } });
  const { home, engine } = place(t, server);
  const ended = await engine('install');
  assert.equal(ended.code, 1);
  assertOneLine(ended, /found SHA .+, expected 0000000000000000…; what was fetched is thrown away/);
  assertClean(home);
  assert.deepEqual(readdirSync(join(home, 'engines', 'downloads')), []);
});

test('Ctrl-C in the middle of a download leaves no engine; the same command goes on from there', { skip: skip || (compiler ? false : 'no compiler here') }, async (t) => {
  const content = Buffer.concat([wheel(), Buffer.alloc(200_000)]);
  const files: { [name: string]: Served } = { [NAME]: { content, hangsAfter: 100_000 } };
  const server = await IndexServer.start(t, files);
  const { folder, home, env, engine } = place(t, server);
  const running = new Trawl(['engine', 'install', '--home', home], { cwd: folder, env });
  const part = join(home, 'engines', 'downloads', `${NAME}.part`);
  await server.sent(NAME);
  running.signal('SIGINT');
  const ended = await running.ended;
  assert.equal(ended.code, 130);
  assertOneLine(ended, /^interrupted: nothing is installed; what was fetched is kept, and the same command goes on from there$/);
  assertClean(home);
  const kept = existsSync(part) ? readFileSync(part).length : 0;
  assert.ok(kept <= 100_000);
  server.serve(NAME, { content });
  // It is no zip that ends in zeros: what is tested here is what is asked of the server.
  await engine('install');
  assert.equal(server.askedFor(NAME).at(-1)?.range, kept === 0 ? undefined : `bytes=${kept}-`);
});

test('an engine whose library lacks a symbol is installed, told and not taken; then it can be removed', { skip: skip || (compiler ? false : 'no compiler here') }, async (t) => {
  const { folder, home, engine } = place(t, null);
  const build = (file: string, source: string, ...flags: string[]): Buffer => {
    writeFileSync(join(folder, 'a.cc'), source);
    const built = spawnSync('g++', ['-shared', '-fPIC', join(folder, 'a.cc'), '-o', join(folder, file), ...flags], { encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);
    return readFileSync(join(folder, file));
  };
  const library = build('libstub.so', 'extern "C" const char* TF_Version() { return "2.21.0"; }');
  build('tfjs_binding.node', 'extern "C" void* TF_LoadSessionFromSavedModel(); extern "C" void* use() { return TF_LoadSessionFromSavedModel(); }');
  writeFileSync(join(folder, NAME), wheel(library));
  const installed = await engine('install', '--wheel', join(folder, NAME), '--addon', join(folder, 'tfjs_binding.node'));
  assert.equal(installed.code, 1, installed.stderr);
  assertOneLine(installed, new RegExp(`^${ENGINE} is installed and cannot be used: the TensorFlow library lacks the symbol TF_LoadSessionFromSavedModel; install another version: trawl engine install --tf 2\\.21\\.0$`));
  const listed = JSON.parse((await engine('ls', '--json')).stdout) as { engines: { name: string; usable: boolean }[]; chosen: { engine: string; why: string } };
  assert.deepEqual(listed.engines.map(({ name, usable }) => [name, usable]), [[ENGINE, false], ['wasm', true]]);
  assert.equal(listed.chosen.engine, 'wasm');
  assert.match(listed.chosen.why, /graph on CPU .*cannot be used: the TensorFlow library lacks the symbol/);
  const again = await engine('install', '--wheel', join(folder, NAME));
  assertOneLine(again, /is installed already; test it with trawl engine test/);
  const forced = await trawl(['run', join(folder, 'none.yaml'), '--engine', 'graph', '--home', home], { cwd: folder });
  assert.equal(forced.code, 1);
  assertOneLine(forced, /lacks the symbol TF_LoadSessionFromSavedModel; .+ \[EngineUnusable\]$/);
  const removed = await engine('remove', ENGINE);
  assert.equal(removed.code, 0, removed.stderr);
  assert.deepEqual(readdirSync(join(home, 'engines')).filter((name) => name !== 'tested'), []);
  assert.equal((await engine('remove')).code, 2);
});

/** A mount of our own needs a namespace, and that needs root. */
const canMount = process.platform === 'linux' && spawnSync('unshare', ['-m', 'true']).status === 0;
test('a disk without room is told before anything is fetched', { skip: skip || (canMount && compiler ? false : 'no private mount can be made here (needs root on Linux)') }, (t) => {
  const { folder, home, env } = place(t, null);
  mkdirSync(home);
  writeFileSync(join(folder, NAME), wheel());
  const program = process.argv[1]?.replace(/dist\/.*$/, 'dist/cli/main.js') ?? '';
  const script = `mount -t tmpfs -o size=2m none '${home}' && '${process.execPath}' '${program}' engine install --home '${home}' --wheel '${join(folder, NAME)}'`;
  const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8', env: { ...process.env, ...env } });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^found [\d.]+ [kM]B free at .+, expected about \d+ MB; make room, or install into another home with --home DIR\n$/);
});

test("a package of tfjs-node that the user has installed is found; one without its library is told", { skip }, async (t) => {
  const { folder, engine } = place(t, null);
  const at = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  mkdirSync(join(at, 'lib', 'napi-v8'), { recursive: true });
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@tensorflow/tfjs-node', version: '4.22.0' }));
  symlinkSync(process.execPath, join(at, 'lib', 'napi-v8', 'tfjs_binding.node'));
  const tested = await engine('test');
  assert.equal(tested.code, 1, tested.stderr);
  assert.match(tested.stderr, /tfjs-node: (a library of it is damaged|it does not work)/);
  const listed = JSON.parse((await engine('ls', '--json')).stdout) as { engines: { name: string; from: string }[] };
  assert.deepEqual(listed.engines[0] && { name: listed.engines[0].name, from: listed.engines[0].from }, { name: 'tfjs-node', from: 'package' });
});

/** Real processes without memory: each way to run out of it has the class OutOfMemory. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test, type TestContext } from 'node:test';
import { packageRoot } from '../../../proto/package-root.js';
import type { Outcome } from '../../../proto/work.js';
import { outcomeOfExit } from '../../../worker/agent/exit-outcome.js';
import { counterFiles, OomKills } from '../../../worker/agent/oom-kills.js';

const importing = (...path: string[]): string => `await import(${JSON.stringify(pathToFileURL(join(packageRoot(), 'dist', ...path)).href)})`;

test('a WebAssembly memory that the system does not give is OutOfMemory, with what was needed', { skip: process.platform === 'win32' && 'no ulimit' }, () => {
  const script = `
    const { createWasmEngine } = ${importing('worker', 'engine', 'wasm', 'engine.js')};
    const { buildModel } = ${importing('worker', 'model', 'zoo.js')};
    const { outcomeOf } = ${importing('worker', 'train', 'failure.js')};
    const input = { height: 512, width: 512, channels: 3 };
    const source = { count: 24, ...input, labels: new Uint16Array(24), read: () => undefined };
    const training = { optimizer: { name: 'sgd' }, classes: 2, normalisation: { mean: null, deviation: null }, initSeed: 0, replicate: 0, maxBatch: 24, accumulate: 1, clips: false, augments: false, memoryBytes: null };
    const topology = buildModel({ name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 10 } }, input, 2);
    try { await (await createWasmEngine()).compile(topology, training, source); console.log('{}'); } catch (error) { console.log(JSON.stringify(outcomeOf(error))); }`;
  // 5 GB of address space hold Node itself (it reserves more than it uses) and not the model.
  const shell = `ulimit -v 5000000; exec "${process.execPath}" --input-type=module -e "$SCRIPT"`;
  const outcome = JSON.parse(execFileSync('sh', ['-c', shell], { env: { ...process.env, SCRIPT: script }, encoding: 'utf8' })) as Outcome;
  assert.equal(outcome.class, 'OutOfMemory');
  assert.match(outcome.message, /^this machine has no [\d,]+ MiB for the model at batch 24$/);
  assert.ok((outcome.neededBytes ?? 0) > 500 * 2 ** 20, `needed ${outcome.neededBytes}`);
});

test('a heap that cannot grow is OutOfMemory', async () => {
  const child = spawn(process.execPath, ['--max-old-space-size=32', '-e', 'const all = []; for (;;) all.push(new Array(1000).fill(all.length));'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  assert.equal(outcomeOfExit({ code, signal, log, lastLine: '' }).class, 'OutOfMemory');
});

/** A memory control group of our own with a limit; null where none can be made. */
function controlGroup(t: TestContext, bytes: number): string | null {
  const [root, limit, procs] = ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'cgroup.procs'];
  const folder = join(root, `trawl-test-${process.pid}`);
  try {
    mkdirSync(folder);
    t.after(() => rmdirSync(folder));
    writeFileSync(join(folder, limit), String(bytes));
    return join(folder, procs);
  } catch {
    return null;
  }
}

test('a process that the kernel kills for want of memory is OutOfMemory, and one that somebody kills is not', async (t) => {
  const procs = process.platform === 'linux' ? controlGroup(t, 150 * 2 ** 20) : null;
  if (procs === null) {
    t.skip('no memory control group can be made here (needs Linux, version 1 groups and their administrator)');
    return;
  }
  const start = async (script: string) => {
    const child = spawn('sh', ['-c', `echo $$ > ${procs}; exec "${process.execPath}" -e "$SCRIPT"`], { env: { ...process.env, SCRIPT: script }, stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const kills = (await OomKills.since(child.pid ?? 0)) ?? assert.fail('nothing is counted');
    return { child, kills };
  };
  const waiting = 'process.stdout.write("ready"); process.stdin.once("data", () => { const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1)); });';

  const murdered = await start(waiting);
  murdered.child.kill('SIGKILL');
  await once(murdered.child, 'close');
  assert.equal(await murdered.kills.happened(), false);

  const starved = await start(waiting);
  starved.child.stdin.write('go');
  const [code, signal] = (await once(starved.child, 'close')) as [number | null, NodeJS.Signals | null];
  assert.equal(signal, 'SIGKILL');
  const outcome = outcomeOfExit({ code, signal, log: '', lastLine: '' }, await starved.kills.happened());
  assert.deepEqual(outcome, { class: 'OutOfMemory', message: 'the training process was killed by the system, which had no memory left', neededBytes: null });
});

test('kills are counted in the group of the process, of either version, else for the machine', () => {
  assert.deepEqual(counterFiles('4:memory:/job/7\n0::/\n').slice(0, 2), ['/sys/fs/cgroup/memory/job/7/memory.oom_control', '/sys/fs/cgroup/memory/memory.oom_control']);
  assert.deepEqual(counterFiles('0::/user.slice/a\n'), ['/sys/fs/cgroup/user.slice/a/memory.events', '/sys/fs/cgroup/memory.events', '/proc/vmstat']);
  assert.deepEqual(counterFiles(''), ['/proc/vmstat']);
});

test('what C++ and TensorFlow say before they abort is OutOfMemory', () => {
  const aborted = { code: null, signal: 'SIGABRT', lastLine: 'the last line' } as const;
  for (const log of ["terminate called after throwing an instance of 'std::bad_alloc'", 'RESOURCE_EXHAUSTED: Out of memory while trying to allocate', 'FATAL ERROR: Fatal JavaScript invalid size error; Fatal process out of memory: Zone']) {
    assert.equal(outcomeOfExit({ ...aborted, log }).class, 'OutOfMemory', log);
  }
});

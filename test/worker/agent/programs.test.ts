import assert from 'node:assert/strict';
import { EventEmitter, on, once } from 'node:events';
import { watch } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { LeaseRef, LogText } from '../../../proto/messages.js';
import type { Outcome } from '../../../proto/work.js';
import { startAgent, type LogLine, type RunningAgent } from './in-process.js';
import { gone, isAlive } from './processes.js';
import { moduleWork, scriptWork, type ProgramChange } from './program-work.js';
import { ScriptedCoordinator } from './scripted-coordinator.js';

let coordinator: ScriptedCoordinator;
let running: RunningAgent;
/** A place outside of the program's own folders, where it can leave word. */
let outside: string;

before(async () => {
  coordinator = await ScriptedCoordinator.start();
  running = await startAgent(coordinator);
  outside = await mkdtemp(join(tmpdir(), 'trawl-outside-'));
});
beforeEach(() => {
  coordinator.script = () => ({});
});
after(async () => {
  await running.close();
  await coordinator.stop();
  await rm(outside, { recursive: true });
});

const offer = async (script: string, change: ProgramChange = {}): Promise<LeaseRef> => coordinator.offer(await scriptWork(coordinator.blobs, script, change));
const outcomeOf = async (script: string, change: ProgramChange = {}): Promise<Outcome> => coordinator.outcomeOf(await offer(script, change));
const metricsOf = (lease: LeaseRef): unknown[] => coordinator.of(lease, 'epoch').map(({ epoch, result }) => [epoch, result.metrics]);
const logOf = (lease: LeaseRef): string => coordinator.of(lease, 'finished')[0]?.log ?? '';
/** What a program left word of, once it has. */
async function wordOf(name: string): Promise<string> {
  const watcher = watch(outside);
  // Changes while the file is read are not lost: they are held until they are asked for.
  const changes = on(watcher, 'change');
  try {
    for (;;) {
      const text = await readFile(join(outside, name), 'utf8').catch(() => '');
      if (text !== '') return text;
      await changes.next();
    }
  } finally {
    watcher.close();
  }
}
const filesLeft = async (): Promise<string[]> => (await running.leftovers()).filter((name) => name.startsWith('attempt'));

describe('a command', () => {
  it('is told its settings by file and variables, and its epochs are reported in order', async () => {
    const script = `
      const { TRAWL_LR, TRAWL_FC_WIDTH, TRAWL_NAME, TRAWL_SEED, TRAWL_FROM, TRAWL_TO, TRAWL_LOAD, SECRET, EXTRA, PYTHONUNBUFFERED } = process.env;
      if (JSON.stringify([TRAWL_LR, TRAWL_FC_WIDTH, TRAWL_NAME, TRAWL_SEED, TRAWL_FROM, TRAWL_TO, TRAWL_LOAD, EXTRA, PYTHONUNBUFFERED]) !== '["0.5","8","a b","5","0","2","","on","1"]') throw new Error(JSON.stringify(process.env));
      for (const name of Object.keys(process.env)) if (/TOKEN|DATABASE/.test(name)) throw new Error(name + ' is there');
      if (run.load !== null || run.seed !== 5 || run.settings.lr !== 0.5) throw new Error(JSON.stringify(run));
      for (const { epoch, settings } of run.epochs) report(epoch, { 'val.loss': settings.lr, width: settings.fcWidth });`;
    const lease = await offer(script, { to: 2, environment: { EXTRA: 'on' }, values: [{ lr: 0.5, fcWidth: 8, name: 'a b' }, { lr: 0.25, fcWidth: 8, name: 'a b' }] });
    assert.deepEqual(await coordinator.outcomeOf(lease), { class: 'done', message: '', neededBytes: null });
    assert.deepEqual(metricsOf(lease), [[0, { 'val.loss': 0.5, width: 8 }], [1, { 'val.loss': 0.25, width: 8 }]]);
    assert.deepEqual(await filesLeft(), []);
  });

  it('goes on from the checkpoint that it saved', async () => {
    const script = `
      let sum = run.load === null ? 0 : JSON.parse(fs.readFileSync(path.join(run.load, 'state.json'), 'utf8'));
      for (const { epoch } of run.epochs) { sum += epoch + 1; save(epoch, sum); report(epoch, { sum }); }`;
    const first = await offer(script, { to: 3, keep: [1, 2] });
    assert.equal((await coordinator.outcomeOf(first)).class, 'done');
    const [saved, last] = coordinator.of(first, 'checkpoint');
    assert.deepEqual([saved?.epoch, last?.epoch], [1, 2]);
    const second = await offer(script, { from: 2, to: 4, checkpoint: saved?.blob ?? null });
    assert.equal((await coordinator.outcomeOf(second)).class, 'done');
    assert.deepEqual(metricsOf(second), [[2, { sum: 6 }], [3, { sum: 10 }]]);
  });

  it('saves no checkpoint where it saved none', async () => {
    const lease = await offer(`report(0, { a: 1 });`, { keep: [0] });
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
    assert.deepEqual(coordinator.of(lease, 'checkpoint'), []);
  });

  it('is asked to pause by a file, and leaves the checkpoint of that epoch', async () => {
    const script = `
      fs.writeFileSync('${outside}/begun', 'yes');
      while (!fs.existsSync(run.stop)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      save(0, 'paused'); report(0, { a: 1 });`;
    const lease = await offer(script, { to: 1000 });
    await wordOf('begun');
    coordinator.send({ kind: 'cancel', attempt: lease.attempt, how: 'release' });
    assert.equal((await coordinator.outcomeOf(lease)).class, 'released');
    assert.deepEqual(coordinator.of(lease, 'checkpoint').map(({ epoch }) => epoch), [0]);
  });

  it('that has ended for a pause between two epochs gives back the stage, with the checkpoint of the last one', async () => {
    // The next epoch is begun by trawl before the file is there, and never by the program.
    const script = `
      save(0, 'reported'); report(0, { a: 1 });
      while (!fs.existsSync(run.stop)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);`;
    const lease = await offer(script, { to: 1000 });
    await coordinator.epochReport(lease, 0);
    coordinator.send({ kind: 'cancel', attempt: lease.attempt, how: 'release' });
    assert.deepEqual(await coordinator.outcomeOf(lease), { class: 'released', message: '', neededBytes: null });
    assert.deepEqual(metricsOf(lease), [[0, { a: 1 }]]);
    assert.deepEqual(coordinator.of(lease, 'checkpoint').map(({ epoch }) => epoch), [0]);
  });

  it('is ended by SIGTERM when the answer to an epoch is stop, and what it trained beyond is not reported', async () => {
    coordinator.script = (message) => (message.kind === 'epoch' ? { next: 'stop', keep: true } : {});
    const script = `
      process.on('SIGTERM', () => { fs.writeFileSync('${outside}/terminated', 'by SIGTERM, stop file ' + fs.existsSync(run.stop)); process.exit(0); });
      save(0, 'kept'); report(0, { a: 1 }); report(1, { a: 2 });
      setInterval(() => undefined, 1000);`;
    const lease = await offer(script, { to: 100, awaitFrom: 0 });
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
    assert.equal(await wordOf('terminated'), 'by SIGTERM, stop file true');
    assert.deepEqual(metricsOf(lease), [[0, { a: 1 }]]);
    assert.deepEqual(coordinator.of(lease, 'checkpoint').map(({ epoch }) => epoch), [0]);
  });

  it('that ignores SIGTERM is killed after its grace', async () => {
    coordinator.script = (message) => (message.kind === 'epoch' ? { next: 'stop' } : {});
    const lease = await offer(`process.on('SIGTERM', () => undefined); report(0, { pid: process.pid }); setInterval(() => undefined, 1000);`, { to: 100, awaitFrom: 0 });
    const { result } = await coordinator.epochReport(lease, 0);
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
    await gone(result.metrics.pid ?? 0);
  });

  it('does not outlive an attempt whose lease is gone', async () => {
    const lease = await offer(`report(0, { pid: process.pid }); process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000);`, { to: 100 });
    const { result } = await coordinator.epochReport(lease, 0);
    assert.equal(await isAlive(result.metrics.pid ?? 0), true);
    coordinator.send({ kind: 'cancel', attempt: lease.attempt, how: 'abandon' });
    await gone(result.metrics.pid ?? 0);
    assert.equal((await outcomeOf(`report(0, { a: 1 });`)).class, 'done');
    assert.deepEqual(await filesLeft(), []);
  });

  it('takes what it has started with it, in its group and out of it', { skip: process.platform !== 'linux' && 'what left its group is found on Linux alone' }, async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const start = (detached) => { const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { detached, stdio: 'inherit' }); child.unref(); return child.pid; };
      report(0, { near: start(false), far: start(true) });
      process.exit(0);`;
    const lease = await offer(script);
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
    const [report] = coordinator.of(lease, 'epoch');
    for (const name of ['near', 'far']) await gone(report?.result.metrics[name] ?? 0);
  });

  it('that has ended is not waited for while what it has started prints on and on', async () => {
    const outcome = await outcomeOf('', { command: ['sh', '-c', '(while :; do echo chatter; sleep 0.1; done) & echo "it is over" >&2; exit 3'] });
    assert.equal(outcome.class, 'TrainableError');
    assert.match(outcome.message, /^the program exited with code 3 in epoch 0/);
  });

  it('may print what it likes beside its reports', async () => {
    const script = `
      fs.writeSync(1, 'Epoch 1/2 [=====>....]\\r\\n{"level": "info"}\\n{broken\\n'); fs.writeSync(2, 'warning: deprecated\\n');
      fs.writeSync(1, Buffer.from([255, 254, 0, 10]));
      report(0, { a: 1 }); fs.writeSync(1, 'no end of line');
      throw new Error('late');`;
    const lease = await offer(script, { to: 2 });
    const outcome = await coordinator.outcomeOf(lease);
    assert.equal(outcome.class, 'TrainableError');
    assert.deepEqual(metricsOf(lease), [[0, { a: 1 }]]);
    for (const part of ['Epoch 1/2', '{"level": "info"}', '{broken', 'warning: deprecated', 'no end of line', 'Error: late']) assert.ok(logOf(lease).includes(part), `${part} in ${logOf(lease)}`);
    assert.ok(!logOf(lease).includes('"metrics"'), 'reports are no log');
  });

  it('is read while it runs by whoever follows it, under its lease alone; the end of what it printed is told with its end', async () => {
    const script = `
      console.log('first'); fs.writeFileSync('${outside}/printed', 'yes');
      while (!fs.existsSync('${outside}/go-on')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      console.log('\u001b[31mlast\u001b[0m'); report(0, { a: 1 });`;
    const { attempt, token } = await offer(script);
    await wordOf('printed');
    coordinator.send({ kind: 'follow', attempt, token: 'of another', from: 0, forMs: 60_000 });
    coordinator.send({ kind: 'follow', attempt, token, from: 0, forMs: 60_000 });
    const textOf = (): string => Buffer.concat(coordinator.printed.items.filter((text) => text.attempt === attempt).map(({ text }) => text)).toString();
    await coordinator.printed.until(() => textOf() === 'first\n');
    assert.ok(coordinator.printed.items.every((text) => text.token === token));
    await writeFile(join(outside, 'go-on'), 'yes');
    assert.equal((await coordinator.outcomeOf({ attempt, token })).class, 'done');
    assert.equal(textOf(), 'first\n\u001b[31mlast\u001b[0m\n');
    assert.equal(logOf({ attempt, token }), textOf());
  });

  it('is read while its attempt closes too, be that long after the process has ended', { timeout: 30_000 }, async (context) => {
    const put = coordinator.blobs.put.bind(coordinator.blobs);
    context.after(() => (coordinator.blobs.put = put));
    const { attempt, token } = await offer(`
      console.log('last words'); save(0, 'never stored before'); report(0, { a: 1 }); fs.writeFileSync('${outside}/parent', String(process.ppid));
      setInterval(() => undefined, 1000);`, { keep: [0], to: 2 });
    const gate = new EventEmitter();
    const arrived = once(gate, 'arrived');
    coordinator.blobs.put = async (...given) => {
      const opened = once(gate, 'opened');
      gate.emit('arrived');
      await opened;
      return put(...given);
    };
    await arrived;
    process.kill(Number(await wordOf('parent')), 'SIGKILL');
    await running.lines.first((line): line is LogLine => line.line === 'a training process ended' && line.facts.attempt === attempt);
    coordinator.send({ kind: 'follow', attempt, token, from: 0, forMs: 60_000 });
    const told = await coordinator.printed.first((text): text is LogText => text.attempt === attempt);
    assert.equal(Buffer.from(told.text).toString(), 'last words\n');
    assert.deepEqual(coordinator.of({ attempt, token }, 'finished'), [], 'it is still closing');
    gate.emit('opened');
    assert.equal((await coordinator.outcomeOf({ attempt, token })).class, 'WorkerLost');
  });

  it('costs no memory by lines without end or a gigabyte of output', async () => {
    const script = `
      const chunk = Buffer.alloc(2 ** 20, '{');
      for (let i = 0; i < 512; i++) fs.writeSync(1, chunk);
      fs.writeSync(1, '\\n');
      chunk.fill('x'); chunk[100] = 10;
      for (let i = 0; i < 512; i++) fs.writeSync(i % 2 + 1, chunk);
      fs.writeSync(1, '\\n');
      report(0, { a: 1 });`;
    const before = process.memoryUsage.rss();
    const lease = await offer(script, { memoryBytes: 512 * 2 ** 20 });
    assert.deepEqual(await coordinator.outcomeOf(lease), { class: 'done', message: '', neededBytes: null });
    assert.deepEqual(metricsOf(lease), [[0, { a: 1 }]]);
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 256 * 2 ** 20, `the agent grew by ${grown} bytes`);
  });

  it('that says nothing is ended after its silence, or when its stage has had its time', async () => {
    const silent = await outcomeOf('setInterval(() => undefined, 1000);', { silenceMs: 700 });
    assert.equal(silent.class, 'Timeout');
    assert.match(silent.message, /^the program said nothing for 0\.7 s, .*trainable\.silence/);
    const stage = await outcomeOf(`setInterval(() => fs.writeSync(1, '.'), 20);`, { silenceMs: 5_000, timeoutMs: 700 });
    assert.deepEqual(stage, { class: 'Timeout', message: 'the stage took longer than its limit of 0.7 s', neededBytes: null });
  });

  const failures: readonly (readonly [string, string, Outcome['class'], RegExp])[] = [
    ['exits with 0 without its epochs', 'report(0, { a: 1 });', 'TrainableError', /^the program ended \(code 0\) and has not reported epochs 1 to 2; it must print a line such as \{"epoch": 1,/],
    ['exits with another code', `report(0, { a: 1 }); console.error('giving up'); process.exit(3);`, 'TrainableError', /^the program exited with code 3 in epoch 1: giving up$/],
    ['crashes', `process.kill(process.pid, 'SIGSEGV'); setInterval(() => undefined, 1000);`, 'TrainableError', /^the program was killed by SIGSEGV in epoch 0/],
    ['has no memory', `console.error('MemoryError'); process.exit(1);`, 'OutOfMemory', /MemoryError$/],
    ['skips an epoch', 'report(0, { a: 1 }); report(2, { a: 1 });', 'TrainableError', /^found the report of epoch 2, expected that of epoch 1: each once, in order/],
    ['reports an epoch twice', 'report(0, { a: 1 }); report(0, { a: 1 });', 'TrainableError', /^found the report of epoch 0, expected that of epoch 1/],
    ['counts from 1', 'report(1, { a: 1 });', 'TrainableError', /^found the report of epoch 1, expected that of epoch 0: .*counted from 0$/],
    ['names no number', `report('first', { a: 1 });`, 'TrainableError', /^found a report of the epoch "first", expected/],
    ['reports a text for a metric', `report(0, { a: '0.5' });`, 'TrainableError', /^metric a of epoch 0: found "0\.5", expected a number$/],
    ['reports no metric', 'report(0, {});', 'TrainableError', /^metrics of epoch 0: found 0, expected 1 to 1000$/],
    ['reports no map', 'report(0, [1]);', 'TrainableError', /^metrics of epoch 0: found \[1\], expected a map of name to number$/],
    ['saves a link into the box', `fs.mkdirSync(path.join(run.save, '0')); fs.symlinkSync('/etc', path.join(run.save, '0', 'etc')); report(0, { a: 1 });`, 'TrainableError', /^found etc, a link that leads to no file, expected files and folders alone$/],
  ];
  for (const [how, script, kind, message] of failures) {
    it(`that ${how} ends as ${kind}, and says so`, async () => {
      const outcome = await outcomeOf(script, { to: 3, keep: [0] });
      assert.equal(outcome.class, kind, outcome.message);
      assert.match(outcome.message, message);
    });
  }

  it('diverges by a metric that is not finite, as Python or JavaScript writes it', async () => {
    for (const written of ['NaN', 'Infinity', '-Infinity', 'null', '1e999']) {
      const lease = await offer(`fs.writeSync(1, '{"epoch": 0, "metrics": {"loss": ${written}, "NaN": 1, "b": 2}}\\n'); setInterval(() => undefined, 1000);`, { to: 9 });
      assert.equal((await coordinator.outcomeOf(lease)).class, 'done', written);
      const [report] = coordinator.of(lease, 'epoch');
      assert.deepEqual(report?.result, { metrics: { NaN: 1, b: 2 }, confusion: null, diverged: true }, written);
    }
  });

  it('that takes more memory than it may ends as OutOfMemory, with all it has started', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', 'const held = []; setInterval(() => held.push(Buffer.alloc(2 ** 25, 1)), 20)'], { stdio: 'inherit' });
      setInterval(() => undefined, 1000);`;
    const outcome = await outcomeOf(script, { memoryBytes: 400 * 2 ** 20 });
    assert.equal(outcome.class, 'OutOfMemory');
    assert.match(outcome.message, /^the training process grew to \d+ MiB, over its limit of 400 MiB$/);
  });

  it('that is not there, or may not be run, is the box’s fault', async () => {
    const none = await outcomeOf('', { command: ['no-such-program'] });
    assert.equal(none.class, 'WorkerLost');
    assert.match(none.message, /^no-such-program: found no such program on this worker, expected a program on its PATH/);
    const plain = await outcomeOf('', { command: ['./train.cjs'] });
    assert.match(plain.message, /^\.\/train\.cjs: found a file that may not be run .*\[sh, \.\/train\.cjs\]$/);
  });

  it('may be a shell', async () => {
    const line = 'echo "{\\"epoch\\": 0, \\"metrics\\": {\\"a\\": $TRAWL_LR}}"';
    const lease = await offer('', { command: ['sh', '-c', line], values: [{ lr: 0.125 }] });
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
    assert.deepEqual(metricsOf(lease), [[0, { a: 0.125 }]]);
  });

  it('that stays after its last epoch is not waited for without end', async () => {
    const lease = await offer(`process.on('SIGTERM', () => process.exit(0)); report(0, { a: 1 }); setInterval(() => undefined, 1000);`);
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
  });
});

describe('a module', () => {
  const offerModule = async (code: string, change: ProgramChange = {}): Promise<LeaseRef> => coordinator.offer(await moduleWork(coordinator.blobs, code, change));
  const SUM = `
    import { readFileSync, writeFileSync } from 'node:fs';
    export function* train({ load, epochs, seed }) {
      let sum = load === null ? seed : JSON.parse(readFileSync(load + '/sum.json', 'utf8'));
      for (const { epoch, settings } of epochs) {
        sum += settings.lr;
        yield { metrics: { sum }, save: (folder) => writeFileSync(folder + '/sum.json', JSON.stringify(sum)) };
      }
    }`;

  it('trains an epoch at a time and goes on from its checkpoint', async () => {
    const values = [{ lr: 1 }, { lr: 2 }, { lr: 4 }];
    const first = await offerModule(SUM, { to: 2, keep: [1], values });
    assert.deepEqual(await coordinator.outcomeOf(first), { class: 'done', message: '', neededBytes: null });
    assert.deepEqual(metricsOf(first), [[0, { sum: 6 }], [1, { sum: 8 }]]);
    const second = await offerModule(SUM, { from: 2, to: 3, checkpoint: coordinator.of(first, 'checkpoint')[0]?.blob ?? null, values });
    assert.equal((await coordinator.outcomeOf(second)).class, 'done');
    assert.deepEqual(metricsOf(second), [[2, { sum: 12 }]]);
    assert.deepEqual(await filesLeft(), []);
  });

  it('leaves nothing of one attempt to the next', async () => {
    const code = `globalThis.calls = (globalThis.calls ?? 0) + 1; export async function* train() { yield { metrics: { calls: globalThis.calls } }; }`;
    for (const lease of [await offerModule(code), await offerModule(code)]) {
      assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
      assert.deepEqual(metricsOf(lease), [[0, { calls: 1 }]]);
    }
  });

  it('does not begin an epoch that is not wanted', async () => {
    coordinator.script = (message) => (message.kind === 'epoch' ? { next: 'stop' } : {});
    const lease = await offerModule(`import { writeFileSync } from 'node:fs'; export function* train() { yield { metrics: { a: 1 } }; writeFileSync('${outside}/second', 'begun'); yield { metrics: { a: 2 } }; }`, { to: 5, awaitFrom: 0 });
    assert.equal((await coordinator.outcomeOf(lease)).class, 'done');
    assert.deepEqual(metricsOf(lease), [[0, { a: 1 }]]);
    await assert.rejects(readFile(join(outside, 'second')), { code: 'ENOENT' });
  });

  const failures: readonly (readonly [string, string, RegExp])[] = [
    ['throws', `export function* train() { console.log('before'); throw new Error('went wrong'); }`, /^went wrong$/],
    ['ends early', 'export function* train() { yield { metrics: { a: 1 } }; }', /^the module's train ended before epoch 1, expected a yield of \{metrics\}/],
    ['gives no metrics', 'export function* train() { yield 1; }', /^metrics of epoch 0: found nothing, expected a map of name to number$/],
    ['has no train', 'export const train = 1;', /^the module's train: found a number, expected export async function\* train\(run\)$/],
    ['is no generator', 'export async function train() { return 1; }', /^the module's train: found a function that returns no iterator/],
    ['ends its process', 'export function* train() { process.exit(7); }', /exited with code 7/],
  ];
  for (const [how, code, message] of failures) {
    it(`that ${how} ends as TrainableError, and says so`, async () => {
      const outcome = await coordinator.outcomeOf(await offerModule(code, { to: 3 }));
      assert.equal(outcome.class, 'TrainableError', outcome.message);
      assert.match(outcome.message, message);
    });
  }

  it('leaves what it printed where it fails', async () => {
    const lease = await offerModule(`export function* train() { console.log('step 1'); throw new Error('went wrong'); }`);
    assert.equal((await coordinator.outcomeOf(lease)).class, 'TrainableError');
    assert.match(logOf(lease), /step 1\n[^]*went wrong/);
  });

  it('in an endless loop is ended when its stage has had its time; one that waits, in an epoch or for its checkpoint, after its silence', async () => {
    const loop = await coordinator.outcomeOf(await offerModule('export function* train() { for (;;); }', { timeoutMs: 700 }));
    assert.equal(loop.class, 'Timeout');
    const waits = await coordinator.outcomeOf(await offerModule('export async function* train() { await new Promise((resolve) => setTimeout(resolve, 1e8)); }', { silenceMs: 500 }));
    assert.equal(waits.class, 'Timeout');
    const saves = await coordinator.outcomeOf(await offerModule('export function* train() { yield { metrics: { a: 1 }, save: () => new Promise(() => undefined) }; }', { silenceMs: 500, timeoutMs: 60_000, keep: [0] }));
    assert.match(saves.message, /^the program said nothing for 0\.5 s/);
  });
});

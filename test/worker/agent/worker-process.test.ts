import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { packageRoot } from '../../../proto/package-root.js';
import { garthTrajectory, GARTH_SETTINGS, storeDataSet, trainWork } from './data-set.js';
import { gone } from './processes.js';
import { ScriptedCoordinator, TOKEN } from './scripted-coordinator.js';
import { syntheticWork } from './synthetic-work.js';

/** Half a second of computing without a wait: no other part of a training takes so long. */
const STEP_TICKS = 50;
/** Far from the end of the step. */
const PROMPTLY_MS = 2_000;
const MAIN = join(packageRoot(), 'dist', 'worker', 'main', 'main.js');

/** Processes that this one forked, by the system's own account. */
async function childrenOf(pid: number): Promise<number[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').filter(Boolean).map(Number);
}

/** How often it has waited, and the ticks of 10 ms that it has computed. */
async function mainThreadOf(pid: number): Promise<{ readonly waits: number; readonly ticks: number }> {
  const [status, stat] = await Promise.all(['status', 'stat'].map((name) => readFile(`/proc/${pid}/task/${pid}/${name}`, 'utf8')));
  const fields = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ');
  return { waits: Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status ?? '')?.[1]), ticks: Number(fields[11]) };
}

describe('the worker process', { skip: process.platform === 'linux' ? false : 'asks /proc for children' }, () => {
  let coordinator: ScriptedCoordinator;
  let home: string;
  let worker: ChildProcess;

  const start = (environment: NodeJS.ProcessEnv = { TRAWL_TOKEN: TOKEN }, blobs = coordinator.baseUrl, from: { readonly home: string; readonly cwd?: string } = { home }): ChildProcess => {
    const args = ['--coordinator', coordinator.address, '--blobs', blobs, '--home', from.home, '--slots', '2', '--name', 'box'];
    return fork(MAIN, args, { ...(from.cwd === undefined ? {} : { cwd: from.cwd }), env: { PATH: process.env.PATH, SECRET: 'of the parent', ...environment }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  };
  const exitOf = async (child: ChildProcess): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    return ((await once(child, 'exit')) as [number | null])[0];
  };

  before(async () => {
    coordinator = await ScriptedCoordinator.start();
  });
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'trawl-home-'));
    const hellos = coordinator.hellos.items.length;
    worker = start();
    await coordinator.hellos.count(hellos + 1);
  });
  afterEach(async () => {
    worker.kill('SIGKILL');
    await exitOf(worker);
    await rm(home, { recursive: true, force: true });
  });
  after(async () => coordinator.stop());

  /** The training children once an endless stage runs. */
  const busyChildren = async (): Promise<number[]> => {
    const lease = coordinator.offer(syntheticWork({ to: 100_000, epochMs: 2 }));
    await coordinator.epochReport(lease, 1);
    const children = await childrenOf(worker.pid ?? 0);
    assert.equal(children.length, 1);
    return children;
  };

  /** The training child once its main thread has computed for a while without once waiting for an event. */
  const childInStep = async (): Promise<number> => {
    let since = { waits: -1, ticks: 0 };
    for (;;) {
      const [child] = await childrenOf(worker.pid ?? 0);
      if (child !== undefined) {
        const now = await mainThreadOf(child);
        if (now.waits !== since.waits) since = now;
        else if (now.ticks - since.ticks >= STEP_TICKS) return child;
      }
      await wait(20);
    }
  };

  it('leaves no child behind when it is killed', async () => {
    const [child] = await busyChildren();
    worker.kill('SIGKILL');
    await gone(child!);
  });

  it('ends its child in the middle of one long step when it is killed', async () => {
    const data = await storeDataSet(coordinator.blobs);
    // A step over all images takes about 2e11 products.
    const trajectory = { ...garthTrajectory(data), input: { height: 128, width: 128, channels: 1, resize: 'stretch', normalisation: 'scale' }, model: { name: 'garth-cnn', knobs: { filters: [32, 512, 512], fcWidth: 8 } } } as const;
    const lease = coordinator.offer(trainWork(data, { trajectory, settings: { ...GARTH_SETTINGS, batch: 22 } }));
    const child = await childInStep();
    const killedAt = performance.now();
    worker.kill('SIGKILL');
    await gone(child);
    assert.ok(performance.now() - killedAt < PROMPTLY_MS);
    assert.deepEqual(coordinator.of(lease, 'epoch'), []);
  });

  it('trains in a home that is named from the folder it is started in', async () => {
    const data = await storeDataSet(coordinator.blobs);
    worker.kill('SIGKILL');
    await exitOf(worker);
    const hellos = coordinator.hellos.items.length;
    worker = start({ TRAWL_TOKEN: TOKEN }, coordinator.baseUrl, { home: basename(home), cwd: dirname(home) });
    await coordinator.hellos.count(hellos + 1);
    assert.equal((await coordinator.outcomeOf(coordinator.offer(trainWork(data, { to: 1 })))).class, 'done');
  });

  it('ends with its parent', async () => {
    const [child] = await busyChildren();
    worker.disconnect();
    await exitOf(worker);
    await gone(child!);
    assert.deepEqual(await readdir(join(home, 'locks')), []);
  });

  it('ends with its parent even while it waits for a blob that never comes', async () => {
    const dataset = createHash('sha256').update('not there').digest('hex');
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    worker.kill('SIGKILL');
    await exitOf(worker);
    const hellos = coordinator.hellos.items.length;
    const asked = once(server, 'request');
    worker = start({ TRAWL_TOKEN: TOKEN }, `http://127.0.0.1:${port}`);
    await coordinator.hellos.count(hellos + 1);
    coordinator.offer(trainWork({ manifest: { format: 1, digest: dataset, classes: [], packs: [], files: [] }, blob: dataset }));
    await asked;
    worker.disconnect();
    await exitOf(worker);
    server.closeAllConnections();
    server.close();
  });

  it('gives its leases back on SIGTERM, and exits with 0', async () => {
    const lease = coordinator.offer(syntheticWork({ to: 100_000, epochMs: 2 }));
    await coordinator.epochReport(lease, 1);
    worker.kill('SIGTERM');
    assert.equal((await coordinator.outcomeOf(lease)).class, 'released');
    assert.equal(await exitOf(worker), 0);
    assert.deepEqual(await readdir(join(home, 'locks')), []);
  });

  it('hands no secret to its children', async () => {
    const [child] = await busyChildren();
    const names = (await readFile(`/proc/${child}/environ`, 'utf8')).split('\0').map((entry) => entry.split('=')[0]);
    assert.deepEqual(names.filter((name) => name === 'SECRET' || name?.startsWith('TRAWL')), []);
  });

  it('refuses a home that another worker uses, and says whose it is', async () => {
    const second = start();
    const said = await text(second.stderr!);
    assert.equal(await exitOf(second), 1);
    assert.match(said, new RegExp(`^the worker home ${home} is in use by process ${worker.pid}: stop that worker, or give this one a home of its own with --home DIR\n$`));
  });

  it('keeps its id over a kill and a new start, and empties its temporary folder', async () => {
    const first = coordinator.hellos.items.at(-1)!.worker;
    await busyChildren();
    worker.kill('SIGKILL');
    await exitOf(worker);
    const hellos = coordinator.hellos.items.length;
    worker = start();
    await coordinator.hellos.count(hellos + 1);
    assert.equal(coordinator.hellos.items.at(-1)?.worker, first);
    assert.deepEqual(await readdir(join(home, 'tmp')), []);
  });

  it('says what is wrong with its command line, and exits with 2', async () => {
    const lost = start({});
    const said = await text(lost.stderr!);
    assert.equal(await exitOf(lost), 2);
    assert.equal(said, "TRAWL_TOKEN: found nothing, expected the coordinator's token in this environment variable\n");
  });

  it('ends when the coordinator refuses it for good', async () => {
    worker.kill('SIGKILL');
    await exitOf(worker);
    const stranger = start({ TRAWL_TOKEN: 'another' });
    const said = await text(stranger.stderr!);
    assert.equal(await exitOf(stranger), 1);
    assert.match(said, /the coordinator at .+ refused this worker: .*token/);
  });
});

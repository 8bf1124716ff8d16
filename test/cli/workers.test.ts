/** The fleet as a person sees and steers it, with real processes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { HttpSweepService } from '../../cli/client.js';
import { homeAt } from '../../cli/home.js';
import { readAnnouncement } from '../../cli/host/announcement.js';
import type { WorkerView } from '../../coordinator/api/fleet-views.js';
import type { TrialDetail, TrialResult } from '../../coordinator/api/trial-views.js';
import { startEmbedded } from '../../coordinator/store/embedded.js';
import { openStore } from '../../coordinator/store/postgres.js';
import type { StoredEvent } from '../../coordinator/store/records.js';
import { temporaryFolder } from '../support/images.js';
import { Trawl, trawl } from './trawl.js';

class Fleet {
  readonly folder: string;
  readonly home: string;
  readonly #up: Trawl;
  readonly #address: { readonly url: string; readonly grpc: string; readonly token: string };

  constructor(folder: string, up: Trawl, address: { readonly url: string; readonly grpc: string; readonly token: string }) {
    this.folder = folder;
    this.home = join(folder, 'home');
    this.#up = up;
    this.#address = address;
  }

  static async start(t: TestContext): Promise<Fleet> {
    const folder = temporaryFolder(t);
    const home = join(folder, 'home');
    const up = new Trawl(['up', '--home', home, '--no-worker']);
    t.after(async () => {
      up.signal('SIGINT');
      await up.ended;
    });
    let grpc = '';
    up.child.stderr?.on('data', (chunk: Buffer) => (grpc ||= /, ([\d.]+:\d+) \(workers\)/.exec(chunk.toString())?.[1] ?? ''));
    await up.said(/Ctrl-C ends it/);
    const announced = readAnnouncement(homeAt(home)) ?? assert.fail('no coordinator is announced');
    return new Fleet(folder, up, { url: announced.url, token: announced.token, grpc });
  }

  worker(t: TestContext, name: string, args: readonly string[] = []): Trawl {
    const { url, grpc, token } = this.#address;
    const worker = new Trawl(['worker', '--coordinator', grpc, '--blobs', url, '--home', join(this.folder, name), '--name', name, ...args], { env: { TRAWL_TOKEN: token } });
    t.after(async () => {
      worker.signal('SIGKILL');
      await worker.ended;
    });
    return worker;
  }

  async ask<Answer>(...args: string[]): Promise<Answer> {
    const { code, stdout, stderr } = await trawl([...args, '--home', this.home, '--json']);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return JSON.parse(stdout) as Answer;
  }

  /** Once the fleet looks as it must. */
  async workers(what: string, looks: (workers: readonly WorkerView[]) => boolean): Promise<readonly WorkerView[]> {
    const service = new HttpSweepService(this.#address);
    for (let tries = 0; tries < 1_200; tries += 1) {
      const workers = await service.workers();
      if (looks(workers)) return workers;
      await wait(50);
    }
    return assert.fail(`waited in vain for ${what}`);
  }

  sweep(name: string, epochMs: number, epochs: number, trials: number): string {
    const file = join(this.folder, `${name}.yaml`);
    writeFileSync(file, `name: ${name}\ntrainable: {synthetic: {epochMs: ${epochMs}, metrics: {val.loss: 'a / (epoch + 1)'}}}\nspace: {a: [{from: 1, to: ${trials}, step: 1}], epochs: ${epochs}}\nobjective: {minimize: val.loss}\n`);
    return file;
  }

  /** Ends the coordinator; then what its store has of events. */
  async events(): Promise<StoredEvent[]> {
    this.#up.signal('SIGINT');
    await this.#up.ended;
    const { postgresData: dataDir, postgresRun: runDir } = homeAt(this.home);
    const database = await startEmbedded({ dataDir, runDir, onLog: () => undefined });
    const store = await openStore(database.url);
    try {
      return await store.events(0, 10_000, null);
    } finally {
      await store.close();
      await database.stop();
    }
  }

  async outcomes(sweep: string): Promise<string[]> {
    const { trials } = await this.ask<{ trials: TrialResult[] }>('trials', sweep);
    const details = await Promise.all(trials.map(({ id }) => this.ask<TrialDetail>('trial', id)));
    return details.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome ?? 'none'));
  }
}

describe('trawl workers and trawl drain', () => {
  it('a drained worker gives its stages back at the end of an epoch and ends well, another goes on, and nothing has failed', { timeout: 300_000 }, async (t) => {
    const fleet = await Fleet.start(t);
    const first = fleet.worker(t, 'first', ['--slots', '2', '--pool', 'night', '--label', 'zone=a', '--label', 'disk=fast', '--metrics-port', '0', '--cache', '2GB']);
    await fleet.workers('the worker', (workers) => workers.length === 1);
    const run = new Trawl(['run', fleet.sweep('slow', 1_000, 30, 2), '--home', fleet.home, '--json']);
    const [busy] = await fleet.workers('its stages', ([worker]) => worker?.busy === 2 && worker.cache !== null && worker.stages.every(({ sweep }) => sweep === 'slow'));
    assert.deepEqual([busy?.name, busy?.state, busy?.carrier, busy?.pool, busy?.labels, busy?.slots], ['first', 'active', 'grpc', 'night', { zone: 'a', disk: 'fast' }, 2]);
    assert.deepEqual(busy?.cache, { bytes: 0, limitBytes: 2_000_000_000 });
    assert.ok(busy.lastSeenSeconds < 10);

    fleet.worker(t, 'second', ['--slots', '2']);
    await fleet.workers('the second', (workers) => workers.length === 2);
    const released = await trawl(['workers', 'release', 'second', '--home', fleet.home]);
    assert.deepEqual([released.code, released.stdout], [0, 'second was not quarantined; nothing has changed.\n']);
    const drained = new Trawl(['drain', 'first', '--home', fleet.home, '--json']);
    const { code: leftWith, stderr: told } = await first.ended;
    assert.equal(leftWith, 0);
    assert.deepEqual(told.trim().split('\n').slice(1), ['connected: the coordinator welcomed this worker', 'somebody has drained this worker: it gives its work back and leaves', 'has left'].map((line) => `trawl worker: ${line}`));
    assert.deepEqual(JSON.parse((await drained.ended).stdout), { worker: 'first', draining: true, leaves: true });
    const left = await fleet.workers('its end', (workers) => workers.some(({ name, state }) => name === 'first' && state === 'gone'));
    assert.deepEqual(left.filter(({ state }) => state === 'active').map(({ name }) => name), ['second']);
    const shown = await trawl(['workers', '--home', fleet.home]);
    assert.match(shown.stdout, /^worker +id +state .*\nsecond +wrk_\S+ +active +grpc .* \d\/2 [^]*\nfirst +wrk_\S+ +gone /);
    const { code, stderr } = await run.ended;
    assert.equal(code, 0, stderr);
    const outcomes = await fleet.outcomes('slow');
    assert.deepEqual([...new Set(outcomes)].toSorted(), ['done', 'released']);

    const orders = (await fleet.events()).filter(({ type }) => type === 'worker.draining');
    assert.deepEqual(orders.map(({ actor, detail }) => [actor, detail.name]), [['local', 'first']]);
  });

  it('a worker that is told to end by a signal gives its work back, and that counts as no failure', { timeout: 300_000 }, async (t) => {
    const fleet = await Fleet.start(t);
    const spot = fleet.worker(t, 'spot', ['--slots', '1', '--grace', '20s']);
    await fleet.workers('the worker', (workers) => workers.length === 1);
    const run = new Trawl(['run', fleet.sweep('spotted', 3_000, 4, 1), '--home', fleet.home, '--json']);
    await fleet.workers('its stage', ([worker]) => worker?.stages.length === 1);
    spot.signal('SIGTERM');
    assert.equal((await spot.ended).code, 0);
    fleet.worker(t, 'steady', ['--slots', '1']);
    const { code, stderr } = await run.ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(await fleet.outcomes('spotted'), ['released', 'done']);
    const types = (await fleet.events()).map(({ type }) => type);
    assert.ok(!types.includes('attempt.failed'), types.join(', '));
  });

  it('a worker that is not there is bad input', async (t) => {
    const fleet = await Fleet.start(t);
    for (const args of [['drain', 'nobody'], ['workers', 'release', 'nobody']]) {
      const { code, stderr } = await trawl([...args, '--home', fleet.home]);
      assert.deepEqual([code, stderr], [2, 'no worker with the name or id nobody is connected; `trawl workers` lists them [WorkerNotFound]\n']);
    }
  });
});

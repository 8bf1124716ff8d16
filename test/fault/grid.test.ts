/**
 * A grid of 200 cells on four workers of one slot each, while processes are killed: what other tools make
 * of that stands in their trackers as cells that run twice, or never.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { connect } from '../../cli/host/connect.js';
import { homeAt } from '../../cli/home.js';
import { readAnnouncement } from '../../cli/host/announcement.js';
import { packageRoot } from '../../proto/package-root.js';
import { processes, until } from './run.js';

const CELLS = 200;
const EPOCHS = 5;

/** A worker of its own home, started again whenever it dies, until it is stopped. */
class LastingWorker {
  #child: ChildProcess;
  #stopped = false;
  readonly #start: () => ChildProcess;

  constructor(start: () => ChildProcess) {
    this.#start = start;
    this.#child = this.#again();
  }

  get pid(): number {
    return this.#child.pid ?? assert.fail('the worker has not started');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    await gone;
  }

  #again(): ChildProcess {
    const child = this.#start();
    child.once('exit', () => {
      if (!this.#stopped) this.#child = this.#again();
    });
    return child;
  }
}

test('a grid of 200 cells, a worker killed every second or so and cells that fail once: each cell completes once, each epoch is recorded once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-grid-'));
  const home = homeAt(join(folder, 'home'));
  const connection = await connect({ home, databaseUrl: null, blobs: home.blobs, leaseMs: 2_000, onNotice: () => undefined, signal: new AbortController().signal });
  const { service, host } = connection;
  assert.ok(host);
  const url = readAnnouncement(home)?.url ?? '';
  const start = (index: number) => (): ChildProcess =>
    spawn(process.execPath, [join(packageRoot(), 'dist', 'worker', 'main', 'main.js'), '--coordinator', host.workerAddress, '--blobs', url, '--home', join(folder, `worker-${index}`), '--slots', '1', '--engine', 'wasm', '--engines', home.engines], {
      env: { PATH: process.env.PATH, TRAWL_TOKEN: host.token },
      stdio: 'ignore',
    });
  const workers = [0, 1, 2, 3].map((index) => new LastingWorker(start(index)));
  try {
    const text = [
      'name: grid',
      'trainable: {synthetic: {epochMs: 20, metrics: {val.loss: "(x - 7) ** 2 + y / (epoch + 1)"}}}',
      `space: {x: [{from: 1, to: 20, step: 1}], y: [{from: 1, to: ${CELLS / 20}, step: 1}], epochs: ${EPOCHS}}`,
      'objective: {minimize: val.loss}',
    ].join('\n');
    const { id } = await service.submit({ source: { name: 'grid.yaml', text }, sharing: true, data: null, numerics: 'none' });
    for (let kills = 0; kills < 8; kills += 1) {
      const recorded = (kills + 1) * 100;
      await until(`${recorded} recorded epochs`, async () => ((await service.progress(id)).epochs.recorded >= recorded ? true : null));
      const victim = workers[kills % workers.length] ?? assert.fail('four workers');
      // In turn a whole worker, and a cell alone: its training child.
      const child = processes().find(({ parent, command }) => parent === victim.pid && command.includes('child-main.js'));
      process.kill(kills % 2 === 0 || child === undefined ? victim.pid : child.pid, 'SIGKILL');
    }
    await until('the end of the sweep', async () => ((await service.sweep(id)).state === 'completed' ? true : null));
    const { trials } = await service.results(id, { test: false });
    assert.equal(trials.length, CELLS);
    assert.deepEqual(trials.filter(({ state, epochs }) => state !== 'completed' || epochs !== EPOCHS).map(({ number, state }) => `${number} ${state}`), []);
    assert.deepEqual(new Set(trials.map(({ settings }) => JSON.stringify(settings))).size, CELLS);
    // Sharing nothing, each cell has five epochs of its own.
    assert.equal((await service.recordedSince(id, 0)).trained, CELLS * EPOCHS);
    const attempts = await Promise.all(trials.map(async (trial) => (await service.trial(trial.id, { test: false })).attempts));
    // A worker that is killed between its last report and its last word has completed the cell all the same.
    for (const [cell, ofCell] of attempts.entries()) assert.ok(ofCell.filter(({ outcome }) => outcome === 'done').length <= 1, `cell ${cell}: ${ofCell.map(({ outcome }) => outcome).join()}`);
    assert.ok(attempts.flat().some(({ outcome }) => outcome === 'WorkerLost'), 'something was lost');
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await host.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

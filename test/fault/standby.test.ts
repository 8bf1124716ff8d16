/** Two coordinators on one database: what happens to the one that leads is nothing to the sweep. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { SubmitRequest } from '../../coordinator/api/views.js';
import { startEmbedded } from '../../coordinator/store/embedded.js';
import { testDatabase } from '../support/postgres.js';
import { cableTo } from './cable.js';
import { Fleet, imageSweep, type Outcome } from './fleet.js';
import { until } from './run.js';

/** What the product promises: after a kill, and after a silence. */
const AFTER_KILL_MS = 5_000;
const AFTER_SILENCE_MS = 15_000;

describe('a sweep under two coordinators', () => {
  let folder: string;
  let request: SubmitRequest;
  let calm: Outcome;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trawl-standby-'));
    request = await imageSweep(folder);
    const database = await testDatabase();
    const fleet = await Fleet.of(folder, 1);
    assert.equal((await fleet.startCoordinator(0, database.url)).standby, null);
    try {
      fleet.startWorker('calm-0');
      fleet.startWorker('calm-1');
      calm = await fleet.completed((await fleet.service.submit(request)).id);
      assert.equal(calm.retrained, 0);
    } finally {
      await fleet.stop();
      await database.close();
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** A fleet whose first coordinator leads and whose second stands by, with two workers in the midst of the sweep. */
  async function inTheMidst(t: TestContext, databaseUrl: string, firstUrl = databaseUrl) {
    const fleet = await Fleet.of(folder, 2);
    t.after(() => fleet.stop());
    const first = await fleet.startCoordinator(0, firstUrl);
    assert.equal(first.standby, null);
    const second = await fleet.startCoordinator(1, databaseUrl);
    assert.equal(second.standby, fleet.url(0));
    for (const index of [0, 1]) fleet.startWorker(`${t.name.slice(0, 12).replaceAll(/\W/g, '-')}-${index}`);
    const { id } = await fleet.service.submit(request);
    await fleet.recorded(id, 4);
    return { fleet, first, second, id };
  }

  async function withDatabase(t: TestContext): Promise<string> {
    const database = await testDatabase();
    t.after(() => database.close());
    return database.url;
  }

  /** Same leaderboard, bit for bit, and each epoch key recorded once. */
  function assertSame(outcome: Outcome): void {
    assert.deepEqual(outcome.trials, calm.trials);
    assert.equal(outcome.trained, calm.trained);
    assert.ok(outcome.retrained <= 2 * 6, `${outcome.retrained} epochs were trained again`);
  }

  it('a killed leader: the standby leads within 5 s, workers find it, and the leaderboard is the same', async (t) => {
    const { fleet, first, id } = await inTheMidst(t, await withDatabase(t));
    await assert.rejects(fleet.one(1).sweeps(), { code: 'NotLeader', status: 503, leader: fleet.url(0), message: /is a standby; the one that leads is at http/ });
    first.signal('SIGKILL');
    const tookMs = await fleet.untilLeads(1);
    t.diagnostic(`took over ${Math.round(tookMs)} ms after kill -9`);
    assert.ok(tookMs < AFTER_KILL_MS, `${tookMs} ms`);
    assertSame(await fleet.completed(id));
  });

  it('a frozen leader: the standby leads within 15 s; thawed it changes nothing and stands by, to lead again when it is needed', async (t) => {
    const { fleet, first, second, id } = await inTheMidst(t, await withDatabase(t));
    first.signal('SIGSTOP');
    const tookMs = await fleet.untilLeads(1);
    t.diagnostic(`took over ${Math.round(tookMs)} ms after SIGSTOP`);
    assert.ok(tookMs < AFTER_SILENCE_MS, `${tookMs} ms`);
    const { epochs } = await fleet.one(1).progress(id);
    await fleet.recorded(id, Math.min(epochs.recorded + 3, calm.trained));
    first.signal('SIGCONT');
    await until('the thawed one to stand by', async () => ((await fleet.one(0).sweeps().catch((error: unknown) => error)) as { leader?: string }).leader === fleet.url(1) || null);
    assert.ok(await fleet.leads(1), 'the other one goes on leading');
    second.signal('SIGKILL');
    await fleet.untilLeads(0);
    assertSame(await fleet.completed(id));
  });

  it('a leader that is cut off from the database: the standby leads within 15 s; back again it stands by', async (t) => {
    const url = await withDatabase(t);
    const cable = await cableTo(url);
    t.after(() => cable.close());
    const { fleet, id } = await inTheMidst(t, url, cable.url);
    cable.pull();
    const tookMs = await fleet.untilLeads(1);
    t.diagnostic(`took over ${Math.round(tookMs)} ms after the cut`);
    assert.ok(tookMs < AFTER_SILENCE_MS, `${tookMs} ms`);
    assert.equal(await fleet.leads(0), false, 'the one that was cut off knows by then that it leads no more');
    cable.mend();
    await until('the mended one to stand by', async () => ((await fleet.one(0).sweeps().catch((error: unknown) => error)) as { leader?: string }).leader === fleet.url(1) || null);
    assertSame(await fleet.completed(id));
  });

  it('a killed standby: the leader does not notice, and another standby may come', async (t) => {
    const url = await withDatabase(t);
    const { fleet, second, id } = await inTheMidst(t, url);
    second.signal('SIGKILL');
    await second.ended;
    assert.equal((await fleet.startCoordinator(1, url)).standby, fleet.url(0));
    assert.ok(await fleet.leads(0));
    assertSame(await fleet.completed(id));
  });

  it('a killed and restarted Postgres: one of the two leads again, and workers go on', async (t) => {
    const place = { dataDir: join(folder, 'pg', 'data'), runDir: join(folder, 'pg', 'run'), onLog: () => undefined };
    const postgres = await startEmbedded(place);
    const { fleet, id } = await inTheMidst(t, postgres.url);
    process.kill(postgres.pid, 'SIGKILL');
    await postgres.exited;
    const again = await startEmbedded(place);
    t.after(() => again.stop());
    assert.equal(again.url, postgres.url, 'the coordinators find it where it was');
    assertSame(await fleet.completed(id));
  });
});

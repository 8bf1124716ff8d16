/**
 * The page of a sweep with 100,000 trials of ten epochs, in a real browser on a real coordinator whose store Postgres
 * has filled: from the request of its address to the first paint, and to the first row of the leaderboard;
 * the bytes that go over the line till then. And how long the coordinator takes for what the page asks,
 * the leaderboard once with nothing in memory.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Trawl } from '../cli/trawl.js';
import { launchBrowser } from '../browser/launch.js';
import { testDatabase } from '../support/postgres.js';
import { median, progress, repeat, timed, type Bench } from './bench.js';
import { fillStore } from './filled-store.js';

/** What the page of a sweep asks, by the name of its metric. */
const ASKED: readonly (readonly [string, string])[] = [
  ['leaderboardMs', '/leaderboard?limit=100'],
  ['filteredMs', '/leaderboard?limit=100&filter=val.auc%20%3E%200.9%20%26%26%20lr%20%3C%3D%200.01'],
  ['sortedMs', '/leaderboard?limit=100&sort=lr'],
  ['seriesMs', '/series'],
  ['curves5000Ms', '/curves?limit=5000'],
  ['pointsMs', '/points'],
  ['heatmapMs', '/heatmap?x=lr&y=dropout'],
  ['failuresMs', '/failures'],
];

export const run: Bench = async ({ quick }, emit) => {
  const trials = quick ? 2_000 : 100_000;
  const runs = quick ? 1 : 5;
  const database = await testDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  const home = join(folder, 'home');
  let host: Trawl | null = null;
  try {
    await fillStore(database.url, trials, (done) => progress(`dashboard: ${done} of ${trials} trials written`));
    host = new Trawl(['up', '--home', home, '--database', database.url]);
    await host.said(/^Dashboard: /m);
    const { url, token } = JSON.parse(readFileSync(join(home, 'coordinator.json'), 'utf8')) as { url: string; token: string };
    const say = (metric: string, value: number, unit = 'ms', count = runs): void => emit({ case: String(trials), metric, value, unit, runs: count, engine: null });
    const ask = (path: string) => timed(async () => {
      const answer = await fetch(`${url}/api/v1/sweeps/many${path}`, { headers: { authorization: `Bearer ${token}` } });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    });
    say('coldLeaderboardMs', await ask('/leaderboard?limit=100'), 'ms', 1);
    for (const [metric, path] of ASKED) say(metric, median(await repeat(runs, () => ask(path))));
    const browser = await launchBrowser();
    try {
      const page = await (await browser.newContext()).newPage();
      await logIn(page, url, token);
      const seen: Seen[] = [];
      for (let run_ = 0; run_ <= runs; run_ += 1) seen.push(await look(page, `${url}/sweeps/many`));
      // The first one warms up.
      for (const metric of ['firstPaintMs', 'usableMs', 'transferBytes'] as const) say(metric, median(seen.slice(1).map((each) => each[metric])), metric === 'transferBytes' ? 'bytes' : 'ms');
    } finally {
      await browser.close();
    }
  } finally {
    host?.signal('SIGINT');
    await host?.ended;
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

async function logIn(page: Page, url: string, token: string): Promise<void> {
  const answer = await page.request.post(`${url}/api/v1/login`, { headers: { 'x-trawl-request': '1' }, data: { token } });
  if (!answer.ok()) throw new Error(`login: ${answer.status()} ${await answer.text()}`);
}

interface Seen {
  readonly firstPaintMs: number;
  readonly usableMs: number;
  readonly transferBytes: number;
}

/** Of a page that was never there before: nothing is in its cache. */
async function look(page: Page, url: string): Promise<Seen> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.clearBrowserCache');
  let transferBytes = 0;
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (transferBytes += encodedDataLength));
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator('tr[aria-rowindex="2"]').first().waitFor();
  const [firstPaintMs, usableMs] = await page.evaluate<[number, number]>(`[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, performance.now()]`);
  await session.detach();
  return { firstPaintMs, usableMs, transferBytes };
}

/**
 * The page of a sweep with 100,000 trials of ten epochs, in a real browser on a real coordinator whose store Postgres
 * has filled: from the request of its address to the first paint, and to the first row of the leaderboard;
 * the bytes that go over the line till then. Tasks of more than 50 ms while the leaderboard is scrolled, and how many rows the
 * document has; how long many curves take to be drawn. And how long the coordinator takes for what the page asks:
 * once with nothing in memory (cold), and then again. The page is opened on a cold coordinator too. Last, the tree of
 * stages of a second sweep of as many trials, 100 first stages of a hundredth of them each.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Trawl } from '../cli/trawl.js';
import { launchBrowser } from '../browser/launch.js';
import { testDatabase } from '../support/postgres.js';
import { median, progress, repeat, timed, type Bench } from './bench.js';
import { drawCurves, logIn, look, openStages, scroll, type Seen } from './browser-page.js';
import { fillShared, fillStore } from './filled-store.js';

interface Coordinator {
  readonly url: string;
  readonly token: string;
}

const MANY = '/sweeps/many';

/** Asked of a coordinator that has just started. */
const COLD: readonly (readonly [string, string])[] = [
  ['coldFirstRowsMs', `${MANY}/leaderboard?limit=300&quick=1`],
  ['coldLeaderboardMs', `${MANY}/leaderboard?limit=100`],
  ['coldProgressMs', `${MANY}/progress`],
  ['coldSeriesMs', `${MANY}/series`],
  ['coldCurves5000Ms', `${MANY}/curves?limit=5000`],
  ['coldPointsMs', `${MANY}/points`],
  ['coldFailuresMs', `${MANY}/failures`],
  ['coldCostsMs', '/costs'],
];

/** What the page of a sweep asks, by the name of its metric. */
const ASKED: readonly (readonly [string, string])[] = [
  ['leaderboardMs', `${MANY}/leaderboard?limit=100`],
  ['filteredMs', `${MANY}/leaderboard?limit=100&filter=val.auc%20%3E%200.9%20%26%26%20lr%20%3C%3D%200.01`],
  ['sortedMs', `${MANY}/leaderboard?limit=100&sort=lr`],
  ['seriesMs', `${MANY}/series`],
  ['curves5000Ms', `${MANY}/curves?limit=5000`],
  ['pointsMs', `${MANY}/points`],
  ['failuresMs', `${MANY}/failures`],
];

const STAGES = '/sweeps/shared/stages';

export const run: Bench = async ({ quick }, emit) => {
  const trials = quick ? 2_000 : 100_000;
  const runs = quick ? 1 : 5;
  const database = await testDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  const home = join(folder, 'home');
  let host = null as Trawl | null;
  try {
    await fillStore(database.url, trials, (done) => progress(`dashboard: ${done} of ${trials} trials written`));
    const say = (metric: string, value: number, unit = 'ms', count = runs): void => emit({ case: String(trials), metric, value: Number(value.toFixed(1)), unit, runs: count, engine: null });
    const stop = async (): Promise<void> => {
      host?.signal('SIGINT');
      await host?.ended;
    };
    const start = async (): Promise<Coordinator> => {
      await stop();
      host = new Trawl(['up', '--home', home, '--database', database.url]);
      await host.said(/^Dashboard: /m);
      return JSON.parse(readFileSync(join(home, 'coordinator.json'), 'utf8')) as Coordinator;
    };
    for (const [metric, path] of COLD) say(metric, await ask(await start(), path), 'ms', 1);
    const coordinator = await start();
    const { url, token } = coordinator;
    const browser = await launchBrowser();
    try {
      const page = await (await browser.newContext({ locale: 'en-US' })).newPage();
      await logIn(page, url, token);
      const seen: Seen[] = [];
      // The browser has opened nothing before, and the coordinator has read nothing.
      say('coldUsableMs', (await look(page, `${url}/sweeps/many`)).usableMs, 'ms', 1);
      for (const [metric, path] of ASKED) say(metric, median(await repeat(runs, () => ask(coordinator, path))));
      for (let run_ = 0; run_ < runs; run_ += 1) seen.push(await look(page, `${url}/sweeps/many`));
      for (const metric of ['firstPaintMs', 'usableMs', 'transferBytes'] as const) say(metric, median(seen.map((each) => each[metric])), metric === 'transferBytes' ? 'bytes' : 'ms');
      const scrolled = await scroll(page);
      say('scrollLongTasks', scrolled.longTasks, '1', 1);
      say('scrollLongestTaskMs', scrolled.longestTaskMs, 'ms', 1);
      say('scrollRows', scrolled.rows, '1', 1);
      for (const lines of quick ? [1_000] : [1_000, 5_000]) say(`draw${lines}CurvesMs`, median(await repeat(runs, () => drawCurves(page, `${url}/sweeps/many`, lines))));
      // Whoever fills the store leads.
      await stop();
      await fillShared(database.url);
      say('coldStagesMs', await ask(await start(), STAGES), 'ms', 1);
      const again = await start();
      await logIn(page, again.url, again.token);
      say('coldOpenStagesMs', await openStages(page, `${again.url}/sweeps/shared`), 'ms', 1);
      say('stagesMs', median(await repeat(runs, () => ask(again, STAGES))));
      say('openStagesMs', median(await repeat(runs, () => openStages(page, `${again.url}/sweeps/shared`))));
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

/** Wall time of an answer, to its last byte. */
function ask({ url, token }: Coordinator, path: string): Promise<number> {
  return timed(async () => {
    const answer = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  });
}

/**
 * The page of a sweep that trains: 250 simulated workers of two slots report 1,000 epochs a second to a real
 * coordinator, and a real browser has the page open. How long after it happened the page hears of it, how far what it
 * shows is behind, and what the page and the coordinator keep in memory, at the beginning and the end: for two
 * minutes, or for `--minutes`.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { launchBrowser } from '../browser/launch.js';
import { median, progress, type Bench } from './bench.js';
import { heapBytes, logIn, noteLags, takeLags } from './browser-page.js';
import { Load } from './fleet-load.js';
import { LocalFleet } from './local-fleet.js';

const WORKERS = 250;
const SLOTS = 2;
const EPOCHS = 20;
const EPOCH_MS = 480;
const REPORTS_PER_SECOND = 1_000;
const POLL_MS = 1_000;
const LOOK_MS = 100;
const SAMPLE_MS = 5_000;
/** Slots are filled, and pages and caches have their size, after so long. */
const WARM_UP_MS = 20_000;

export const run: Bench = async ({ quick, minutes }, emit) => {
  const lasts = (minutes ?? (quick ? 0.25 : 2)) * 60_000;
  const workers = quick ? 25 : WORKERS;
  const fleet = await LocalFleet.start(0);
  const load = new Load({ ...fleet.address, nats: null, workers, slots: SLOTS, spreadMs: EPOCHS * EPOCH_MS });
  const browser = await launchBrowser();
  try {
    await load.welcomed();
    const trials = Math.ceil((REPORTS_PER_SECOND * (workers / WORKERS) * (lasts + WARM_UP_MS + 30_000)) / 1_000 / EPOCHS);
    const ended = fleet.run({ sampler: 'grid', trials, epochs: EPOCHS, epochMs: EPOCH_MS }, POLL_MS).catch((error: unknown) => progress(`live: ${String(error)}`));
    const page = await (await browser.newContext({ locale: 'en-US' })).newPage();
    await logIn(page, fleet.web.url, fleet.web.token);
    await noteLags(page);
    while (!(await fleet.service.sweeps()).some(({ name }) => name === 'run-1')) await wait(LOOK_MS);
    await page.goto(`${fleet.web.url}/sweeps/run-1`);
    await page.locator('[role=progressbar]').first().waitFor();
    await wait(WARM_UP_MS);
    await takeLags(page);
    await load.figures();
    const sample = async (): Promise<{ heap: number; rss: number }> => ({ heap: await heapBytes(page), rss: fleet.coordinator().rssBytes });
    const first = await sample();
    let last = first;
    const lags: number[] = [];
    const behind: number[] = [];
    const cpuBefore = fleet.coordinator().cpuMs;
    const startedAt = performance.now();
    while (performance.now() - startedAt < lasts) {
      await wait(Math.min(SAMPLE_MS, Math.max(0, lasts - (performance.now() - startedAt))));
      lags.push(...(await takeLags(page)));
      const shown = Number(await page.locator('[role=progressbar]').first().getAttribute('aria-valuenow'));
      behind.push((await fleet.service.progress('run-1')).epochs.recorded - shown);
      last = await sample();
      progress(`live: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s, page ${(last.heap / 1e6).toFixed(1)} MB, coordinator ${(last.rss / 1e6).toFixed(0)} MB, ${behind.at(-1)} epochs behind`);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const cpuMs = fleet.coordinator().cpuMs - cpuBefore;
    const { reports, p99Ms } = await load.figures();
    const rate = reports / seconds;
    const sorted = lags.toSorted((a, b) => a - b);
    const say = (metric: string, value: number, unit: string): void => emit({ case: `${REPORTS_PER_SECOND * (workers / WORKERS)}-${Math.round(seconds)}s`, metric, value: Number(value.toFixed(2)), unit, runs: 1, engine: null });
    say('reportsPerSecond', rate, '1/s');
    say('reportP99Ms', p99Ms, 'ms');
    say('eventP50Ms', median(sorted), 'ms');
    say('eventP99Ms', sorted[Math.min(sorted.length - 1, Math.floor(0.99 * sorted.length))] ?? Number.NaN, 'ms');
    // What the page shows of the epochs, in time at that rate.
    say('shownBehindMs', (median(behind) / rate) * 1_000, 'ms');
    say('shownBehindMostMs', (Math.max(...behind) / rate) * 1_000, 'ms');
    say('pageHeapBytes', first.heap, 'bytes');
    say('pageHeapEndBytes', last.heap, 'bytes');
    say('rssBytes', first.rss, 'bytes');
    say('rssEndBytes', last.rss, 'bytes');
    say('coordinatorCores', cpuMs / 1_000 / seconds, '1');
    await load.stop();
    await fleet.stop();
    await ended;
  } finally {
    await browser.close();
  }
};

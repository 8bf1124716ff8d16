/** What a page of the dashboard is asked in a real browser, for measurements. No bench by itself. */
import type { Page } from 'playwright-core';

export async function logIn(page: Page, url: string, token: string): Promise<void> {
  const answer = await page.request.post(`${url}/api/v1/login`, { headers: { 'x-trawl-request': '1' }, data: { token } });
  if (!answer.ok()) throw new Error(`login: ${answer.status()} ${await answer.text()}`);
}

export interface Seen {
  readonly firstPaintMs: number;
  readonly usableMs: number;
  readonly transferBytes: number;
}

/** Of a page that was never there before: nothing is in its cache. */
export async function look(page: Page, url: string): Promise<Seen> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.clearBrowserCache');
  let transferBytes = 0;
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (transferBytes += encodedDataLength));
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator('tr[aria-rowindex="2"] td a').first().waitFor();
  const [firstPaintMs, usableMs] = await page.evaluate<[number, number]>(`[performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, performance.now()]`);
  await session.detach();
  return { firstPaintMs, usableMs, transferBytes };
}

export interface Scrolled {
  /** Tasks of the page of more than 50 ms (the Long Tasks API), and the longest of them; 0 where there is none. */
  readonly longTasks: number;
  readonly longestTaskMs: number;
  /** The most rows of the table that were in the document. */
  readonly rows: number;
}

/** Ten rows with each frame for ten seconds, and then in leaps through the whole table. What pages before it have left behind is no part of it. */
export async function scroll(page: Page): Promise<Scrolled> {
  await heapBytes(page);
  return page.evaluate<Scrolled>(`(async () => {
    const frame = document.querySelector('.table-frame');
    const tasks = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: 'longtask' });
    let rows = 0;
    const step = async (by) => {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      frame.scrollTop += by;
      rows = Math.max(rows, frame.querySelectorAll('tr').length);
    };
    for (let frames = 0; frames < 600; frames += 1) await step(340);
    for (let leaps = 0; leaps < 60; leaps += 1) await step(frame.scrollHeight / 60);
    await new Promise((resolve) => setTimeout(resolve, 500));
    observer.disconnect();
    return { longTasks: tasks.length, longestTaskMs: Math.max(0, ...tasks), rows };
  })()`);
}

/** From the choice of so many lines until they are on the screen, with the page of curves open. */
export async function drawCurves(page: Page, url: string, lines: number): Promise<number> {
  await page.goto(`${url}?view=curves&lines=30`);
  const summary = page.locator('.chart figcaption').first();
  await summary.filter({ hasText: /^30 curves/ }).waitFor();
  await page.locator('.chart canvas').first().waitFor();
  const startedAt = performance.now();
  await page.getByLabel('At most').selectOption(String(lines));
  await summary.filter({ hasText: new RegExp(`^${new Intl.NumberFormat('en').format(lines)} curves`) }).waitFor();
  await page.locator('.chart canvas').first().waitFor();
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
  return performance.now() - startedAt;
}

/** From the request of the tree of stages until its first one is there. */
export async function openStages(page: Page, url: string): Promise<number> {
  await page.goto(`${url}?view=stages`, { waitUntil: 'commit' });
  await page.getByRole('treeitem').first().waitFor();
  return page.evaluate<number>('performance.now()');
}

/** Has the page note how long ago each message's last event had happened when it heard of it, in ms. */
export async function noteLags(page: Page): Promise<void> {
  await page.addInitScript(`
    window.lags = [];
    window.EventSource = class extends EventSource {
      constructor(...given) {
        super(...given);
        this.addEventListener('log', ({ data }) => window.lags.push(Date.now() - Date.parse(JSON.parse(data).at(-1).at)));
      }
    };
  `);
}

/** Those since the last question. */
export async function takeLags(page: Page): Promise<number[]> {
  return page.evaluate<number[]>('window.lags.splice(0)');
}

/** Of the page's scripts, after a collection of garbage. */
export async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

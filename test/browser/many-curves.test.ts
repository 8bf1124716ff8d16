/** Hundreds of learning curves in one chart, in a real browser on a real coordinator with a worker. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { CurvesView } from '../../coordinator/api/page-views.js';
import { openPage, screenshotFolder } from './browser.js';
import { logIn, searchSweep, startHouse, type House } from './house.js';

/** Nearly one in thirteen diverges: more than 300 have a curve. */
const TRIALS = 360;

const caption = (page: Page): Promise<string> => page.locator('.chart figcaption').innerText();
/** How many px of the canvas over the chart are not empty. */
const named = (page: Page): Promise<number> => page.evaluate<number>(`(() => {
  const canvas = document.querySelector('canvas.named-line');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, index) => index % 4 === 3 && value > 0).length;
})()`);
/** How many colours of the palette are in the picture below it: each is drawn where nothing lies over it. */
const coloured = (page: Page): Promise<number> => page.evaluate<number>(`(() => {
  const canvas = document.querySelector('.u-wrap > canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) found.add('#' + [0, 1, 2].map((channel) => data[at + channel].toString(16).padStart(2, '0')).join(''));
  const style = getComputedStyle(document.documentElement);
  return [1, 2, 3, 4, 5, 6, 7, 8].filter((colour) => found.has(style.getPropertyValue('--series-' + colour).trim().toLowerCase())).length;
})()`);

/** Moves the pointer down the chart at a share of its width until a line is named. */
async function hoverLine(page: Page, share: number): Promise<string> {
  const box = await page.locator('.u-over').boundingBox();
  assert.ok(box !== null);
  for (let y = box.y + 4; y < box.y + box.height; y += 20) {
    await page.mouse.move(box.x + box.width * share, y);
    const words = await caption(page);
    if (words.startsWith('#')) return words;
  }
  throw new Error(`no line was named, but ${await caption(page)}`);
}

describe('hundreds of learning curves', () => {
  let house: House;
  let curves: ReadonlyMap<number, CurvesView['curves'][number]>;

  before(async () => {
    house = await startHouse();
    await house.submit('many', searchSweep(TRIALS));
    await house.ended('many');
    const answer = await fetch(`${house.url}/api/v1/sweeps/many/curves?limit=1000`, { headers: { authorization: `Bearer ${house.token}` } });
    curves = new Map(((await answer.json()) as CurvesView).curves.map((curve) => [curve.number, curve]));
  });

  after(() => house.stop());

  it('are all drawn, and the one under the pointer is named with its value and drawn above the others', async () => {
    for (const theme of ['light', 'dark'] as const) {
      const { page, problems } = await openPage({ theme, expected: ['401'] });
      await logIn(page, house, '/sweeps/many?view=curves&lines=1000');
      await page.locator('.chart canvas').first().waitFor();
      const summary = await caption(page);
      assert.ok(Number(/^(\d+) curves/.exec(summary)?.[1]) > 300, summary);
      await page.locator('canvas.named-line').waitFor();
      assert.equal(await coloured(page), 8);
      assert.equal(await named(page), 0);
      const words = await hoverLine(page, 0.45);
      const [, number = '', value = '', epoch = ''] = /^#(\d+) .*: (\S+) at Epochs (\d)$/.exec(words) ?? [];
      const told = curves.get(Number(number))?.values[Number(epoch)];
      assert.ok(told !== undefined && told !== null && Math.abs(told - Number(value)) <= 0.00005, `${words}, but the value is ${told}`);
      assert.ok((await named(page)) > 0);
      await page.screenshot({ path: join(screenshotFolder(), `curves-many-${theme}-desktop.png`), fullPage: true });
      await page.mouse.move(2, 2);
      await page.locator('.chart figcaption').filter({ hasText: summary }).waitFor();
      assert.equal(await named(page), 0);
      assert.deepEqual(problems, []);
      await page.context().close();
    }
  });

  it('are smoothed, told by time and on a logarithmic axis, zoomed into, and exported whole', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/many?view=curves&lines=1000&smoothing=0.5&along=time&log=1');
    await page.locator('.chart canvas').first().waitFor();
    const words = await hoverLine(page, 0.3);
    assert.match(words, /^#\d+ .*: \S+ at Time in training \(s/);
    const box = await page.locator('.u-over').boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + box.width * 0.2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    assert.match(await hoverLine(page, 0.5), /^#\d+ /);
    const drawn = Number(/^(\d+) curves/.exec((await page.locator('.chart').getAttribute('aria-label'))?.replace(/^.*\. /, '') ?? '')?.[1]);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('Export').click().then(() => page.getByRole('button', { name: 'SVG' }).click())]);
    assert.equal(readFileSync(await file.path(), 'utf8').match(/<path |<circle /g)?.length, drawn);
    assert.deepEqual(problems, []);
  });
});

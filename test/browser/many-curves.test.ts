/** Hundreds of learning curves in one chart, in a real browser on a real coordinator with a worker. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { CurvesView } from '../../coordinator/api/page-views.js';
import { smoothed } from '../../dashboard/pages/sweep/curves.js';
import { openPage, screenshotFolder } from './browser.js';
import { logIn, searchSweep, startHouse, type House } from './house.js';

/** Nearly one in thirteen diverges: more than 300 have a curve. */
const TRIALS = 360;

/** Told are four places. */
const ROUNDED = 0.00005;

const caption = (page: Page): Promise<string> => page.locator('.chart figcaption').innerText();
/** How many px of the canvas over the chart are not empty. */
const named = (page: Page): Promise<number> => page.evaluate<number>(`(() => {
  const canvas = document.querySelector('canvas.named-line');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, index) => index % 4 === 3 && value > 0).length;
})()`);
/** How many colours of the palette are in the picture below it, more or less: thin lines are blended at their edges. */
const coloured = (page: Page): Promise<number> => page.evaluate<number>(`(() => {
  const canvas = document.querySelector('.u-wrap > canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const style = getComputedStyle(document.documentElement);
  const palette = [1, 2, 3, 4, 5, 6, 7, 8].map((colour) => [1, 3, 5].map((at) => parseInt(style.getPropertyValue('--series-' + colour).trim().slice(at, at + 2), 16)));
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < 200) continue;
    const apart = palette.map((colour) => Math.hypot(...colour.map((channel, index) => channel - data[at + index])));
    const least = Math.min(...apart);
    if (least < 24) found.add(apart.indexOf(least));
  }
  return found.size;
})()`);
/** The canvas over the chart, as it is drawn now. */
const NAMED_PICTURE = "document.querySelector('canvas.named-line').toDataURL()";

/** Settles once the canvas over the chart shows something else. */
async function otherPicture(page: Page, before: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (${NAMED_PICTURE} === ${JSON.stringify(before)} ? requestAnimationFrame(look) : resolve());
    look();
  })`);
}

/** Moves the pointer down the chart at a share of its width until a line is named. What was named before is forgotten first. */
async function hoverLine(page: Page, share: number): Promise<string> {
  const box = await page.locator('.u-over').boundingBox();
  assert.ok(box !== null);
  await page.mouse.move(2, 2);
  await page.locator('.chart figcaption').filter({ hasText: /^\d+ curves/ }).waitFor();
  for (let y = box.y + 4; y < box.y + box.height; y += 20) {
    await page.mouse.move(box.x + box.width * share, y);
    await page.evaluate('new Promise(requestAnimationFrame)');
    const words = await caption(page);
    if (words.startsWith('#')) return words;
  }
  throw new Error(`no line was named, but ${await caption(page)}`);
}

interface Told {
  readonly number: number;
  readonly value: number;
  readonly x: number;
}

function told(words: string): Told {
  const found = /^#(\d+) .*: (\S+) at .* (\S+)$/.exec(words);
  assert.ok(found !== null, words);
  const [, number, value, x] = found.map(Number);
  return { number: number ?? NaN, value: value ?? NaN, x: x ?? NaN };
}

/** Drags over the chart from one share of its width to another. */
async function zoom(page: Page, from: number, to: number): Promise<void> {
  const box = await page.locator('.u-over').boundingBox();
  assert.ok(box !== null);
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
  await page.mouse.up();
}

describe('hundreds of learning curves', () => {
  let house: House;
  let curves: ReadonlyMap<number, CurvesView['curves'][number]>;

  before(async () => {
    house = await startHouse();
    await house.submit('many', searchSweep(TRIALS));
    await house.ended('many');
    const answer = await fetch(`${house.url}/api/v1/sweeps/many/curves?limit=1000`, { headers: { authorization: `Bearer ${house.token}` } });
    curves = new Map(paced((await answer.json()) as CurvesView).curves.map((curve) => [curve.number, curve]));
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
      const { number, value, x: epoch } = told(words);
      const reported = curves.get(number)?.values[epoch];
      assert.ok(reported !== undefined && reported !== null && Math.abs(reported - value) <= ROUNDED, `${words}, but the value is ${reported}`);
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
    await page.route('**/api/v1/sweeps/*/curves?*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: paced((await response.json()) as CurvesView) });
    });
    await logIn(page, house, '/sweeps/many?view=curves&lines=1000&smoothing=0.5&along=time&log=1');
    await page.locator('.chart canvas').first().waitFor();
    const [least, most] = await timesOf(page);
    const whole = [await hoverLine(page, 0.3), await hoverLine(page, 0.7)];
    for (const words of whole) assertSmoothed(words);
    assert.ok(told(whole[0] ?? '').x < told(whole[1] ?? '').x, whole.join('; '));
    await zoom(page, 0.2, 0.4);
    const { x } = assertSmoothed(await hoverLine(page, 0.5));
    // A hundredth for px, of which the drag has whole ones.
    assert.ok(x >= least + 0.19 * (most - least) && x <= least + 0.41 * (most - least), `${x} is not in sight from 0.2 to 0.4 of ${least} to ${most}`);
    const drawn = Number(/^(\d+) curves/.exec((await page.locator('.chart').getAttribute('aria-label'))?.replace(/^.*\. /, '') ?? '')?.[1]);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('Export').click().then(() => page.getByRole('button', { name: 'SVG' }).click())]);
    const svg = readFileSync(await file.path(), 'utf8');
    assert.equal(svg.match(/<path |<circle /g)?.length, drawn);
    assertLogarithmic(svg);
    await page.unrouteAll({ behavior: 'wait' });
    assert.deepEqual(problems, []);
  });

  it('keep the one under the pointer when numbers come', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    let change = (answer: CurvesView): CurvesView => answer;
    await page.route('**/api/v1/sweeps/*/curves?*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: change((await response.json()) as CurvesView) });
    });
    await logIn(page, house, '/sweeps/many?view=curves&lines=1000');
    await page.locator('canvas.named-line').waitFor({ state: 'attached' });
    await zoom(page, 0.1, 0.9);
    const before = told(await hoverLine(page, 0.45));

    // Another value at another epoch of the same line: the picture that stands is drawn once more.
    const picture = await page.evaluate<string>(NAMED_PICTURE);
    change = ({ curves: all, ...more }) => ({ ...more, curves: all.map((each) => (each.number === before.number ? { ...each, values: each.values.map((value, epoch) => (value !== null && epoch === before.x + 1 ? value * 1.05 : value)) } : each)) });
    await house.command('tag', 'many', 'first');
    await otherPicture(page, picture);
    assert.ok((await named(page)) > 0);
    assert.equal(told(await caption(page)).number, before.number);

    await page.unrouteAll({ behavior: 'wait' });
    assert.deepEqual(problems, []);
  });

  it('never name another than the one under the pointer where they come in another order', async () => {
    // Of a layer, and each as a series of uPlot's own.
    for (const lines of ['1000', '100']) {
      const { page, problems } = await openPage({ expected: ['401'] });
      let isTurned = false;
      await page.route('**/api/v1/sweeps/*/curves?*', async (route) => {
        const response = await route.fetch();
        const { curves: all, ...more } = (await response.json()) as CurvesView;
        await route.fulfill({ response, json: { ...more, curves: isTurned ? all.toReversed() : all } });
      });
      await logIn(page, house, `/sweeps/many?view=curves&lines=${lines}`);
      await page.locator('.u-over').waitFor();
      const before = told(await hoverLine(page, 0.45));
      await page.evaluate("document.querySelector('.u-over').id = 'old'");
      isTurned = true;
      await house.command('tag', 'many', `turned-${lines}`);
      await page.locator('.u-over:not(#old)').waitFor();
      const words = await caption(page);
      assert.ok(/^\d+ curves/.test(words) || told(words).number === before.number, `${words}, but under the pointer is #${before.number}`);
      await page.unrouteAll({ behavior: 'wait' });
      assert.deepEqual(problems, []);
      await page.context().close();
    }
  });

  /** From when to when the axis goes, in seconds of training. */
  async function timesOf(page: Page): Promise<readonly [number, number]> {
    assert.match(await page.locator('.chart').getAttribute('aria-label').then(String), /\d+ curves/);
    const ends = [...curves.values()].flatMap(timesIn);
    return [Math.min(...ends), Math.max(...ends)];
  }

  /** That the value told is that of the epoch which ended at the time told, smoothed. */
  function assertSmoothed(words: string): Told {
    assert.match(words, /^#\d+ .*: \S+ at Time in training \(s/);
    const found = told(words);
    const curve = curves.get(found.number);
    assert.ok(curve !== undefined, words);
    const apart = timesIn(curve).map((time) => Math.abs(time - found.x));
    const epoch = apart.indexOf(Math.min(...apart));
    const expected = smoothed(curve.values, 0.5)[epoch] ?? NaN;
    assert.ok(Math.abs(expected - found.value) <= ROUNDED, `${words}, but smoothed it is ${expected}`);
    if (epoch > 0) assert.ok(Math.abs((curve.values[epoch] ?? NaN) - found.value) > ROUNDED, `${words} is not smoothed`);
    return found;
  }
});

/** As if each epoch of a trial took from one second to two, the longer the higher its number: what they took differs from run to run. */
function paced({ curves, ...more }: CurvesView): CurvesView {
  return { ...more, curves: curves.map((curve) => ({ ...curve, seconds: curve.seconds.map(() => 1 + curve.number / TRIALS) })) };
}

/** When its epochs ended. */
function timesIn({ seconds, values }: CurvesView['curves'][number]): number[] {
  let sum = 0;
  return seconds.slice(0, values.length).map((each) => (sum += each));
}

/** The marks of an exported chart's vertical axis stand as far apart as their logarithms. */
function assertLogarithmic(svg: string): void {
  const marks = [...svg.matchAll(/<text x="76" y="([\d.]+)"[^>]*>([^<]+)</g)].map(([, y, text]) => ({ y: Number(y), log: Math.log10(Number(text)) }));
  const [first, second, third] = marks;
  assert.ok(first !== undefined && second !== undefined && third !== undefined, `${marks.length} marks`);
  const [px, logs] = [(third.y - second.y) / (second.y - first.y), (third.log - second.log) / (second.log - first.log)];
  assert.ok(Math.abs(px - logs) < 0.02, `${px}, but the logarithms are ${logs}`);
}

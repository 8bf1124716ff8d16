/** The pages Fleet and Data, and what nobody should write, in a real browser on a real coordinator. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { png, writeTree } from '../support/images.js';
import { assertAccessible, assertFits, openPage, screenshotFolder, showImages } from './browser.js';
import { formulaSweep, logIn, startHouse, type House } from './house.js';

/** With a mark that turns what follows from right to left. */
const HOSTILE = `<img src=x onerror="document.title='taken'">\u202Etxet`;
const LONG = 'a name that does not end '.repeat(400);
const SCREENS = [['desktop', 1360, 900], ['phone', 390, 844]] as const;

/** Classes `normal` and a hostile one, with a file whose name is one and one that is no image. */
async function writeImages(root: string): Promise<void> {
  for (const [label, name] of ['normal', HOSTILE].entries()) {
    for (let index = 0; index < 16; index += 1) writeTree(root, { [`${name}/image${index}.png`]: await png(label * 16 + index, 20, 14) });
  }
  writeTree(root, { [`normal/${HOSTILE}.png`]: await png(99, 20, 14), [`normal/${HOSTILE} broken.png`]: 'no image' });
}

function imageSweep(): string {
  return [
    `data: {path: ./images, split: {val: 0.25, test: 0.25}, positive: ${JSON.stringify(HOSTILE)}, maxRejected: 0.2}`,
    'model: garth-cnn',
    'space: {imageSize: [16, 20], filters: [[2, 3, 4]], fcWidth: 6, epochs: 1, batch: 8, lr: 0.01, dropout: 0}',
    '',
  ].join('\n');
}

function choice(page: Page, label: string): Locator {
  return page.locator('label.choice').filter({ hasText: new RegExp(`^${label}`) }).locator('select');
}

/** Of the picture itself, however large it is shown. */
function pixelsOf(image: Locator): Promise<number[]> {
  return image.evaluate((element) => {
    const { naturalWidth, naturalHeight } = element as unknown as { readonly naturalWidth: number; readonly naturalHeight: number };
    return [naturalWidth, naturalHeight];
  });
}

/** Nothing of the hostile names was taken for markup. */
async function assertHarmless(page: Page): Promise<void> {
  assert.equal(await page.locator('img[src="x"]').count(), 0);
  assert.doesNotMatch(await page.title(), /^taken/);
}

describe('the pages of the fleet and of data', () => {
  let house: House;
  let viewer: string;

  before(async () => {
    house = await startHouse();
    await writeImages(join(dirname(house.home), 'images'));
    await house.submit(HOSTILE, imageSweep());
    await house.ended(HOSTILE);
    // Longer than any test takes.
    await house.submit('running now', formulaSweep({ rates: [0.1, 0.15, 0.2, 0.25, 0.3, 0.35], epochMs: 400, epochs: [5_000] }));
    viewer = (JSON.parse(await house.command('token', 'create', '--role', 'viewer', '--json')) as { secret: string }).secret;
  });

  after(() => house.stop());

  /** The first event of a type in the whole log, as streams tell it. */
  async function noted(type: string): Promise<{ readonly actor: string; readonly at: string }> {
    const { body } = await fetch(`${house.url}/api/v1/events?after=0`, { headers: { authorization: `Bearer ${house.token}` } });
    assert.ok(body !== null);
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const events = [...text.matchAll(/^data: (\[.*\])$/gm)].flatMap(([, json = '']) => JSON.parse(json) as { type: string; actor: string; at: string }[]);
      const found = events.find((event) => event.type === type);
      if (found !== undefined) return found;
    }
    throw new Error(`no ${type} in ${text.slice(0, 1_000)}`);
  }

  it('show the fleet and a data set in both themes, on a desk and on a phone', async (t) => {
    const folder = screenshotFolder();
    for (const theme of ['light', 'dark'] as const) {
      for (const [device, width, height] of SCREENS) {
        const { page, problems } = await openPage({ theme, width, height, expected: ['401'] });
        await logIn(page, house, '/fleet');
        await page.getByRole('link', { name: 'running now' }).first().waitFor();
        await page.getByRole('figure', { name: /^Slots over time\. \d+ attempts/ }).waitFor();
        await page.getByRole('cell', { name: /^a slot: all that could take it/ }).waitFor();
        await shoot(page, join(folder, `fleet-${theme}-${device}.png`));
        await page.getByRole('link', { name: 'Data', exact: true }).click();
        await page.getByRole('heading', { name: '1 data set' }).waitFor();
        await shoot(page, join(folder, `data-${theme}-${device}.png`));
        await page.locator('tbody a').first().click();
        await page.getByRole('figure', { name: /^Images of each class/ }).waitFor();
        await page.locator('.remote-image').first().waitFor();
        await showImages(page);
        await page.getByText(/^Of all 33 files/).waitFor();
        await shoot(page, join(folder, `data-set-${theme}-${device}.png`));
        await assertHarmless(page);
        assert.deepEqual(problems, []);
        await page.context().close();
      }
    }
    t.diagnostic(`screenshots: ${folder}`);
  });

  it('show the images of a class and a part as an address says, beside what networks see', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/data');
    await page.locator('tbody a').first().click();
    const tiles = page.locator('.image-tile');
    await page.getByText(/^1 to 24 of 33 images/).waitFor();
    assert.equal(await tiles.count(), 24);
    await page.getByRole('link', { name: 'Next' }).click();
    await page.getByText(/^25 to 33 of 33 images/).waitFor();
    await choice(page, 'Class').selectOption(HOSTILE);
    await choice(page, 'Part').selectOption('train');
    await choice(page, 'imageSize').selectOption('20');
    // 16 of the class, split 50 : 25 : 25.
    await page.getByText(/^1 to 8 of 8 images.*20 × 20 px/).waitFor();
    await page.reload();
    await page.getByText(/^1 to 8 of 8 images.*20 × 20 px/).waitFor();
    const seen = page.locator('.remote-image img.pixelated').first();
    await seen.waitFor();
    assert.deepEqual(await pixelsOf(seen), [20, 20]);
    const original = page.locator('.remote-image img:not(.pixelated)').first();
    assert.deepEqual(await pixelsOf(original), [20, 14]);
    await page.getByRole('cell', { name: /broken\.png$/ }).waitFor();
    await assertHarmless(page);
    assert.deepEqual(problems, []);
  });

  it('show addresses that mean nothing as what they are', async () => {
    const { page, problems } = await openPage({ expected: ['401', '404', '400'] });
    await logIn(page, house, '/data');
    const set = await page.locator('tbody a').first().getAttribute('href');
    const odd = `part=${encodeURIComponent(HOSTILE)}&class=nothing&from=-7&size=abc&sweep=${encodeURIComponent(HOSTILE)}`;
    await page.goto(`${house.url}${set ?? ''}?${odd}`);
    await page.getByText(/^1 to 24 of 33 images/).waitFor();
    await page.goto(`${house.url}${set ?? ''}?search=${LONG}`);
    await page.getByText('No image is of that part and class with such a name.').waitFor();
    await page.goto(`${house.url}${set ?? ''}?from=4800`);
    await page.getByRole('link', { name: /^There are only 33/ }).waitFor();
    for (const path of [`/data/${encodeURIComponent(HOSTILE)}`, '/data/0000', '/sweeps/nothing', `/sweeps/${encodeURIComponent(HOSTILE)}x`]) {
      await page.goto(`${house.url}${path}`);
      await page.getByRole('alert').filter({ hasText: /NotFound/ }).waitFor();
      await assertFits(page);
    }
    for (const path of ['/nothing/here', `/data/a/${encodeURIComponent(HOSTILE)}`, `/${'x'.repeat(3_000)}`, '/data/%E0%A4%A']) {
      await page.goto(`${house.url}${path}`);
      await page.getByText(/No such page|NotFound/).first().waitFor();
      await assertFits(page);
    }
    await page.goto(`${house.url}/fleet?minutes=oops&sort=nothing:asc&columns=none`);
    await page.getByRole('figure', { name: /^Slots over time/ }).waitFor();
    await assertHarmless(page);
    assert.deepEqual(problems, []);
  });

  it('keep viewers from draining a worker, and say why', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, { ...house, token: viewer }, '/fleet');
    const drain = page.getByRole('button', { name: 'Drain…' });
    await drain.waitFor();
    assert.equal(await drain.isDisabled(), true);
    await page.getByText('Only operators and admins steer the fleet').waitFor();
    assert.deepEqual(problems, []);
  });

  it('show the workers that were drained last first', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    const drains = [{ by: 'alice', at: '2026-01-02T10:00:00Z' }, { by: 'bob', at: '2026-01-03T10:00:00Z' }, { by: 'carol', at: '2026-01-01T10:00:00Z' }];
    await page.route('**/api/v1/workers', async (route) => {
      const response = await route.fetch();
      const [worker] = (await response.json()) as readonly object[];
      await route.fulfill({ response, json: drains.map((drain) => ({ ...worker, id: `wrk_${drain.by}`, state: 'gone', drain })) });
    });
    await logIn(page, house, '/fleet');
    const table = page.getByRole('table', { name: 'Workers' });
    await table.getByTitle('Sort by Drained', { exact: true }).click();
    await table.locator('th[aria-sort=descending]').filter({ hasText: 'Drained' }).waitFor();
    assert.deepEqual((await table.getByText(/, by /).allInnerTexts()).map((text) => /by \W*(\w+)/.exec(text)?.[1]), ['bob', 'alice', 'carol']);
    await page.unrouteAll({ behavior: 'wait' });
    assert.deepEqual(problems, []);
  });

  it('drain a worker after asking once, show it at once, and note who did it', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    const { secret } = JSON.parse(await house.command('token', 'create', '--role', 'operator', '--name', 'alice', '--json')) as { secret: string };
    await logIn(page, { url: house.url, token: secret }, '/fleet');
    await page.getByRole('button', { name: 'Drain…' }).click();
    const dialog = page.getByRole('dialog');
    await assertAccessible(page);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Drain…' }).click();
    await dialog.getByRole('button', { name: 'Drain' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('cell', { name: /^(draining|gone)$/ }).first().waitFor();
    const by = page.getByRole('cell', { name: /^\d+ \w+ \d{4}, \d\d:\d\d, by \W*alice \(tok_\w+\)\W*$/ });
    await by.waitFor();
    await page.getByRole('cell', { name: 'gone', exact: true }).waitFor();
    await by.waitFor();
    await page.screenshot({ path: join(screenshotFolder(), 'fleet-drained.png') });
    assert.equal(await by.evaluate((cell: { scrollWidth: number; clientWidth: number }) => cell.scrollWidth > cell.clientWidth), false, 'cut');
    assert.match((await noted('worker.draining')).actor, /^alice \(tok_/);
    assert.deepEqual(problems, []);
  });
});

async function shoot(page: Page, path: string): Promise<void> {
  await page.screenshot({ path, fullPage: true });
  await assertFits(page);
  await assertAccessible(page);
}

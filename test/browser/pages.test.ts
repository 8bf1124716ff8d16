/** The dashboard in a real browser, on a real coordinator with a real worker. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertFits, openPage, screenshotFolder } from './browser.js';
import { formulaSweep, logIn, startHouse, type House } from './house.js';

const HOSTILE = `<img src=x onerror="document.title='taken'">`;

describe('the dashboard', () => {
  let house: House;

  before(async () => {
    house = await startHouse();
    await house.submit('digits', formulaSweep());
    await house.ended('digits');
  });

  after(() => house.stop());

  it('lets somebody with a token in, refuses another, and comes back to the view that was asked for', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await page.goto(`${house.url}/sweeps/digits?sort=trial:asc`);
    await page.getByLabel('Token').fill('not-a-token');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    await assertAccessible(page);
    await page.getByLabel('Token').fill(house.token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'digits' }).waitFor();
    assert.equal(new URL(page.url()).search, '?sort=trial:asc');
    // 2 x 2 x 3 trials, sorted by number: the first row is trial 0.
    await page.getByRole('heading', { name: '12 trials' }).waitFor();
    const firstCell = page.locator('tbody tr:not(.space)').first().locator('td').first();
    assert.equal(await firstCell.innerText(), '0');
    assert.deepEqual(problems, []);
  });

  it('shows sweeps and a sweep in both themes, on a desk and on a phone, with nothing cut off and no serious accessibility fault', async (t) => {
    await house.submit('a sweep whose name is long enough to be cut off somewhere if nobody takes care of it', formulaSweep({ rates: [0.3] }));
    await house.submit('running now', formulaSweep({ rates: [0.1, 0.15, 0.2, 0.25, 0.3, 0.35], epochMs: 400, epochs: [30] }));
    const folder = screenshotFolder();
    for (const theme of ['light', 'dark'] as const) {
      for (const [device, width, height] of [['desktop', 1360, 900], ['phone', 390, 844]] as const) {
        const { page, problems } = await openPage({ theme, width, height, expected: ['401'] });
        await logIn(page, house);
        await page.getByRole('link', { name: 'running now' }).waitFor();
        await shoot(page, join(folder, `sweeps-${theme}-${device}.png`));
        await page.getByRole('link', { name: 'digits' }).click();
        await page.locator('.chart canvas').waitFor();
        await shoot(page, join(folder, `sweep-${theme}-${device}.png`));
        await page.goBack();
        await page.getByRole('heading', { name: 'Sweeps' }).waitFor();
        assert.deepEqual(problems, []);
        await page.context().close();
      }
    }
    t.diagnostic(`screenshots: ${folder}`);
  });

  it('shows a hostile name as text and runs nothing of it', async () => {
    await house.submit(HOSTILE, formulaSweep({ rates: [0.1] }));
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house);
    await page.getByRole('link', { name: HOSTILE }).click();
    await page.getByRole('heading', { name: HOSTILE }).waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.doesNotMatch(await page.title(), /^taken/);
    assert.deepEqual(problems, []);
  });
});

async function shoot(page: Page, path: string): Promise<void> {
  await page.screenshot({ path, fullPage: true });
  await assertFits(page);
  await assertAccessible(page);
}

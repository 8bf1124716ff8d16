/** Whole sweeps side by side, in a real browser on a real coordinator. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertAccessible, assertFits, openPage, screenshotFolder } from './browser.js';
import { formulaSweep, logIn, startHouse, type House } from './house.js';

const HOSTILE = `<img src=x onerror="document.title='taken'">, and more`;

describe('sweeps side by side', () => {
  let house: House;

  before(async () => {
    house = await startHouse();
    await house.submit('one', formulaSweep({ rates: [0.1, 0.2] }));
    await house.ended('one');
    await house.submit(HOSTILE, formulaSweep({ rates: [0.2, 0.4] }));
    await house.ended(HOSTILE);
  });

  after(() => house.stop());

  it('are ticked in the list of sweeps, which the address keeps, and compared from there', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/');
    await page.getByRole('checkbox', { name: 'Compare one' }).check();
    assert.equal(await page.getByRole('link', { name: /^Compare \d/ }).count(), 0, 'one alone is compared with nothing');
    await page.getByRole('checkbox', { name: /^Compare <img/ }).check();
    await page.reload();
    await page.getByRole('link', { name: 'Compare 2' }).click();
    await page.getByRole('heading', { name: 'Compare sweeps' }).waitFor();
    const names = page.getByRole('region', { name: 'Sweeps side by side' }).locator('tbody th');
    await names.first().waitFor();
    assert.equal((await names.allInnerTexts())[0], 'space.rate', 'what differs stands first');
    assert.deepEqual(await page.getByRole('region', { name: 'Sweeps side by side' }).locator('tbody tr').first().locator('td').allInnerTexts(), ['[0.1, 0.2]', '[0.2, 0.4]']);
    const best = page.getByRole('region', { name: 'Best trials side by side' });
    await best.getByRole('link', { name: /^one #\d+$/ }).waitFor();
    await page.getByRole('figure', { name: /^val\.loss of sweeps, the best so far\. one: best 0\.\d{4} of \d+ completed trials, / }).waitFor();
    await page.getByRole('combobox', { name: 'Over' }).selectOption('Completed trials');
    assert.match(page.url(), /over=trials/);
    await page.getByRole('button', { name: 'Take one out' }).click();
    await page.getByRole('button', { name: 'Take one out' }).waitFor({ state: 'detached' });
    await page.goBack();
    await page.getByRole('button', { name: 'Take one out' }).waitFor();
    assert.equal(await page.title().then((title) => title.startsWith('taken')), false);
    assert.deepEqual(problems, []);
  });

  it('are shown in both themes, on a desk and on a phone', async (t) => {
    for (const theme of ['light', 'dark'] as const) {
      for (const [device, width, height] of [['desktop', 1360, 900], ['phone', 390, 844]] as const) {
        const { page, problems } = await openPage({ theme, width, height, expected: ['401'] });
        await logIn(page, house, `/compare?sweeps=one&sweeps=${encodeURIComponent(HOSTILE)}`);
        await page.getByRole('region', { name: 'Best trials side by side' }).waitFor();
        await page.locator('.chart-body').scrollIntoViewIfNeeded();
        await page.locator('.chart-body canvas').waitFor();
        await page.screenshot({ path: join(screenshotFolder(), `compare-sweeps-${theme}-${device}.png`), fullPage: true });
        await assertFits(page);
        await assertAccessible(page);
        assert.deepEqual(problems, []);
        await page.context().close();
      }
    }
    t.diagnostic(`screenshots: ${screenshotFolder()}`);
  });

  it('differ by their states too', async () => {
    await house.submit('stopped', formulaSweep({ rates: [0.1, 0.2], epochMs: 400, epochs: [5_000] }));
    await house.command('stop', 'stopped');
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/compare?sweeps=one&sweeps=stopped');
    const states = page.locator('tr.differs').filter({ has: page.getByRole('rowheader', { name: 'state', exact: true }) });
    await states.getByText('stopped').waitFor();
    await states.getByText('completed').waitFor();
    assert.deepEqual(problems, []);
  });

  it('that are not there, or too many, are refused with what is wrong', async () => {
    const { page } = await openPage({ expected: ['401', '404'] });
    await logIn(page, house, '/compare?sweeps=one&sweeps=nothing');
    await page.getByRole('alert').filter({ hasText: 'SweepNotFound' }).waitFor();
    const response = await fetch(`${house.url}/api/v1/comparison?${'sweeps=one&'.repeat(9)}`, { headers: { authorization: `Bearer ${house.token}` } });
    assert.deepEqual([response.status, await response.json()], [400, { code: 'BadRequest', message: 'sweeps: found 9 of them, expected 1 to 8' }]);
  });
});

/** The dashboard in a real browser, on a real coordinator with a real worker. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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

  it('lets whoever follows the printed link in once, and nobody after they have logged out', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await page.goto(house.link);
    await page.getByRole('link', { name: 'digits' }).waitFor();
    assert.equal(new URL(page.url()).hash, '');
    await page.reload();
    await page.getByRole('link', { name: 'digits' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    await page.reload();
    await page.getByLabel('Token').waitFor();
    const other = await openPage({ expected: ['401'] });
    await other.page.goto(house.link);
    await other.page.getByRole('alert').filter({ hasText: 'link' }).waitFor();
    assert.deepEqual([...problems, ...other.problems], []);
  });

  it('logs out once more where that was not kept, though its login is over here already', async () => {
    const { page, problems } = await openPage({ expected: ['401', '503'] });
    await logIn(page, house);
    await page.route('**/api/v1/logout', async (route) => {
      await route.fetch();
      await route.fulfill({ status: 503, json: { code: 'SignOutNotKept', message: 'sign out again' } });
    });
    const logOut = page.getByRole('button', { name: 'Log out' });
    await logOut.click();
    await page.getByRole('alert').filter({ hasText: 'Logging out failed: sign out again' }).waitFor();
    await page.getByLabel('Token').waitFor();
    await page.unroute('**/api/v1/logout');
    await logOut.click();
    await logOut.waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('alert').count(), 0);
    assert.deepEqual(problems, []);
  });

  it('shows a viewer everything and no way to steer', async () => {
    const { secret } = JSON.parse(await house.command('token', 'create', '--role', 'viewer', '--json')) as { secret: string };
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, { url: house.url, token: secret }, '/sweeps/digits');
    await page.getByRole('heading', { name: '12 trials' }).waitFor();
    for (const deed of ['Stop', 'Resume', 'Enqueue']) assert.equal(await page.getByRole('button', { name: deed }).count(), 0, deed);
    assert.deepEqual(problems, []);
  });

  it('starts a sweep from its text, after its mistakes were told at their lines, and shows it go on by itself', async () => {
    const { page, problems } = await openPage({ expected: ['401', '400'] });
    await logIn(page, house);
    await page.getByRole('button', { name: 'Start a sweep' }).click();
    const dialog = page.getByRole('dialog');
    const text = `name: from the page\n${formulaSweep({ rates: [0.2], epochMs: 200, epochs: [10] })}`;
    await dialog.getByLabel('or its text').fill(text.replace('epochs: [10]', 'epochs: [ten]'));
    await dialog.getByRole('button', { name: 'Line 3' }).first().waitFor();
    await page.screenshot({ path: join(screenshotFolder(), 'start-light-desktop.png') });
    await assertAccessible(page);
    await dialog.getByLabel('or its text').fill(text);
    await dialog.getByText(/2 trials: 20 epochs asked for, 20 after sharing, 20 to train/).waitFor();
    await dialog.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('heading', { name: 'from the page' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/sweeps/from%20the%20page');
    await page.locator('.page-head .state', { hasText: 'completed' }).waitFor();
    await page.getByRole('link', { name: 'Log' }).click();
    await page.getByRole('cell', { name: 'sweep.created' }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('says that the text of a sweep that there is already changes it, and starts no other', async () => {
    const { page, problems } = await openPage({ expected: ['401', '503'] });
    await house.submit('taken', formulaSweep({ rates: [0.2] }));
    await logIn(page, house);
    await page.getByRole('button', { name: 'Start a sweep' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('or its text').fill(`name: new\n${formulaSweep({ rates: [0.3] })}`);
    await dialog.getByText(/4 trials: 12 epochs asked for/).waitFor();
    const preview = '**/api/v1/sweeps/text/preview';
    await page.route(preview, (route) => route.fulfill({ status: 503, json: { code: 'StoreUnavailable', message: 'the store does not answer now' } }));
    await dialog.getByLabel('or its text').fill(`name: taken\n${formulaSweep({ rates: [0.3] })}`);
    // Nothing starts that was not told before, and it can be asked again.
    const again = dialog.getByRole('button', { name: 'Try again' });
    await again.waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Start' }).isDisabled());
    await page.unroute(preview);
    await again.click();
    await dialog.getByRole('alert').getByText(/^There is a sweep taken already, \w+: this changes it, and starts no other/).waitFor();
    const change = dialog.getByRole('button', { name: 'Change it' });
    await change.and(page.locator(':enabled')).waitFor();
    // At each key the button waits, and says no other deed meanwhile.
    await dialog.getByLabel('or its text').press('Enter');
    await change.and(page.locator(':disabled')).waitFor();
    await change.and(page.locator(':enabled')).waitFor();
    await dialog.getByLabel('or its text').fill(`name: taken\n${formulaSweep({ rates: [0.2] })}`);
    await dialog.getByText('It says that already; nothing changes.').waitFor();
    await dialog.getByRole('button', { name: 'Open it' }).waitFor();
    await dialog.getByLabel('or its text').fill(`name: not taken\n${formulaSweep({ rates: [0.3] })}`);
    await dialog.getByRole('button', { name: 'Start' }).waitFor();
    assert.equal(await dialog.getByRole('alert').count(), 0);
    assert.deepEqual(problems, []);
  });

  it('says that it is stale while the coordinator is gone, and goes on by itself once it is back', async () => {
    // Longer than any test takes.
    await house.submit('long', formulaSweep({ rates: [0.2], epochMs: 400, epochs: [5_000] }));
    const { page } = await openPage();
    await logIn(page, house, '/sweeps/long');
    await page.locator('.connection', { hasText: 'live' }).waitFor();
    const log = await openPage();
    await logIn(log.page, house, '/sweeps/long?view=log&columns=id~type');
    await log.page.getByRole('cell', { name: 'sweep.created' }).waitFor();
    const { pid } = (await (await fetch(`${house.url}/api/v1/health`)).json()) as { pid: number };
    process.kill(pid, 'SIGSTOP');
    await page.getByText(/is stale since/).waitFor();
    process.kill(pid, 'SIGKILL');
    // Another coordinator starts, and waits for the lock of the one that was killed.
    await page.locator('.connection', { hasText: 'live' }).waitFor({ timeout: 120_000 });
    const before = await page.locator('dd').first().innerText();
    await page.locator('.facts div:first-child dd').filter({ hasNotText: before.split('\n')[0] ?? '' }).waitFor();
    // What happened after the cut stands in the log beside what happened before it, each once.
    await house.command('edit', 'long', '--priority', '3');
    await log.page.getByRole('cell', { name: 'sweep.revised' }).waitFor();
    await house.command('stop', 'long');
    await log.page.locator('.page-head .state', { hasText: 'stopped' }).waitFor();
    const { events } = (await (await fetch(`${house.url}/api/v1/sweeps/long/events?limit=1000`, { headers: { authorization: `Bearer ${house.token}` } })).json()) as { events: { id: number; type: string }[] };
    const last = events.findLast(({ type }) => type.startsWith('sweep.'));
    await log.page.getByRole('cell', { name: last?.type ?? 'none' }).waitFor();
    await log.page.getByText('Export').click();
    const [download] = await Promise.all([log.page.waitForEvent('download'), log.page.getByRole('button', { name: 'JSON' }).click()]);
    const shown = JSON.parse(readFileSync(await download.path(), 'utf8')) as { id: number }[];
    assert.deepEqual(shown.map(({ id }) => id), events.map(({ id }) => id).reverse());
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
        // Trials of two epochs are the beginning of those of four: of 36 epochs 12 are shared.
        const row = page.locator('tbody tr').filter({ has: page.getByRole('link', { name: 'digits', exact: true }) });
        await row.getByText(/^\d[\d.]* (ms|s) \([1-4]?\d %\)$/).waitFor();
        await shoot(page, join(folder, `sweeps-${theme}-${device}.png`));
        const cut = await page.locator('.table-frame').evaluate((frame: { scrollWidth: number; clientWidth: number }) => frame.scrollWidth - frame.clientWidth);
        assert.ok(device === 'phone' || cut <= 0, `${cut} px of the list are out of sight`);
        await page.getByRole('link', { name: 'digits' }).click();
        await page.locator('.chart canvas').waitFor();
        await shoot(page, join(folder, `sweep-${theme}-${device}.png`));
        await page.goBack();
        await page.getByRole('heading', { name: 'Sweeps', exact: true }).waitFor();
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

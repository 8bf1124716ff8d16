/** The tree of a sweep's stages, in a real browser on a real coordinator with a worker. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertFits, openPage, screenshotFolder } from './browser.js';
import { formulaSweep, logIn, startHouse, type House } from './house.js';

const HOSTILE = `<img src=x onerror="document.title='taken'">\u202Etxet`;

/** Names and values of hyperparameters that nobody should write. */
function hostileSweep(): string {
  return [
    "trainable: {synthetic: {epochMs: 1, metrics: {val.loss: '1 / (epoch + 1)'}}}",
    `space: {mode: [${JSON.stringify(HOSTILE)}, ${JSON.stringify('a value that does not end '.repeat(380))}], epochs: [1, 2]}`,
    'objective: {minimize: val.loss}',
    '',
  ].join('\n');
}

const item = (page: Page, name: RegExp) => page.getByRole('treeitem', { name });
const activeName = (page: Page): Promise<string> => page.evaluate<string>(`document.getElementById(document.querySelector('[role=tree]').getAttribute('aria-activedescendant'))?.querySelector('.stage-words').textContent ?? ''`);

describe("the tree of a sweep's stages", () => {
  let house: House;

  before(async () => {
    house = await startHouse();
    // Per rate and width: epochs 0 and 1 for both trials, 2 and 3 for the longer one.
    await house.submit('digits', formulaSweep({ rates: [0.1, 0.2] }));
    await house.ended('digits');
    await house.submit(HOSTILE, hostileSweep());
    await house.ended(HOSTILE);
    // Longer than any test takes: trials of 5,000 epochs, which share them with those of 6,000.
    await house.submit('running now', formulaSweep({ rates: [0.1, 0.15, 0.2], epochMs: 400, epochs: [5_000, 6_000] }));
  });

  after(() => house.stop());

  it('says what is shared and what it saves, and opens to where trials part', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/digits?view=stages');
    await page.getByRole('heading', { name: '4 first stages, 24 epochs asked for' }).waitFor();
    const first = item(page, /^Epochs 0 to 1 rate 0\.1 width 32 2 trials, saves 2 epochs, 1 ends here #0 .*done$/);
    await first.click({ position: { x: 4, y: 4 } });
    await item(page, /^Epochs 2 to 3 epochs 4 1 trial #1 .*done$/).waitFor();
    assert.equal(await first.getAttribute('aria-expanded'), 'true');
    const again = await openPage({ expected: ['401'] });
    await logIn(again.page, house, new URL(page.url()).pathname + new URL(page.url()).search);
    await item(again.page, /^Epochs 2 to 3/).waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('Export').click().then(() => page.getByRole('button', { name: 'CSV of what is open' }).click())]);
    const lines = readFileSync(await file.path(), 'utf8').trim().split('\r\n');
    assert.equal(lines.length, 1 + 4 + 1);
    assert.match(lines[2] ?? '', /^1,2,4,done,1,1,\d+,0,2,/);
    await first.getByRole('link').first().click();
    await page.getByRole('heading', { name: /trial/i }).first().waitFor();
    assert.deepEqual([...problems, ...again.problems], []);
  });

  it('is walked with the arrow keys', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/digits?view=stages');
    const tree = page.getByRole('tree');
    await tree.focus();
    await page.keyboard.press('ArrowDown');
    const second = await activeName(page);
    assert.match(second, /^Epochs 0 to 1/);
    await page.keyboard.press('ArrowRight');
    await item(page, /^Epochs 2 to 3/).waitFor();
    await page.keyboard.press('ArrowRight');
    assert.match(await activeName(page), /^Epochs 2 to 3/);
    await assertAccessible(page);
    await page.keyboard.press('ArrowLeft');
    assert.equal(await activeName(page), second);
    await page.keyboard.press('ArrowLeft');
    await item(page, /^Epochs 2 to 3/).waitFor({ state: 'detached' });
    await page.keyboard.press('End');
    assert.notEqual(await activeName(page), second);
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await item(page, /^Epochs 2 to 3/).waitFor();
    // Of one that opens, links are reached by Tab, and of the active one alone.
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>('document.activeElement.textContent');
    assert.match(focused, /^#\d+$/);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate<boolean>("document.activeElement.closest('[role=tree]') === null"), true);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: new RegExp(`^Trial ${focused.slice(1)} of digits`) }).waitFor();
    await page.goBack();
    await item(page, /^Epochs 2 to 3/).waitFor();
    await tree.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/trials\//);
    assert.deepEqual(problems, []);
  });

  it('shows who is at what, and follows it, in both themes, on a desk and on a phone', async (t) => {
    const folder = screenshotFolder();
    for (const theme of ['light', 'dark'] as const) {
      for (const [device, width, height] of [['desktop', 1360, 900], ['phone', 390, 844]] as const) {
        const { page, problems } = await openPage({ theme, width, height, expected: ['401'] });
        await logIn(page, house, '/sweeps/running%20now?view=stages');
        const busy = item(page, / trains epoch \d+ .*in training$/);
        await busy.first().waitFor();
        assert.equal(await busy.count(), 2);
        await busy.first().click({ position: { x: 4, y: 4 } });
        await item(page, /^Epochs 5000 to 5999 epochs 6000 1 trial .*waiting$/).first().waitFor();
        await page.screenshot({ path: join(folder, `stages-${theme}-${device}.png`), fullPage: true });
        await assertFits(page);
        await assertAccessible(page);
        // It goes on by itself: an epoch takes 400 ms.
        const [now = ''] = /trains epoch \d+/.exec(await busy.first().innerText()) ?? [];
        assert.notEqual(now, '');
        await busy.first().filter({ hasNotText: new RegExp(`${now}$`) }).waitFor();
        assert.deepEqual(problems, []);
        await page.context().close();
      }
    }
    t.diagnostic(`screenshots: ${folder}`);
  });

  it('shows hostile values as text, says what is not there, and where a list goes on', async () => {
    const { page, problems } = await openPage({ width: 390, height: 844, expected: ['401', '404'] });
    await logIn(page, house, `/sweeps/${encodeURIComponent(HOSTILE)}?view=stages`);
    await item(page, /mode <img src=x/).waitFor();
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    await page.screenshot({ path: join(screenshotFolder(), 'stages-hostile-phone.png'), fullPage: true });
    await assertFits(page);
    await page.goto(`${house.url}/sweeps/digits?view=stages&open=zzz~000000000000~.3~%3Cimg%3E`);
    await item(page, /^Show the 3 before$/).waitFor();
    await page.getByRole('tree').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    // The last of them comes when the level has been read anew.
    await item(page, /^Epochs 0 to 1/).nth(3).waitFor();
    assert.equal(await item(page, /^Epochs 0 to 1/).count(), 4);
    assert.deepEqual(problems, []);
  });
});

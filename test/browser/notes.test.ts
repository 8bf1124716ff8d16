/** Tags and notes of sweeps, in real browsers of several people. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertFits, openPage, screenshotFolder } from './browser.js';
import { formulaSweep, logIn, startHouse, type House } from './house.js';

const HOSTILE = `<img src=x onerror="document.title='taken'">\u202Etxet ${'x'.repeat(10_000)}`;

describe('notes and tags', () => {
  let house: House;
  let viewer: string;

  before(async () => {
    house = await startHouse({ slots: 1 });
    for (const name of ['one', 'two']) {
      await house.submit(name, formulaSweep({ rates: [0.1], epochs: [1] }));
      await house.ended(name);
    }
    viewer = (JSON.parse(await house.command('token', 'create', '--role', 'viewer', '--json')) as { secret: string }).secret;
  });

  after(() => house.stop());

  const open = async (path: string, token = house.token): Promise<{ readonly page: Page; readonly problems: readonly string[] }> => {
    const watched = await openPage({ expected: ['401', '409'] });
    await logIn(watched.page, { ...house, token }, path);
    return watched;
  };

  it('a tag is added, found by, and removed; the address says which', async () => {
    const { page, problems } = await open('/sweeps/one?view=notes');
    await page.getByText('It has no tags.').waitFor();
    await page.getByLabel('New tags').fill('paper, <img/src=x>');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('link', { name: '<img/src=x>' }).waitFor();
    await page.getByRole('link', { name: 'paper', exact: true }).click();
    await page.getByRole('heading', { name: '1 of 2 sweeps' }).waitFor();
    assert.equal(new URL(page.url()).search, '?tag=paper');
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    await assertAccessible(page);
    await page.getByRole('button', { name: 'Sweeps of all tags' }).click();
    await page.getByRole('heading', { name: '2 sweeps' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: '1 of 2 sweeps' }).waitFor();
    await page.goto(`${house.url}/sweeps/one?view=notes`);
    await page.getByRole('button', { name: 'Remove the tag paper' }).click();
    await page.getByRole('link', { name: 'paper', exact: true }).waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
  });

  it('a hostile note is text, for viewers too, who cannot write one', async () => {
    const { page, problems } = await open('/sweeps/one?view=notes');
    await page.getByText('Nobody has written a note.').waitFor();
    await page.getByRole('button', { name: 'Write a note' }).click();
    await page.getByRole('textbox', { name: 'Note', exact: true }).fill(HOSTILE);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.note-text').waitFor();
    assert.equal(await page.locator('.note-text').textContent(), HOSTILE);
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.notEqual(await page.title(), 'taken');
    const other = await open('/sweeps/one?view=notes', viewer);
    await other.page.setViewportSize({ width: 390, height: 844 });
    await other.page.locator('.note-text').waitFor();
    assert.equal(await other.page.getByRole('button', { name: /^(Edit|Add|Remove)/ }).count(), 0);
    await assertFits(other.page);
    await assertAccessible(other.page);
    await other.page.screenshot({ path: join(screenshotFolder(), 'notes-viewer-phone.png'), fullPage: true });
    assert.deepEqual([...problems, ...other.problems], []);
  });

  it('what somebody was writing is there when they come back to the view, and gone when they have logged out', async () => {
    const { page, problems } = await open('/sweeps/one?view=notes');
    const note = page.getByRole('textbox', { name: 'Note', exact: true });
    await page.getByRole('button', { name: /^(Edit|Write a note)$/ }).click();
    await note.fill('for nobody else');
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('link', { name: 'Notes' }).click();
    assert.equal(await note.inputValue(), 'for nobody else');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').fill(house.token);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: /^(Edit|Write a note)$/ }).waitFor();
    assert.equal(await note.count(), 0);
    assert.deepEqual(problems, []);
  });

  it('of two who write at once the second sees both texts, and none is lost', async () => {
    const [ada, bob] = [await open('/sweeps/two?view=notes'), await open('/sweeps/two?view=notes')];
    for (const { page } of [ada, bob]) await page.getByRole('button', { name: 'Write a note' }).click();
    await bob.page.getByRole('textbox', { name: 'Note', exact: true }).fill("bob's text");
    await ada.page.getByRole('textbox', { name: 'Note', exact: true }).fill("ada's text");
    await ada.page.getByRole('button', { name: 'Save' }).click();
    // It comes by itself.
    await bob.page.getByRole('alert').getByText("ada's text").waitFor();
    assert.equal(await bob.page.getByRole('textbox', { name: 'Note', exact: true }).inputValue(), "bob's text");
    assert.ok(await bob.page.getByRole('button', { name: 'Save' }).isDisabled());
    await assertAccessible(bob.page);
    await bob.page.screenshot({ path: join(screenshotFolder(), 'notes-overtaken.png'), fullPage: true });
    await bob.page.getByRole('textbox', { name: 'Note', exact: true }).fill("ada's text, bob's text");
    await bob.page.getByRole('button', { name: 'Mine holds both now' }).click();
    await bob.page.getByRole('button', { name: 'Save' }).click();
    await ada.page.locator('.note-text').getByText("ada's text, bob's text").waitFor();
    assert.deepEqual([...ada.problems, ...bob.problems], []);
  });
});

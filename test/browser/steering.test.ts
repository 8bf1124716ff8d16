/** What operators do to a sweep and its trials by the page, what viewers may not, and what nobody may hand in. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertFits, dropFile, openPage } from './browser.js';
import { formulaSweep, logIn, searchSweep, startHouse, type House } from './house.js';

/** With a mark that turns what follows from right to left, as markup, and as long as a name may be. */
const ODD = `<img src=x onerror="document.title='taken'">\u202Etxet 😀 `.padEnd(100, 'n');

describe('steering by the page', () => {
  let house: House;
  /** Who they are, as logs name them. */
  let alice: { readonly url: string; readonly token: string };
  let viewer: { readonly url: string; readonly token: string };

  before(async () => {
    house = await startHouse();
    const made = async (role: string, name: string) => ({ url: house.url, token: (JSON.parse(await house.command('token', 'create', '--role', role, '--name', name, '--json')) as { secret: string }).secret });
    alice = await made('operator', 'alice');
    viewer = await made('viewer', 'victor');
    await house.submit(ODD, searchSweep(12));
    await house.ended(ODD);
    await house.submit('failing', searchSweep(40));
    await house.ended('failing');
    // Longer than any test takes, with a slot to spare for others.
    await house.submit('running', `${formulaSweep({ rates: [0.1, 0.2], epochMs: 300, epochs: [2_000] })}concurrency: 1\n`);
  });

  after(() => house.stop());

  it('keeps what is being typed while the page goes on', async () => {
    const { page, problems } = await openPage({ expected: ['401', '400'] });
    await logIn(page, alice, '/sweeps/running');
    const filter = page.getByLabel('Filter trials by a formula');
    await filter.fill('rate > 0.1');
    await goesOn(page);
    assert.equal(await filter.inputValue(), 'rate > 0.1');
    await filter.press('Enter');
    await page.getByRole('heading', { name: '2 of 4 trials' }).waitFor();
    const dialog = await changeDialog(page, 'Extend…');
    const extend = dialog.getByRole('button', { name: 'Extend' });
    await dialog.getByLabel('Epochs').fill('1000');
    await dialog.getByText(/expected more than 2000/).waitFor();
    assert.ok(await extend.isDisabled());
    await dialog.getByLabel('Epochs').fill('many');
    await dialog.getByRole('alert').getByText('Epochs: found many, expected a whole number', { exact: true }).waitFor();
    assert.equal(await dialog.getByText(/expected more than 2000/).count(), 0);
    await dialog.getByLabel('Epochs').fill('2002');
    await goesOn(page);
    assert.equal(await dialog.getByLabel('Epochs').inputValue(), '2002');
    // Nothing has left the field.
    await dialog.getByText(/space\.epochs: \[2000\] -> \[2002\]/).waitFor();
    assert.ok(await extend.isEnabled());
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.deepEqual(problems, []);
  });

  it('changes budget and priority, says before what that means, and notes who did it', async () => {
    const { page, problems } = await openPage({ expected: ['401', '400'] });
    await logIn(page, alice, '/sweeps/running');
    const dialog = await changeDialog(page, 'Budget and priority…');
    await dialog.getByLabel('Time').fill('soon');
    await dialog.getByLabel('Time').blur();
    await dialog.getByText(/budget\.wallClock: found .*soon/).waitFor();
    await assertAccessible(page);
    await dialog.getByLabel('Time').fill('3h');
    await dialog.getByLabel('Priority').fill('7');
    await dialog.getByLabel('Priority').blur();
    await dialog.getByText(/priority: 0 -> 7/).waitFor();
    await dialog.getByRole('button', { name: 'Change' }).click();
    await dialog.waitFor({ state: 'detached' });
    const { sweep } = JSON.parse(await house.command('show', 'running', '--json')) as { sweep: { priority: number; budget: { wallClockMs: number } } };
    assert.deepEqual([sweep.priority, sweep.budget.wallClockMs], [7, 3 * 3_600_000]);
    await page.getByRole('link', { name: 'Log' }).click();
    await page.getByRole('row').filter({ hasText: /sweep\.\w+/ }).filter({ hasText: 'priority' }).filter({ hasText: 'alice' }).first().waitFor();
    assert.deepEqual(problems, []);
  });

  it('enqueues a trial, shows it at once, and notes who did it', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, alice, '/sweeps/running');
    await page.getByRole('button', { name: 'Enqueue' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('rate').fill('0.77');
    await goesOn(page);
    assert.equal(await dialog.getByLabel('rate').inputValue(), '0.77');
    await dialog.getByRole('button', { name: 'Enqueue' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: '5 trials' }).waitFor();
    await page.getByRole('link', { name: 'Log' }).click();
    await page.getByRole('row', { name: /trial\.enqueued alice/ }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('retries one failed trial, and says which fail by their settings and would again', async () => {
    const { page, problems } = await openPage({ expected: ['401', '400', '404', '503'] });
    await logIn(page, alice, '/sweeps/failing?view=failures');
    await page.getByRole('heading', { name: /^Diverged: \d+ trials?$/ }).waitFor();
    const number = /^#(\d+)/.exec(await page.locator('.failures p').first().innerText())?.[1] ?? '';
    const retries = '**/api/v1/sweeps/*/retries';
    await page.route(retries, (route) => route.fulfill({ status: 503, json: { code: 'StoreUnavailable', message: 'the store does not answer now' } }));
    const dialog = await changeDialog(page, 'Retry failed trials…');
    // A coordinator that did not answer once is asked again.
    const again = dialog.getByRole('button', { name: 'Try again' });
    await again.waitFor();
    await page.unroute(retries);
    await again.click();
    await dialog.getByText(/^Nothing is tried again/).waitFor();
    await assertAccessible(page);
    await dialog.getByText(/^Nothing is tried again. Not tried again: \d+ trials? that failed by the settings/).waitFor();
    await dialog.getByLabel('Trials, by their numbers').fill('99999');
    await dialog.getByRole('alert').getByText(/99999/).waitFor();
    await dialog.getByLabel('Trials, by their numbers').fill(number);
    await dialog.getByText('Not tried again: 1 trial that failed by the settings, and would again.').waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Retry' }).isDisabled());
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.deepEqual(problems, []);
  });

  it('retries the trials that failed by their program, and they complete once it is mended', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    const mended = join(house.folder, 'mended');
    const program = `if [ -e ${mended} ]; then echo '{"epoch": 0, "metrics": {"val.loss": 0.5}}'; else echo 'the disk is full' >&2; exit 3; fi`;
    await house.submit('of a program', `command: [sh, -c, ${JSON.stringify(program)}]\nspace: {epochs: 1}\nobjective: {minimize: val.loss}\n`);
    await logIn(page, alice, '/sweeps/of%20a%20program?view=failures');
    await page.locator('pre.log').getByText('the disk is full').waitFor();
    writeFileSync(mended, '');
    const dialog = await changeDialog(page, 'Retry failed trials…');
    await dialog.getByText('Queued again: 1 trial, with 1 epoch to train.').waitFor();
    await dialog.getByRole('button', { name: 'Retry' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('No trial has failed.').waitFor();
    await page.getByRole('link', { name: 'Log' }).click();
    await page.getByRole('row', { name: /trial\.retried alice/ }).waitFor();
    await page.locator('.page-head .state', { hasText: 'completed' }).waitFor();
    await house.ended('of a program');
    assert.deepEqual(problems, []);
  });

  it('shows a sweep whose name is odd on each of its views, cuts nothing off, and takes nothing of it for markup', async () => {
    const { page, problems } = await openPage({ width: 390, height: 844, expected: ['401'] });
    await logIn(page, alice);
    await page.getByRole('link', { name: ODD }).click();
    for (const view of ['Curves', 'Space', 'Stages', 'Slots', 'Failures', 'Notes', 'Log']) {
      await page.getByRole('navigation', { name: 'Views of the sweep' }).getByRole('link', { name: view }).click();
      await page.getByRole('heading', { name: ODD }).waitFor();
      await assertFits(page);
      await assertAccessible(page);
    }
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.doesNotMatch(await page.title(), /^taken/);
    assert.deepEqual(problems, []);
  });

  it('refuses a name of 10,000 characters at its line, and a file that is no sweep file by its size', async () => {
    const { page, problems } = await openPage({ expected: ['401', '400'] });
    await logIn(page, alice);
    await page.getByRole('button', { name: 'Start a sweep' }).click();
    const dialog = page.getByRole('dialog');
    const file = join(house.folder, 'named.yaml');
    writeFileSync(file, `name: ${'n'.repeat(10_000)}\n${formulaSweep()}`);
    await dialog.getByLabel('Sweep file').setInputFiles(file);
    await dialog.getByText(/found "n+\.\.\.", expected a name of 1 to 100 characters/).waitFor();
    await dialog.getByRole('button', { name: 'Line 1' }).waitFor();
    await assertFits(page);
    await assertAccessible(page);
    const large = join(house.folder, 'large.yaml');
    writeFileSync(large, Buffer.alloc(1_000_001, '#'));
    await dialog.getByLabel('Sweep file').setInputFiles(large);
    await dialog.getByRole('alert').getByText('large.yaml has 1000001 bytes; a sweep file has at most 1000000').waitFor();
    writeFileSync(file, `name: from a file\n${formulaSweep({ rates: [0.1] }).replace('minimize: val.loss', 'minimise: val.loss')}`);
    await dropFile(page, file);
    await dialog.getByRole('button', { name: 'Line 4' }).waitFor();
    await dialog.getByText(/minimise/).first().waitFor();
    // As a folder, or a file that was changed since: browsers read neither.
    await page.evaluate("window.readText = Blob.prototype.text; Blob.prototype.text = () => Promise.reject(new DOMException('not found', 'NotFoundError'))");
    await dropFile(page, file);
    await dialog.getByRole('alert').getByText('named.yaml cannot be read: it is a folder, or was changed or taken away since it was chosen; choose a sweep file').waitFor();
    await dialog.getByText(/minimise/).first().waitFor();
    await page.evaluate('Blob.prototype.text = window.readText');
    writeFileSync(file, `name: from a file\n${formulaSweep({ rates: [0.1] })}`);
    await dialog.getByLabel('Sweep file').setInputFiles(file);
    await dialog.getByText(/4 trials: 12 epochs asked for/).waitFor();
    await dialog.getByRole('alert').getByText(/cannot be read/).waitFor({ state: 'detached' });
    // Emptied when it is chosen from again, so that the same file is a change.
    assert.match(await dialog.getByLabel('Sweep file').inputValue(), /named\.yaml$/);
    await Promise.all([page.waitForEvent('filechooser'), dialog.getByLabel('Sweep file').click()]);
    assert.equal(await dialog.getByLabel('Sweep file').inputValue(), '');
    await dropFile(page, file);
    await dialog.getByText(/4 trials: 12 epochs asked for/).waitFor();
    await dialog.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('heading', { name: 'from a file' }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('shows on every page what is wrong with an address, and never a blank one', async () => {
    const { page, problems } = await openPage({ expected: ['401', '400', '404', '409'] });
    await logIn(page, viewer);
    const odd = encodeURIComponent(ODD);
    const refused: { readonly [path: string]: RegExp } = {
      '/sweeps/nothing?view=space': /SweepNotFound/,
      '/sweeps/nothing/ensemble': /SweepNotFound/,
      '/sweeps/running/ensemble': /NoEnsemble/,
      '/trials/trl_nothing': /trl_nothing/,
      '/trials/running%2F99999': /99999/,
      [`/trials/${odd}`]: /TrialNotFound/,
      [`/compare?trials=${odd}&trials=running%2F0`]: /<img/,
      '/compare?sweeps=running&sweeps=nothing': /SweepNotFound/,
      '/sweeps/running?filter=rate%20%3E%3E%20(': /filter/,
      [`/sweeps/running?filter=${odd}`]: /filter/,
      [`/sweeps/running?sort=${odd}:asc`]: /sort/,
      '/data/nothing': /NotFound/,
    };
    for (const [path, words] of Object.entries(refused)) {
      await page.goto(`${house.url}${path}`);
      await page.getByRole('alert').filter({ hasText: words }).first().waitFor();
      await assertFits(page);
    }
    const shown: { readonly [path: string]: string } = {
      [`/?search=${odd}&sort=${odd}:asc&ticked=${odd}`]: 'Sweeps',
      [`/sweeps/failing?view=${odd}`]: 'Objective over time',
      [`/sweeps/failing?view=curves&metric=${odd}&lines=-7&smoothing=much&along=${odd}`]: 'Learning curves',
      [`/sweeps/failing?view=space&spans=${odd}~rate:x:y~mode%3D&heat.x=${odd}&pareto.x=${odd}`]: 'Parallel coordinates',
      [`/sweeps/failing?view=stages&open=${odd}~%E0%A4%A`]: 'first stage',
      [`/sweeps/failing?view=slots&from=${odd}`]: 'Slots over time',
      [`/sweeps/failing?view=log&sort=${odd}:asc`]: 'event',
      [`/trials/running%2F0?threshold=much&class=${odd}&images=${odd}`]: 'Settings',
      [`/fleet?minutes=${odd}&sort=${odd}:asc`]: 'Slots over time',
    };
    for (const [path, heading] of Object.entries(shown)) {
      await page.goto(`${house.url}${path}`);
      await page.getByRole('heading', { name: heading }).first().waitFor();
      await assertFits(page);
    }
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.doesNotMatch(await page.title(), /^taken/);
    assert.deepEqual(problems, []);
  });

  it('offers a viewer nothing to steer with, and refuses each deed that their page asks for all the same', async () => {
    const { page, problems } = await openPage({ expected: ['401', '403'] });
    await logIn(page, viewer);
    assert.equal(await page.getByRole('button', { name: 'Start a sweep' }).count(), 0);
    await page.getByRole('link', { name: 'running' }).click();
    await page.getByRole('heading', { name: '5 trials' }).waitFor();
    for (const deed of ['Pause', 'Stop', 'Enqueue', 'Change']) assert.equal(await page.getByText(deed, { exact: true }).count(), 0, deed);
    const asked = {
      '/sweeps/running/state': { state: 'stopped', now: true },
      '/sweeps/running/changes': { change: { priority: 9 }, dryRun: false },
      '/sweeps/running/retries': { trials: [] },
      '/sweeps/running/trials': { trials: [{ rate: 0.9 }], front: false },
      '/workers/any/drain': {},
      '/sweeps/text': { name: 'sweep.yaml', text: formulaSweep() },
    };
    for (const [path, body] of Object.entries(asked)) {
      // As the page itself asks: with its cookie and its header.
      const status = await page.evaluate<number, { path: string; body: object }>(
        ({ path: at, body: sent }) => fetch(`/api/v1${at}`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-trawl-request': '1' }, body: JSON.stringify(sent) }).then((response) => response.status),
        { path, body },
      );
      assert.equal(status, 403, path);
    }
    assert.match(await house.command('show', 'running'), /running/);
    assert.deepEqual(problems, []);
  });
});

/** Settles once the page behind has been drawn anew: more epochs are recorded. */
async function goesOn(page: Page): Promise<void> {
  const epochs = page.locator('.facts div:first-child dd').first();
  const before = await epochs.innerText();
  await epochs.filter({ hasNotText: before.split('\n')[0] ?? '' }).waitFor();
}

async function changeDialog(page: Page, entry: string): Promise<ReturnType<Page['getByRole']>> {
  await page.locator('.page-head').getByText('Change', { exact: true }).click();
  await page.getByRole('button', { name: entry }).click();
  return page.getByRole('dialog');
}

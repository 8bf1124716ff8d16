/** The log of a trial while it trains, in a real browser on a real coordinator and its worker. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertFits, openPage, screenshotFolder } from './browser.js';
import { formulaSweep, logIn, startHouse, type House } from './house.js';

const HOSTILE = '<img src=x onerror="document.title=1"> \\u001b[31mred\\u001b[0m \\u202egnp';

/** A program that prints as it is told by files in the house's folder: `line-N` lets it print line N, `end` ends it. */
function program(folder: string): string {
  return [
    "const fs = require('node:fs');",
    `const at = (name) => ${JSON.stringify(`${folder}/`)} + name;`,
    'const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);',
    `fs.writeSync(1, 'hostile: ${HOSTILE}\\n');`,
    'for (let line = 1; !fs.existsSync(at("end")); pause()) if (fs.existsSync(at("line-" + line))) fs.writeSync(2, `step ${line++}: loss ${1 / line}\\n`);',
    'fs.writeSync(1, "the last word\\n");',
    'fs.writeSync(1, JSON.stringify({ epoch: 0, metrics: { "val.loss": 0.5 } }) + "\\n");',
  ].join('\n');
}

/** A program that fails once it is told to, and waits for its end once it is mended. */
function failingProgram(folder: string): string {
  return [
    "const fs = require('node:fs');",
    `const at = (name) => ${JSON.stringify(`${folder}/`)} + name;`,
    'const till = (name) => { while (!fs.existsSync(at(name))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); };',
    'if (!fs.existsSync(at("mended"))) { fs.writeSync(1, "it will fail\\n"); till("fail"); process.exit(3); }',
    'fs.writeSync(1, "it works now\\n");',
    'till("finish");',
    'fs.writeSync(1, JSON.stringify({ epoch: 0, metrics: { "val.loss": 0.5 } }) + "\\n");',
  ].join('\n');
}

describe('the log of a trial', () => {
  let house: House;

  before(async () => {
    house = await startHouse({ slots: 1 });
    writeFileSync(join(house.folder, 'train.cjs'), program(house.folder));
    await house.submit('printing', `trainable: {command: [${JSON.stringify(process.execPath)}, train.cjs], files: [train.cjs]}\nspace: {rate: [0.1], epochs: [1]}\nobjective: {minimize: val.loss}\n`);
  });

  after(() => house.stop());

  const log = (page: Page) => page.getByRole('log');
  const lets = (line: number): void => writeFileSync(join(house.folder, `line-${line}`), '');

  it('shows lines as they are printed, as text whatever they hold, and keeps them when it has ended', async (t) => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/trials/printing%2F0');
    await log(page).getByText('hostile: <img src=x onerror="document.title=1"> ␛[31mred␛[0m <U+202E>gnp').waitFor();
    assert.equal(await log(page).locator('img').count(), 0);
    lets(1);
    await log(page).getByText('step 1: loss').waitFor();
    // Who hears the page is told of it, and not by the log itself, which would speak all of a flood.
    await page.getByRole('status', { name: 'New lines' }).filter({ hasText: 'step 1: loss' }).waitFor();
    assert.equal(await log(page).getAttribute('aria-live'), 'off');
    // Of one that waits for its slot too, before there is anything to say: a status that comes with its text is not spoken.
    await house.submit('waiting', formulaSweep({ rates: [0.1], epochs: [1] }));
    const waiting = await openPage({ expected: ['401'] });
    await logIn(waiting.page, house, '/trials/waiting%2F0');
    await waiting.page.getByText(/^Nothing of this trial runs now/).waitFor();
    assert.equal(await waiting.page.getByRole('status', { name: 'New lines' }).innerText(), '');
    assert.deepEqual(waiting.problems, []);
    await waiting.page.context().close();
    lets(2);
    await log(page).getByText('step 2: loss').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await assertAccessible(page);

    // What comes while it is paused comes afterwards, once. Another page shows that it has come.
    const other = await openPage({ expected: ['401'] });
    await logIn(other.page, house, '/trials/printing%2F0');
    await log(other.page).getByText('step 2: loss').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    lets(3);
    await log(other.page).getByText('step 3: loss').waitFor();
    lets(4);
    await log(other.page).getByText('step 4: loss').waitFor();
    assert.equal(await log(page).getByText('step 3: loss').count(), 0);
    await page.getByRole('button', { name: 'Follow' }).click();
    await log(page).getByText('step 4: loss').waitFor();
    assert.deepEqual(await log(page).getByText(/step \d: loss/).allInnerTexts(), await log(other.page).getByText(/step \d: loss/).allInnerTexts());
    assert.deepEqual(other.problems, []);
    await other.page.context().close();

    await page.getByRole('searchbox', { name: 'Find in the log' }).fill('STEP 2');
    await page.getByText('1 line with it').waitFor();
    assert.deepEqual(await log(page).locator('mark').allInnerTexts(), ['step 2']);
    await page.getByRole('searchbox', { name: 'Find in the log' }).fill('');

    // Who comes later reads what was printed before.
    const second = await openPage({ theme: 'dark', width: 390, height: 844, expected: ['401'] });
    await logIn(second.page, house, '/trials/printing%2F0');
    await log(second.page).getByText('step 3: loss').waitFor();
    await second.page.screenshot({ path: join(screenshotFolder(), 'trial-log-dark-phone.png'), fullPage: true });
    await assertFits(second.page);

    writeFileSync(join(house.folder, 'end'), '');
    await log(page).getByText('the last word').waitFor();
    await page.locator('.page-head .state', { hasText: 'completed' }).waitFor();
    await log(page).getByText(/on .*, ended .*: done/).waitFor();
    await log(page).getByText('step 1: loss').waitFor();
    await page.screenshot({ path: join(screenshotFolder(), 'trial-log-light-desktop.png'), fullPage: true });
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('region', { name: 'Log' }).getByRole('button', { name: 'Download' }).click()]);
    const file = readFileSync(await download.path(), 'utf8');
    assert.match(file, /^# Epoch 0 on .*\nhostile: <img src=x onerror="document\.title=1"> [^]*\nstep 1: [^]*\nthe last word\n/);
    assert.ok(file.includes('\u001b[31mred\u001b[0m'), 'as it came');

    // What is kept.
    await page.reload();
    await log(page).getByText('the last word').waitFor();
    await log(page).getByText('step 1: loss').waitFor();
    assert.match(await house.command('trial', 'printing/0'), /The end of what it printed:\n {2}hostile: [^]*\n {2}the last word/);
    assert.deepEqual([...problems, ...second.problems], []);
    t.diagnostic(`screenshots: ${screenshotFolder()}`);
  });

  it('goes on with the new attempt of a trial that is retried before the page has read that it failed; says that it is refused, and comes again', async () => {
    writeFileSync(join(house.folder, 'fails.cjs'), failingProgram(house.folder));
    await house.submit('retried', `trainable: {command: [${JSON.stringify(process.execPath)}, fails.cjs], files: [fails.cjs]}\nspace: {rate: [0.1], epochs: [1]}\nobjective: {minimize: val.loss}\n`);
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/trials/retried%2F0');
    await log(page).getByText('it will fail').waitFor();
    const state = page.getByRole('region', { name: 'Log' }).locator('.panel-head');
    await state.getByText('Live', { exact: true }).waitFor();
    let release = (): void => undefined;
    const retried = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/api/v1/trials/*?test=0', async (route) => {
      await retried;
      await route.continue();
    });
    writeFileSync(join(house.folder, 'fail'), '');
    await state.getByText('Live', { exact: true }).waitFor({ state: 'detached' });
    writeFileSync(join(house.folder, 'mended'), '');
    await house.command('retry', 'retried');
    release();
    await log(page).getByText('it works now').waitFor();
    await state.getByText('Live', { exact: true }).waitFor();

    const busy = await openPage({ expected: ['401', '429'] });
    let asked = 0;
    let isAskedOften = (): void => undefined;
    const askedOften = new Promise<void>((resolve) => (isAskedOften = resolve));
    await busy.page.route('**/api/v1/trials/*/log*', async (route) => {
      // Each time twice: for the stream, and why there is none.
      asked += 1;
      if (asked === 6) isAskedOften();
      await route.fulfill({ status: 429, headers: { 'retry-after': '1' }, json: { code: 'TooManyRequests', message: 'too many requests; try again in 1 s' } });
    });
    await logIn(busy.page, house, '/trials/retried%2F0');
    await busy.page.getByText('Refused: too many requests; try again in 1 s. The page asks again after 1 s.').waitFor();
    // Who hears the page is told of it once, however often it asks.
    await busy.page.evaluate(`(() => {
      const status = document.querySelector('.panel-head [role=status]');
      window.said = [];
      new MutationObserver(() => window.said.push(status.textContent)).observe(status, { subtree: true, childList: true, characterData: true });
    })()`);
    await askedOften;
    assert.deepEqual(await busy.page.evaluate('window.said'), []);
    await busy.page.unroute('**/api/v1/trials/*/log*');
    await log(busy.page).getByText('it works now').waitFor();
    await busy.page.locator('.panel-head').getByText('Live', { exact: true }).waitFor();
    assert.equal((await busy.page.evaluate<string[]>('window.said')).at(-1), 'Live');

    const stranger = await openPage({ expected: ['401'] });
    await stranger.page.route('**/api/v1/trials/*/log*', (route) => route.fulfill({ status: 401, json: { code: 'Unauthorized', message: 'the session is over' } }));
    await logIn(stranger.page, house);
    await stranger.page.goto(`${house.url}/trials/retried%2F0`);
    await stranger.page.getByLabel('Token').waitFor();

    writeFileSync(join(house.folder, 'finish'), '');
    await page.locator('.page-head .state', { hasText: 'completed' }).waitFor();
    await log(page).getByText('it works now').waitFor();
    assert.deepEqual([...problems, ...busy.problems, ...stranger.problems], []);
  });
});

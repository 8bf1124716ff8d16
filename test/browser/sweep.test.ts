/** The page of a sweep: its space, its failures, and steering it, in a real browser on a real coordinator. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { assertAccessible, assertFits, openPage, screenshotFolder } from './browser.js';
import { formulaSweep, logIn, searchSweep, startHouse, type House } from './house.js';

describe('the page of a sweep', () => {
  let house: House;

  before(async () => {
    house = await startHouse();
    await house.submit('search', searchSweep());
    await house.ended('search');
  });

  after(() => house.stop());

  it('shows the space, failures, curves, the log and slots in both themes, on a desk and on a phone', async (t) => {
    const folder = screenshotFolder();
    for (const theme of ['light', 'dark'] as const) {
      for (const [device, width, height] of [['desktop', 1360, 900], ['phone', 390, 844]] as const) {
        const { page, problems } = await openPage({ theme, width, height, expected: ['401'] });
        await logIn(page, house, '/sweeps/search?view=space');
        await page.getByRole('figure', { name: /^Importance for val\.loss/ }).waitFor();
        await page.screenshot({ path: join(folder, `space-${theme}-${device}.png`), fullPage: true });
        await assertFits(page);
        if (theme === 'light') await assertAccessible(page);
        await page.getByRole('link', { name: /^Failures/ }).click();
        await page.getByText('the loss ceased to be finite in epoch 0').waitFor();
        const shown = await page.locator('.failures summary').click().then(() => page.locator('.failures details a').all());
        for (const link of shown.slice(0, 2)) assert.equal(await link.getAttribute('href'), `/trials/${encodeURIComponent(`search/${(await link.innerText()).slice(1)}`)}`);
        assert.ok(shown.length > 1);
        await page.screenshot({ path: join(folder, `failures-${theme}-${device}.png`), fullPage: true });
        await assertFits(page);
        await page.getByRole('link', { name: 'Curves' }).click();
        await page.locator('.chart canvas').waitFor();
        await page.screenshot({ path: join(folder, `curves-${theme}-${device}.png`), fullPage: true });
        await assertFits(page);
        await page.getByRole('link', { name: 'Log' }).click();
        await page.getByRole('cell', { name: 'sweep.completed' }).waitFor();
        await page.screenshot({ path: join(folder, `log-${theme}-${device}.png`) });
        await assertFits(page);
        await page.getByRole('link', { name: 'Slots' }).click();
        const slots = page.getByRole('figure', { name: /^Timeline of slots/ });
        // The axis begins at 0 of whatever unit the other marks have.
        await slots.locator('text').filter({ hasText: /^0$/ }).waitFor();
        await page.screenshot({ path: join(folder, `slots-${theme}-${device}.png`), fullPage: true });
        await assertFits(page);
        assert.deepEqual(problems, []);
        await page.context().close();
      }
    }
    t.diagnostic(`screenshots: ${folder}`);
  });

  it('says on a phone where a table or a drawing goes on aside, cuts no time, and keeps the buttons of a long dialog in sight', async () => {
    const { page, problems } = await openPage({ width: 390, height: 844, expected: ['401', '400'] });
    await logIn(page, house, '/sweeps/search');
    const trials = page.getByRole('region', { name: 'Trials, the best first' });
    await trials.and(page.locator('[data-more="right"]')).waitFor();
    await trials.evaluate((frame: { scrollLeft: number }) => (frame.scrollLeft = 10_000));
    await trials.and(page.locator('[data-more="left"]')).waitFor();
    await page.goto(`${house.url}/sweeps/search?view=space`);
    await page.getByRole('figure', { name: /^Parallel coordinates/ }).locator('.figure-frame[data-more="right"]').waitFor();
    await page.goto(`${house.url}/sweeps/search?view=log`);
    const time = page.getByRole('cell', { name: /^\d+ \w+ 20\d\d, \d\d:\d\d:\d\d$/ }).first();
    await time.waitFor();
    assert.equal(await time.evaluate((cell: { scrollWidth: number; clientWidth: number }) => cell.scrollWidth - cell.clientWidth), 0);
    await page.goto(house.url);
    await page.getByRole('button', { name: 'Start a sweep' }).click();
    await page.getByRole('dialog').getByLabel('or its text').fill('trainable: {synthetic: {epochMs: x}}\nspace: {batch: [x], lr: 3}\nobjective: {maximise: val.auc}');
    await page.getByRole('alert').waitFor();
    const box = await page.getByRole('button', { name: 'Start', exact: true }).boundingBox();
    assert.ok(box !== null && box.y + box.height < 844 - 12, JSON.stringify(box));
    await page.screenshot({ path: join(screenshotFolder(), 'start-light-phone.png') });
    assert.deepEqual(problems, []);
  });

  it('is dark on light paper whatever the theme, with the rows that are there and which these are', async () => {
    const { page, problems } = await openPage({ theme: 'dark', height: 320, expected: ['401'] });
    await logIn(page, house, '/sweeps/search');
    await page.getByRole('region', { name: 'Trials, the best first' }).waitFor();
    const colour = (): Promise<string> => page.evaluate<string>('getComputedStyle(document.documentElement).color');
    const inDark = await colour();
    assert.match((await page.locator('.paper-only').textContent()) ?? '', /^Rows 1 to [1-5]\d of 60$/);
    await page.emulateMedia({ media: 'print' });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'light');
    assert.notEqual(await colour(), inDark);
    assert.equal(await page.locator('tr.space').filter({ visible: true }).count(), 0);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    assert.equal(await colour(), inDark);
    assert.deepEqual(problems, []);
  });

  it('has its charts in the colours of paper at once: browsers print before their next frame', async () => {
    const { page, problems } = await openPage({ theme: 'dark', expected: ['401'] });
    await logIn(page, house, '/sweeps/search?view=curves');
    await page.locator('.chart canvas').waitFor();
    const { inDark, printed, later } = await page.evaluate<{ inDark: string; printed: string; later: string }>(`(async () => {
      const picture = () => document.querySelector('.chart canvas')?.toDataURL() ?? 'none';
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      await frame();
      await frame();
      const inDark = picture();
      dispatchEvent(new Event('beforeprint'));
      // Microtasks alone: no other task and no frame.
      for (let turn = 0; turn < 100; turn += 1) await null;
      const printed = picture();
      await frame();
      await frame();
      return { inDark, printed, later: picture() };
    })()`);
    assert.notEqual(printed, inDark);
    assert.equal(printed, later);
    assert.deepEqual(problems, []);
  });

  it('filters the leaderboard by a formula of the command line, under an address that shows the same again', async () => {
    const { page, problems } = await openPage({ expected: ['401', '400'] });
    await logIn(page, house, '/sweeps/search');
    await page.getByRole('heading', { name: '60 trials' }).waitFor();
    const filter = page.getByLabel('Filter trials by a formula');
    await filter.fill('mode == "deep" && val.loss < 0.5');
    await filter.press('Enter');
    const heading = page.getByRole('heading', { name: /^\d+ of 60 trials$/ });
    await heading.waitFor();
    const told = (await house.command('trials', 'search', '--filter', 'mode == "deep" && val.loss < 0.5', '--csv')).trim().split('\n').length - 1;
    assert.equal(await heading.innerText(), `${told} of 60 trials`);
    await page.reload();
    await heading.waitFor();
    // As it is typed, without Enter; the trials from before stay beside what is wrong with it.
    await filter.fill('val.los < 1');
    await page.getByRole('alert').filter({ hasText: /found val\.los/ }).waitFor();
    await page.getByText('The trials below are those from before.').waitFor();
    assert.equal(await heading.innerText(), `${told} of 60 trials`);
    assert.equal(await page.getByRole('region', { name: 'Trials, the best first' }).locator('tbody tr:not(.space)').count(), told);
    await assertAccessible(page);
    await filter.fill('epochs = 6');
    await page.getByRole('alert').filter({ hasText: /did you mean ==\?/ }).waitFor();
    await filter.fill('');
    await page.getByRole('heading', { name: '60 trials', exact: true }).waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    // Back leads to the filter from before it was typed, not away.
    await page.goBack();
    await heading.waitFor();
    assert.equal(await heading.innerText(), `${told} of 60 trials`);
    // What is typed then, without leaving the field, takes the place of no entry either.
    await filter.fill('trial == 7');
    await page.getByRole('heading', { name: '1 of 60 trials', exact: true }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: `${told} of 60 trials`, exact: true }).waitFor();
    await page.goto(`${house.url}/sweeps/search?filter=${'1+'.repeat(1_500)}1`);
    await page.getByRole('alert').filter({ hasText: 'filter: found a longer text, expected a formula of at most 2000 characters' }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('shows failures as a column, and keeps what there is to choose from where the address asks for what no trial has', async () => {
    const { page, problems } = await openPage({ expected: ['401', '400'] });
    await logIn(page, house, '/sweeps/search?columns=trial~failure');
    await page.getByRole('columnheader', { name: 'failure' }).waitFor();
    await page.getByLabel('Filter trials by a formula').fill('state == "failed"');
    await page.getByLabel('Filter trials by a formula').press('Enter');
    await page.getByRole('cell', { name: /^Diverged: / }).first().waitFor();
    await page.goto(`${house.url}/sweeps/search?columns=trial~momentum`);
    await page.getByRole('alert').filter({ hasText: /columns: found momentum/ }).waitFor();
    await page.getByRole('button', { name: 'Show the usual columns' }).click();
    await page.getByRole('heading', { name: '60 trials' }).waitFor();
    await page.getByLabel('Filter trials by a formula').fill('val.los < 1');
    await page.getByLabel('Filter trials by a formula').press('Enter');
    await page.getByRole('alert').filter({ hasText: /found val\.los/ }).waitFor();
    await page.getByText('Columns', { exact: true }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('keeps the trials within a span that is dragged, under an address that shows the same again', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/search?view=space');
    const figure = page.getByRole('figure', { name: /^Parallel coordinates/ });
    const drawing = figure.locator('svg.brushable');
    await drawing.scrollIntoViewIfNeeded();
    const box = await drawing.boundingBox();
    assert.ok(box !== null);
    // The last axis is the objective's, 64 px from the right end; its lower half is dragged over.
    const x = box.x + box.width - 64;
    await page.mouse.move(x, box.y + box.height - 24);
    await page.mouse.down();
    await page.mouse.move(x, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/spans=val\.loss/);
    const words = await figure.locator('figcaption').innerText();
    const [, inside = '', of = ''] = /^(\d+) trials of (\d+) within/.exec(words) ?? [];
    assert.ok(Number(inside) > 0 && Number(inside) < Number(of), words);
    const again = await openPage({ expected: ['401'] });
    await logIn(again.page, house, new URL(page.url()).pathname + new URL(page.url()).search);
    await again.page.getByText(words.slice(0, 20)).waitFor();
    // Which they are: the leaderboard with the span as its filter.
    await page.getByText('Importance, heat map and slices show all trials.').waitFor();
    await page.getByRole('link', { name: `Show these ${inside} trials in the table` }).click();
    await page.getByRole('heading', { name: `${inside} of 60 trials` }).waitFor();
    assert.match(await page.getByLabel('Filter trials by a formula').inputValue(), /^objective >= [\d.]+ && objective <= [\d.]+$/);
    await page.goBack();
    await page.getByRole('link', { name: 'compare the best 8' }).click();
    await page.getByRole('region', { name: 'Settings and metrics side by side' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Take trial \d+ out$/ }).count(), 8);
    await page.goBack();
    await page.getByRole('button', { name: 'Take away the span of val.loss' }).click();
    await page.getByText(new RegExp(`^${of} trials of ${of} within`)).waitFor();
    // One that is no axis now holds nobody back, stands there, and is taken away.
    await page.goto(`${house.url}/sweeps/search?view=space&spans=momentum:0:1`);
    await page.getByText('no such axis now').waitFor();
    await page.getByText(new RegExp(`^${of} trials of ${of} within`)).waitFor();
    await page.getByRole('button', { name: 'Take away the span of momentum' }).click();
    await page.waitForURL(/view=space$/);
    assert.deepEqual([...problems, ...again.problems], []);
  });

  it('offers no comparison of the best trials within the spans where a sample is drawn, which may lack them', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await page.route('**/api/v1/sweeps/*/points?*', async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as { readonly of: number };
      await route.fulfill({ response, json: { ...answer, of: answer.of + 1 } });
    });
    await logIn(page, house, '/sweeps/search?view=space&spans=val.loss:0:0.7');
    await page.getByRole('link', { name: 'Show the trials within the spans in the table' }).waitFor();
    assert.equal(await page.getByRole('link', { name: /^compare/ }).count(), 0);
    await page.unrouteAll({ behavior: 'wait' });
    assert.deepEqual(problems, []);
  });

  it('gives parallel coordinates the width that their axes need when there are more of them, on a phone', async () => {
    const { page, problems } = await openPage({ width: 390, height: 844, expected: ['401'] });
    let isWhole = false;
    await page.route('**/api/v1/sweeps/*/points?*', async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as { readonly columns: readonly { readonly name: string }[] };
      await route.fulfill({ response, json: isWhole ? answer : { ...answer, columns: answer.columns.map((column) => (/^settings\.(?!rate)/.test(column.name) ? { ...column, name: 'left out' } : column)) } });
    });
    await logIn(page, house, '/sweeps/search?view=space');
    // 64 px beside the outermost axes, 96 between two: rate and val.loss have room on the phone, and five axes have not.
    const drawing = page.locator('svg.brushable');
    await drawing.scrollIntoViewIfNeeded();
    assert.ok(Number(await drawing.getAttribute('width')) < 390);
    isWhole = true;
    await house.command('tag', 'search', 'seen');
    await page.locator('svg.brushable[width="512"]').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    assert.deepEqual(problems, []);
  });

  it('draws the learning curves of the trials whose names match, smoothed and on a logarithmic axis, under their address', async (t) => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/search?view=curves');
    await page.getByText(/^\d+ curves/).waitFor();
    await page.getByRole('searchbox', { name: 'Trials' }).fill('mode=deep');
    await page.getByText(/^\d+ curves$/).waitFor();
    await page.getByLabel('Logarithmic').check();
    await page.getByLabel('Smoothing').fill('0.5');
    await page.getByLabel('Along').selectOption('time');
    await page.waitForURL(/trials=mode%3Ddeep.*log=1.*smoothing=0\.5.*along=time/);
    await page.locator('.chart canvas').waitFor();
    await page.locator('output').getByText('0.50', { exact: true }).waitFor();
    await page.screenshot({ path: join(screenshotFolder(), 'curves-smoothed-light-desktop.png'), fullPage: true });
    await assertAccessible(page);
    // As a slider says that is dragged for some seconds: browsers drop what is written into an address that often.
    await page.getByLabel('Smoothing').evaluate((slider: { value: string; dispatchEvent(event: Event): boolean }) => {
      for (let step = 1; step <= 396; step += 1) {
        slider.value = String((step % 99) / 100 + 0.01);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
      }
    });
    await page.waitForURL(/smoothing=0\.01(&|$)/);
    assert.equal(await page.getByLabel('Smoothing').inputValue(), '0.01');
    // And where the page is left in the midst of it.
    await page.getByLabel('Smoothing').evaluate((slider: { value: string; dispatchEvent(event: Event): boolean }) => {
      for (let step = 1; step <= 100; step += 1) {
        slider.value = step === 100 ? '0.77' : String(step / 100 - 0.01);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
      }
      (globalThis as unknown as { location: { href: string } }).location.href = '/fleet';
    });
    await page.getByRole('heading', { name: 'Fleet' }).waitFor();
    await page.goBack();
    await page.waitForURL(/smoothing=0\.77(&|$)/);
    await page.getByRole('searchbox', { name: 'Trials' }).fill('[');
    await page.getByText('This is no regular expression').waitFor();
    t.diagnostic(`screenshots: ${screenshotFolder()}`);
    assert.deepEqual(problems, []);
  });

  it('draws charts in a browser whose language is no tag of one, as where a system sets none', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await page.addInitScript("Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix', configurable: true })");
    await logIn(page, house, '/sweeps/search');
    await page.locator('.chart canvas').waitFor();
    assert.deepEqual(problems, []);
  });

  it('names the metric of learning curves before anything was reported', async () => {
    // Longer than any test takes.
    await house.submit('unreported', formulaSweep({ rates: [0.1], epochMs: 3_600_000, epochs: [1] }));
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/unreported?view=curves');
    await page.getByText('No trial has reported val.loss yet.').waitFor();
    assert.equal(await page.getByLabel('Metric').inputValue(), 'val.loss');
    await house.command('stop', 'unreported', '--now');
    assert.deepEqual(problems, []);
  });

  it('keeps what a viewer has zoomed into when a chart is drawn anew, as for another order of its lines', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/search?view=curves');
    const over = page.locator('.chart .u-over');
    await over.waitFor();
    const box = await over.boundingBox();
    assert.ok(box !== null);
    const middle = box.y + box.height / 2;
    const begins = async (epoch: RegExp): Promise<void> => {
      await page.mouse.move(box.x + box.width / 2, middle);
      await page.mouse.move(box.x + 3, middle);
      await page.locator('.chart figcaption').filter({ hasText: epoch }).waitFor();
    };
    await begins(/Epochs 0$/);
    await page.mouse.move(box.x + box.width * 0.6, middle);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.95, middle, { steps: 4 });
    await page.mouse.up();
    await begins(/Epochs 3$/);
    await over.evaluate((drawn: { dataset: Record<string, string> }) => (drawn.dataset.old = 'yes'));
    await page.getByRole('button', { name: 'Use the dark theme' }).click();
    await page.locator('.chart .u-over:not([data-old])').waitFor();
    await begins(/Epochs 3$/);
    await page.getByLabel('Along').selectOption('time');
    await page.locator('.chart figcaption').filter({ hasText: /curves$|Time in training \(s\)/ }).waitFor();
    assert.deepEqual(problems, []);
  });

  it('compares the trials that there are beside a name that is wrong, which is taken out again', async () => {
    const { page, problems } = await openPage({ expected: ['401', '404', '400'] });
    await logIn(page, house, '/compare?trials=search/1&trials=search/999&trials=search/2');
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: '999' }).waitFor();
    await page.getByRole('heading', { name: 'What differs' }).waitFor();
    await assertAccessible(page);
    await alert.getByRole('button', { name: 'Take search/999 out' }).click();
    await alert.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Take trial 2 out' }).click();
    await page.waitForURL(/trials=search%2F1$/);
    assert.deepEqual(problems, []);
  });

  it('exports every trial of the filter once, in the order of the table, and says where an export fails', async () => {
    const { page } = await openPage({ expected: ['401', 'ERR_FAILED'] });
    await logIn(page, house, '/sweeps/search?filter=width+%3E+100&sort=val.loss:desc');
    const panel = page.getByRole('region', { name: /of 60 trials$/ }).last();
    const told = Number(/^\d+/.exec(await panel.getByRole('heading').innerText())?.[0]);
    await panel.getByText('Export').click();
    const [download] = await Promise.all([page.waitForEvent('download'), panel.getByRole('button', { name: 'CSV' }).click()]);
    const [header = '', ...lines] = readFileSync(await download.path(), 'utf8').trim().split('\r\n');
    assert.equal(lines.length, told);
    assert.equal(new Set(lines.map((line) => line.split(',')[0])).size, told);
    const losses = lines.map((line) => line.split(',')[header.split(',').indexOf('val.loss')] ?? '').filter((text) => text !== '').map(Number);
    assert.deepEqual(losses, losses.toSorted((a, b) => b - a));
    await page.route('**/leaderboard?*', (route) => route.abort());
    await panel.getByText('Export').click();
    await panel.getByRole('button', { name: 'JSON' }).click();
    await page.getByRole('alert').filter({ hasText: 'The export failed' }).waitFor();
  });

  it('draws the only epoch of a trial in the middle of its chart', async () => {
    await house.submit('single', formulaSweep({ rates: [0.1], epochs: [1] }));
    await house.ended('single');
    const { page } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/trials/single%2F0');
    await page.locator('.u-over').first().waitFor();
    // The point, in the colour of the first series, among the pixels of the chart's middle third.
    const isInTheMiddle = await page.evaluate<boolean>(`new Promise((resolve) => {
      const hex = getComputedStyle(document.documentElement).getPropertyValue('--series-1').trim();
      const colour = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
      const look = (frames) => {
        const canvas = document.querySelector('.u-wrap > canvas');
        const { data } = canvas.getContext('2d').getImageData(canvas.width / 3, 0, canvas.width / 3, canvas.height);
        const found = data.some((_, at) => at % 4 === 0 && data[at + 3] > 200 && colour.every((channel, index) => Math.abs(channel - data[at + index]) < 16));
        if (found || frames === 0) resolve(found);
        else requestAnimationFrame(() => { look(frames - 1); });
      };
      look(100);
    })`);
    assert.ok(isInTheMiddle);
  });

  it('exports a chart as SVG, PNG, CSV and JSON', async () => {
    const { page } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/search?view=space');
    const figure = page.getByRole('figure', { name: /^Pareto front/ });
    const exported = async (format: string): Promise<Buffer> => {
      await figure.getByText('Export').click();
      const [download] = await Promise.all([page.waitForEvent('download'), figure.getByRole('button', { name: format, exact: true }).click()]);
      assert.equal(download.suggestedFilename(), `search-pareto.${format.toLowerCase()}`);
      return readFileSync(await download.path());
    };
    assert.match((await exported('SVG')).toString(), /^<svg [^]*cost \(minimize\)[^]*<\/svg>$/);
    assert.equal((await exported('PNG')).subarray(1, 4).toString(), 'PNG');
    const csv = (await exported('CSV')).toString().trim().split('\r\n');
    assert.equal(csv[0], 'trial,rank,val.loss,cost');
    assert.equal((JSON.parse((await exported('JSON')).toString()) as unknown[]).length, csv.length - 1);
  });

  it('pauses, resumes, extends and stops a running sweep, each after one question, and enqueues a trial', async () => {
    // Longer than any test takes.
    await house.submit('steered', formulaSweep({ rates: [0.1, 0.2], epochMs: 300, epochs: [2_000] }));
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/steered');
    await does(page, 'Pause');
    await hasState(page, 'paused');
    await does(page, 'Resume');
    await hasState(page, 'running');
    await page.getByRole('button', { name: 'Enqueue' }).click();
    const dialog = page.getByRole('dialog');
    await assertAccessible(page);
    await dialog.getByLabel('rate').fill('0.77');
    await dialog.getByRole('button', { name: 'Enqueue' }).click();
    await dialog.waitFor({ state: 'detached' });
    // Two rates by two widths, and the one that was asked for.
    await page.getByRole('heading', { name: '5 trials' }).waitFor();
    await page.getByText('Change', { exact: true }).click();
    await page.getByRole('button', { name: 'Extend…' }).click();
    await dialog.getByLabel('Epochs').fill('40');
    await dialog.getByLabel('Epochs').blur();
    await dialog.getByText(/expected more than 2000/).waitFor();
    await dialog.getByLabel('Epochs').fill('2002');
    await dialog.getByLabel('Epochs').blur();
    await dialog.getByText(/space\.epochs: \[2000\] -> \[2002\]/).waitFor();
    await dialog.getByRole('button', { name: 'Extend' }).click();
    await dialog.waitFor({ state: 'detached' });
    await does(page, 'Stop');
    await hasState(page, 'stopped');
    assert.match(await house.command('show', 'steered'), /stopped/);
    assert.match(await house.command('show', 'steered', '--file'), /epochs: 2002/);
    assert.deepEqual(problems.filter((line) => !line.includes('400')), []);
  });
});

async function does(page: Page, deed: string): Promise<void> {
  await page.getByRole('button', { name: deed, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: deed, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

function hasState(page: Page, state: string): Promise<void> {
  return page.locator('.page-head .state', { hasText: state }).waitFor();
}

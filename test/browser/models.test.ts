/** Pages about models, on a real sweep over handwritten digits: a trial, trials side by side, the ensemble. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { extract } from 'tar';
import type { Answers, Operation } from '../../coordinator/api/answers.js';
import { assertAccessible, assertFits, dropFile, openPage, screenshotFolder, showImages } from './browser.js';
import { digitsSweep, writeDigits } from './digits.js';
import { formulaSweep, logIn, startHouse, type House } from './house.js';

/** Hard to tell apart, and with a name that must stay text. */
const CLASSES = { 'three <b>': 3, eight: 8 };

let house: House;

before(async () => {
  house = await startHouse();
  await writeDigits(join(house.folder, 'digits'), CLASSES, { count: 60 });
  await house.submit('digits', digitsSweep('digits'));
  await house.ended('digits');
});

after(() => house.stop());

async function answer<Asked extends Operation>(path: string): Promise<Answers[Asked]> {
  const response = await fetch(`${house.url.replace(/\/$/, '')}/api/v1${path}`, { headers: { authorization: `Bearer ${house.token}` } });
  assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
  return (await response.json()) as Answers[Asked];
}

/** In both themes, on a desk and on a phone. */
async function shootAll(name: string, path: string, ready: (page: Page) => Promise<unknown>): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    for (const [device, width, height] of [['desktop', 1360, 900], ['phone', 390, 844]] as const) {
      const { page, problems } = await openPage({ theme, width, height, expected: ['401'] });
      await logIn(page, house, path);
      await ready(page);
      // Charts are drawn as they come into sight.
      for (const chart of await page.locator('.chart-body').all()) {
        await chart.scrollIntoViewIfNeeded();
        await chart.locator('canvas').waitFor();
      }
      await showImages(page);
      await page.screenshot({ path: join(screenshotFolder(), `${name}-${theme}-${device}.png`), fullPage: true });
      await assertFits(page);
      await assertAccessible(page);
      assert.deepEqual(problems, []);
      await page.context().close();
    }
  }
}

const cellsOf = async (page: Page, caption: string | RegExp): Promise<number[]> => (await page.getByRole('region', { name: caption }).locator('tbody td').allInnerTexts()).map(Number);

describe("a trial's page", () => {
  it('shows settings, curves, confusion, predictions, layers, attempts and blobs in both themes, on a desk and on a phone', async () => {
    await shootAll('trial', '/trials/digits%2F3', async (page) => {
      await page.locator('.gallery .remote-image').first().waitFor();
      await page.getByRole('heading', { name: /^\d+ layers$/ }).waitFor();
      await page.getByRole('region', { name: 'Stored blobs' }).waitFor();
    });
  });

  it('draws its charts and fetches its images further down too while it rests, so that on paper they are there', async () => {
    const { page, problems } = await openPage({ width: 1360, height: 300, expected: ['401'] });
    await logIn(page, house, '/trials/digits%2F0');
    await page.locator('.gallery .remote-image').first().waitFor({ state: 'attached' });
    await page.locator('.chart-body:not(:has(canvas))').first().waitFor({ state: 'detached' });
    await page.locator('.remote-image:not(:has(img))').first().waitFor({ state: 'detached' });
    assert.ok((await page.locator('.chart-body canvas').count()) > 2 && (await page.locator('.remote-image img').count()) > 2);
    assert.equal(await page.evaluate<number>('scrollY'), 0);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.getByRole('button', { name: 'Log out' }).isVisible(), false);
    assert.equal(await page.getByText('Export', { exact: true }).filter({ visible: true }).count(), 0);
    const frames = page.locator('.table-frame');
    const cut = await frames.evaluateAll((all: { scrollHeight: number; clientHeight: number }[]) => all.map(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight));
    assert.ok(cut.length > 1 && cut.every((px) => px === 0), cut.join(' '));
    await page.screenshot({ path: join(screenshotFolder(), 'trial-print.png'), fullPage: true });
    assert.deepEqual(problems, []);
  });

  it('moves the matrix with the threshold, and keeps both in the URL', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/trials/digits%2F0?class=eight&threshold=0');
    const matrix = /^Confusion of eight at threshold/;
    await page.getByRole('region', { name: matrix }).waitFor();
    const val = await answer<'GET /trials/:trial/predictions'>('/trials/digits%2F0/predictions?part=val');
    const eight = val.classes.indexOf('eight');
    const count = (isEight: boolean, isSaid: (score: number) => boolean): number => val.images.filter(({ label }, place) => (label === eight) === isEight && isSaid(val.probabilities[place * 2 + eight] ?? 0)).length;
    const expected = (threshold: number): number[] => [count(true, (score) => score >= threshold), count(true, (score) => score < threshold), count(false, (score) => score >= threshold), count(false, (score) => score < threshold)];
    assert.deepEqual(await cellsOf(page, matrix), expected(0));
    const slider = page.getByRole('slider');
    await slider.fill('0.5');
    assert.deepEqual(await cellsOf(page, matrix), expected(0.5));
    await slider.press('ArrowRight');
    assert.match(page.url(), /threshold=0\.505/);
    assert.deepEqual(await cellsOf(page, matrix), expected(0.505));
    // The worker measured the same area when it trained.
    const { trial } = await answer<'GET /trials/:trial'>('/trials/digits%2F0');
    await page.getByText(`Area under the curve ${(trial.val?.auc ?? NaN).toFixed(4)}`).waitFor();
    assert.deepEqual(problems, []);
  });

  it('has two classes in the same order in both matrices, whichever the threshold is of', async () => {
    const { page, problems } = await openPage({ width: 1360, expected: ['401'] });
    await logIn(page, house, '/trials/digits%2F0?class=three+%3Cb%3E&threshold=0.5');
    const threshold = page.getByRole('region', { name: /^Confusion of three <b> at threshold/ });
    const validation = page.getByRole('region', { name: 'Confusion on validation' }).locator('.matrix-frame');
    const heads = (matrix: typeof validation): Promise<string[]> => matrix.locator('tbody th').allInnerTexts();
    await threshold.waitFor();
    assert.deepEqual(await heads(threshold), ['eight', 'three <b>']);
    assert.deepEqual(await heads(validation), await heads(threshold));
    // At the threshold by which a model of two classes decides they say the same.
    const { trial } = await answer<'GET /trials/:trial'>('/trials/digits%2F0');
    assert.deepEqual(await cellsOf(page, /^Confusion of three <b> at threshold/), trial.val?.confusion?.flat());
    const [one, other] = [await validation.boundingBox(), await threshold.boundingBox()];
    assert.ok((other?.x ?? 0) > (one?.x ?? 0) + 400, 'they stand side by side');
    assert.deepEqual(problems, []);
  });

  it('shows the images that it is wrong about, with what they are and what was said, and the test numbers only once they are asked for', async () => {
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/trials/digits%2F0?images=uncertain');
    const first = page.locator('.gallery img').first();
    await page.locator('.gallery .remote-image').first().scrollIntoViewIfNeeded();
    await first.waitFor();
    assert.match((await first.getAttribute('alt')) ?? '', /^(three <b>\/3|eight\/8)-\d+\.png: is (three <b>|eight), predicted /);
    assert.equal(await first.evaluate((image: { naturalWidth: number }) => image.naturalWidth), 28);
    assert.equal(await page.locator('main b').count(), 0);
    assert.equal(await page.getByRole('region', { name: 'Confusion on test' }).count(), 0);
    await page.getByText('Look at them once, when the choice is made.').waitFor();
    await page.getByRole('button', { name: 'Show the test numbers' }).click();
    await page.getByRole('region', { name: 'Confusion on test' }).waitFor();
    const [detail, cells] = [await answer<'GET /trials/:trial'>('/trials/digits%2F0?test=1'), await cellsOf(page, 'Confusion on test')];
    assert.deepEqual(cells, detail.trial.test?.confusion?.flat());
    assert.match(page.url(), /test=1/);
    assert.deepEqual(problems, []);
  });

  it('lists the layers that `trawl model` lists', async () => {
    const { layers } = await answer<'GET /trials/:trial/layers'>('/trials/digits%2F0/layers');
    const { trial } = await answer<'GET /trials/:trial'>('/trials/digits%2F0');
    const said = JSON.parse(await house.command('model', 'lenet5', '--fcWidth', JSON.stringify(trial.settings.fcWidth), '--input', '32x32x1', '--json')) as { layers: { className: string; params: number }[] };
    assert.deepEqual(layers.map(({ className }) => className), said.layers.map(({ className }) => className));
    assert.equal(layers.reduce((sum, { params }) => sum + params, 0), trial.params);
  });

  it('says what is wrong with a trial that is not there', async () => {
    const { page } = await openPage({ expected: ['401', '404'] });
    await logIn(page, house, '/trials/digits%2F999');
    await page.getByRole('alert').getByText('no trial with the id digits/999').waitFor();
    await assertAccessible(page);
  });
});

describe('trials side by side', () => {
  it('have what differs first, their curves in one chart, and the images that they differ about', async () => {
    await shootAll('compare', '/compare?trials=digits%2F0&trials=digits%2F3', async (page) => {
      await page.getByRole('region', { name: 'Settings and metrics side by side' }).waitFor();
      await page.getByText(/^They (differ about|say the same of)/).waitFor();
    });
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/compare?trials=digits%2F0');
    await page.getByLabel('Trial', { exact: true }).fill('digits/3');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('link', { name: 'trial 3' }).waitFor();
    assert.equal(new URL(page.url()).searchParams.getAll('trials').join(' '), 'digits/0 digits/3');
    const names = await page.getByRole('region', { name: 'Settings and metrics side by side' }).locator('tbody th').allInnerTexts();
    // All three differ between the first and the last of two each; the others are the same.
    assert.deepEqual(new Set(names.slice(0, names.indexOf('state'))), new Set(await differing()));
    await page.getByRole('button', { name: 'Take trial 3 out' }).click();
    await page.getByRole('link', { name: 'trial 3' }).waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
  });
});

async function differing(): Promise<string[]> {
  const [one, other] = await Promise.all(['0', '3'].map(async (number) => (await answer<'GET /trials/:trial'>(`/trials/digits%2F${number}`)).trial.settings));
  return Object.keys(one ?? {}).filter((name) => JSON.stringify(one?.[name]) !== JSON.stringify(other?.[name]));
}

describe("the ensemble's page", () => {
  it('shows members, curves, disagreement and size against score', async () => {
    await shootAll('ensemble', '/sweeps/digits/ensemble', (page) => page.getByRole('region', { name: 'Disagreement of members' }).waitFor());
    const { ensemble, curves, disagreement, sizes, class: name } = await answer<'GET /sweeps/:sweep/ensemble/comparison'>('/sweeps/digits/ensemble/comparison');
    assert.equal(ensemble.members.length, curves.members.length);
    const { page } = await openPage({ width: 1360, expected: ['401'] });
    await logIn(page, house, '/sweeps/digits/ensemble');
    const members = page.getByRole('region', { name: 'Ensemble and members' });
    await members.getByRole('columnheader', { name: 'fcWidth' }).waitFor();
    const column = (await members.getByRole('columnheader').allInnerTexts()).indexOf('fcWidth');
    // The best single trial's hyperparameters stand beside its name, as those of each member.
    const single = ensemble.members.find(({ trial }) => trial === ensemble.single.trial);
    const told = await members.getByRole('row', { name: /^Best single/ }).locator('td').allInnerTexts();
    assert.equal(told[column], JSON.stringify(single?.settings.fcWidth));
    assert.ok(told.includes(single?.params.toLocaleString('en-US') ?? ''), told.join(' '));
    await page.context().close();
    // Two classes: the curve of one tells all that the measured area does.
    assert.ok(Math.abs((curves.ensemble.auc ?? NaN) - (ensemble.val.auc ?? NaN)) < 1e-9, name);
    ensemble.members.forEach(({ val }, index) => assert.ok(Math.abs((curves.members[index]?.auc ?? NaN) - (val?.auc ?? NaN)) < 1e-9));
    disagreement.forEach((row, one) => row.forEach((share, other) => assert.equal(share, one === other ? 0 : disagreement[other]?.[one])));
    assert.equal(ensemble.selection, null);
    assert.equal(sizes.at(-1)?.value, ensemble.val.auc);
    assert.deepEqual(sizes.map(({ number, members }) => [number, members]), ensemble.members.map(({ number }, index) => [number, index + 1]));
  });

  it('draws size against score along the rounds in which greedy selection chose', async () => {
    // Of the same trials, so nothing is trained again.
    await house.submit('chosen', digitsSweep('digits').replace('rule: average', 'rule: greedy'));
    await house.ended('chosen');
    const { ensemble, sizes } = await answer<'GET /sweeps/:sweep/ensemble/comparison'>('/sweeps/chosen/ensemble/comparison');
    const { selection } = ensemble;
    assert.ok(selection !== null);
    const chosen = selection.path[selection.rounds - 1];
    assert.deepEqual([sizes, selection.path[0]?.number, chosen?.members], [selection.path, ensemble.single.number, ensemble.members.length]);
    assert.ok(Math.abs((chosen?.value ?? NaN) - (ensemble.val.auc ?? NaN)) < 1e-6);
    assert.ok(Math.abs((selection.path[0]?.value ?? NaN) - (ensemble.single.val?.auc ?? NaN)) < 1e-6);
    await shootAll('ensemble-greedy', '/sweeps/chosen/ensemble', async (page) => {
      const auc = (chosen?.value ?? NaN).toFixed(4);
      await page.getByRole('figure', { name: new RegExp(`^val\\.auc by size\\. .* ${auc} with ${ensemble.members.length} members? after ${selection.rounds} rounds?`) }).waitFor();
    });
  });

  it('gives the bundle as a tar file that `trawl predict` takes, and says the same of an image that is dropped into it', async () => {
    const { page, problems } = await openPage({ expected: ['401', '422'] });
    await logIn(page, house, '/sweeps/digits/ensemble');
    const [download] = await Promise.all([page.waitForEvent('download', { timeout: 120_000 }), page.getByRole('button', { name: 'Download bundle' }).click()]);
    const tarFile = join(house.folder, download.suggestedFilename());
    await download.saveAs(tarFile);
    await extract({ file: tarFile, cwd: house.folder });
    await writeDigits(join(house.folder, 'unseen'), { eight: 8 }, { from: 200, count: 1 });
    const image = join(house.folder, 'unseen', 'eight', '8-200.png');
    const [said] = JSON.parse(await house.command('predict', join(house.folder, 'digits-bundle'), image, '--json')) as { class: string; probabilities: { [name: string]: number } }[];
    const box = page.getByLabel(/^Drop an image here/);
    await box.setInputFiles(image);
    await page.locator('.tried strong').waitFor({ timeout: 120_000 });
    assert.equal(await page.locator('.tried strong').innerText(), said?.class);
    assert.equal(await page.locator('.bars dd').first().innerText(), Math.max(...Object.values(said?.probabilities ?? {})).toFixed(4));
    for (const told of await page.locator('.bars dd:not(.progress-line)').all()) assert.match(await told.innerText(), /^[01]\.\d{4}$/);
    await writeDigits(join(house.folder, 'unseen'), { 'three <b>': 3 }, { from: 201, count: 1 });
    await dropFile(page, join(house.folder, 'unseen', 'three <b>', '3-201.png'));
    await page.locator('.tried').getByText('3-201.png').waitFor();
    writeFileSync(join(house.folder, 'no-image.png'), 'this is text');
    await box.setInputFiles(join(house.folder, 'no-image.png'));
    await page.getByRole('alert').getByText('UnreadableImage').waitFor();
    writeFileSync(join(house.folder, 'large.png'), Buffer.alloc(20_000_001));
    await box.setInputFiles(join(house.folder, 'large.png'));
    await page.getByRole('alert').getByText('an image may have at most 20 MB').waitFor();
    assert.deepEqual(problems, []);
  });

  it('refuses an image that is too large over the API, naming the field', async () => {
    const response = await fetch(`${house.url.replace(/\/$/, '')}/api/v1/sweeps/digits/ensemble/predictions`, { method: 'POST', headers: { authorization: `Bearer ${house.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ image: 'A'.repeat(26_666_672) }) });
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { code: 'BadRequest', message: 'image: expected an image file of at most 20 MB' });
  });

  it('tells trials whose images are too small from those that failed, wherever trials are counted', async () => {
    await house.submit('sizes', 'data: {path: ./digits, split: {val: 0.5, test: 0.2}}\nmodel: cnn-d\nspace: {imageSize: [5, 24], batch: 16, epochs: 1, filters: [[2, 2, 2]], hidden: [[4]]}\nensemble: none\n');
    await house.ended('sizes');
    const { page, problems } = await openPage({ expected: ['401'] });
    await logIn(page, house, '/sweeps/sizes');
    await page.getByText('0 running, 0 waiting, 1 infeasible').waitFor();
    await page.getByRole('link', { name: 'Failures (1)' }).waitFor();
    await page.goto(`${house.url}/compare?sweeps=sizes&sweeps=digits`);
    await page.getByText('1 of 2 done, 1 infeasible').waitFor();
    assert.deepEqual(problems, []);
  });

  it('says why a sweep has none', async () => {
    await house.submit('formulas', formulaSweep({ rates: [0.1] }));
    await house.ended('formulas');
    const { page } = await openPage({ expected: ['401', '409'] });
    await logIn(page, house, '/sweeps/formulas/ensemble');
    await page.getByRole('alert').getByText('NoEnsemble').waitFor();
    await assertAccessible(page);
  });
});

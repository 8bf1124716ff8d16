/** Images that are too small for their networks, before a sweep is created. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFit, fitWarningsOf, misfitsFor } from '../../../coordinator/sweep/check-fit.js';
import { formatMistake, parseSweepFile, type ParsedSweep } from '../../../coordinator/sweep/parse.js';

const DATA = { classes: ['a', 'b'] };

function parsed(text: string): ParsedSweep {
  const found = parseSweepFile(text, 'a.yaml');
  if ('mistakes' in found) assert.fail(found.mistakes.map((mistake) => formatMistake('a.yaml', mistake)).join('\n'));
  return found;
}

function refused(text: string): string[] {
  const found = parsed(text);
  return found.place(checkFit(found.spec, DATA, null)).map((mistake) => formatMistake('a.yaml', mistake));
}

function warned(text: string): string[] {
  const found = parsed(text);
  return found.warn(fitWarningsOf(found.spec, DATA, null));
}

// lmap3 convolves by 3 x 3 without padding and pools by 2: of 5 pixels there are 3, 1 and nothing. Backwards, the fourth pool
// takes 2, so that its convolution takes 4, and those before 2 x 4 + 2 = 10, 2 x 10 + 2 = 22 and 2 x 22 + 2 = 46.
const LMAP3 = 'data: x\nmodel: lmap3\nspace: {filters: [[4, 4, 4, 4]], hidden: [[8]], epochs: 1';
const GONE = 'layer "conv2d_2": its window of 3 x 3 is larger than its input of 1 x 1';

test('a sweep of which no trial fits is a mistake that names the layer and the least size', () => {
  assert.deepEqual(refused(`${LMAP3}, imageSize: 5}`), [`a.yaml:3:71: space.imageSize: found 5, too small for lmap3: ${GONE}, expected at least 46`]);
  assert.deepEqual(refused(`${LMAP3}, imageSize: 46}`), []);
  assert.deepEqual(refused(`${LMAP3}, imageSize: 45}`).length, 1);
  const [line = ''] = refused(`${LMAP3}, imageSize: [4, 5]}`);
  assert.match(line, /found 5, .*expected at least 46; none of the trials could be trained$/);
});

test('the one size of a sampler that draws as it goes is held against its one network', () => {
  const drawn = '\nsampler: tpe\nbudget: {trials: 3}';
  assert.equal(refused(`${LMAP3}, imageSize: 5, lr: {min: 0.001, max: 0.1}}${drawn}`).length, 1);
  assert.deepEqual(refused(`${LMAP3}, imageSize: [5, 48], lr: {min: 0.001, max: 0.1}}${drawn}`), []);
});

test('trials that do not fit beside others are counted in a warning, replicates too', () => {
  assert.deepEqual(refused(`${LMAP3}, imageSize: [5, 48]}`), []);
  assert.deepEqual(warned(`${LMAP3}, imageSize: [5, 48], lr: [0.1, 0.2]}\nreplicates: 2`), [`a.yaml:3:71: space.imageSize: 4 of 8 trials are infeasible: 5 is too small for lmap3: ${GONE}; 46 is the least that works for it`]);
  assert.deepEqual(warned(`${LMAP3}, imageSize: [46, 48]}`), []);
});

test('what is cut away of a base needs no pixels', () => {
  const transfer = `data: x\nmodel: lmap3\nweights: w.h5\nspace: {filters: [[4, 4, 4, 4]], epochs: 1, imageSize: 5, cutAt: `;
  assert.deepEqual(refused(`${transfer}max_pooling2d_1}`), []);
  assert.equal(refused(`${transfer}max_pooling2d_2}`).length, 1);
});

test('a classical model has no layers that images could be too small for', () => {
  const { spec } = parsed('data: x\nmodel: knn\nspace: {imageSize: 1}');
  assert.equal(misfitsFor(spec, DATA, null), null);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitNormalisation } from '../../../worker/data/normalisation.js';
import type { ImageSource } from '../../../worker/engine/engine.js';

/** Images in memory, [count][height * width * channels]. */
function sourceOf(images: readonly (readonly number[])[], height: number, width: number, channels: 1 | 3): ImageSource {
  return {
    count: images.length,
    height,
    width,
    channels,
    labels: new Uint16Array(images.length),
    read: (indices, into) => indices.forEach((index, position) => into.set(images[index] ?? [], position * height * width * channels)),
  };
}

test('scale has no statistics', () => {
  assert.deepEqual(fitNormalisation(sourceOf([[1]], 1, 1, 1), 'scale', Int32Array.of(0)), { mean: null, deviation: null });
});

test('zerocenter is the mean image of the training part alone', () => {
  const source = sourceOf([[0, 255], [51, 255], [255, 0]], 1, 2, 1);
  const { mean, deviation } = fitNormalisation(source, 'zerocenter', Int32Array.of(0, 1));
  // By hand: (0 + 51) / 2 / 255 and 255 / 255.
  assert.deepEqual(mean, Float32Array.of(0.1, 1));
  assert.equal(deviation, null);
});

test('standardise is one mean and population deviation per channel', () => {
  // Two images of 1 x 2 pixels: red 0, 255, 255, 0; green always 51; blue 0, 0, 0, 255.
  const source = sourceOf([[0, 51, 0, 255, 51, 0], [255, 51, 0, 0, 51, 255]], 1, 2, 3);
  const { mean, deviation } = fitNormalisation(source, 'standardise', Int32Array.of(0, 1));
  assert.deepEqual(mean, Float32Array.of(0.5, 0.2, 0.25, 0.5, 0.2, 0.25));
  // By hand: sqrt(1/4), no spread so 1, sqrt(1/4 - 1/16).
  const third = Math.sqrt(3 / 16);
  assert.deepEqual(deviation, Float32Array.of(0.5, 1, third, 0.5, 1, third));
});

test('the order of the images changes no bit', () => {
  const images = Array.from({ length: 150 }, (_, image) => Array.from({ length: 12 }, (_, element) => (image * 37 + element * 101 + image * image) % 256));
  const source = sourceOf(images, 2, 2, 3);
  const forward = Int32Array.from(images, (_, index) => index);
  const shuffled = forward.slice().sort((a, b) => ((a * 7919) % 151) - ((b * 7919) % 151));
  for (const kind of ['zerocenter', 'standardise'] as const) {
    assert.deepEqual(fitNormalisation(source, kind, shuffled), fitNormalisation(source, kind, forward));
  }
});

test('no training images is an error', () => {
  assert.throws(() => fitNormalisation(sourceOf([], 1, 1, 1), 'zerocenter', new Int32Array()), /no training images/);
});

/** What holds of every classical model. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CLASSICAL } from '../../../proto/models.js';
import { FitInterrupted } from '../../../worker/classical/fit.js';
import { rowsOf } from '../../../worker/classical/flat-images.js';
import { kindOf } from '../../../worker/classical/kinds.js';
import { openClassical } from '../../../worker/classical/open.js';
import { decodeClassical, encodeClassical } from '../../../worker/classical/state.js';
import { DataError } from '../../../worker/data/data-error.js';
import { encodeState } from '../../../worker/engine/state.js';
import { noise, QUIET } from './support.js';

const NORMALISATION = { mean: null, deviation: null };

for (const { name } of CLASSICAL) {
  describe(name, () => {
    for (const classes of [2, 3]) {
      it(`says the same from its checkpoint, of ${classes} classes`, async () => {
        const problem = noise(name, { classes });
        const asked = noise(name, { classes, serial: 2 }).images;
        const fitted = await kindOf(name).fit(problem, QUIET);
        const state = encodeClassical({ model: name, classes, arrays: fitted.arrays });
        // At an odd place in memory, as bytes that were read with others are.
        const moved = new Uint8Array(state.byteLength + 3).subarray(3);
        moved.set(state);
        const again = openClassical(moved, { classes, size: problem.images.size, normalisation: NORMALISATION });
        assert.deepEqual(again.predict(asked), fitted.predict(asked));
        assert.equal(again.params, fitted.params);
        assert.ok(fitted.predict(asked).every(Number.isFinite));
      });
    }

    it('is the same to the last bit when it is fitted again', async () => {
      const [one, other] = [await kindOf(name).fit(noise(name), QUIET), await kindOf(name).fit(noise(name), QUIET)];
      assert.deepEqual(one.arrays, other.arrays);
    });

    it('says the same of an image in any company', async () => {
      const fitted = await kindOf(name).fit(noise(name), QUIET);
      const asked = noise(name, { serial: 3, count: 9 }).images;
      const all = fitted.predict(asked);
      fc.assert(fc.property(fc.uniqueArray(fc.nat(8), { minLength: 1 }), (rows) => {
        const some = fitted.predict(rowsOf(asked, rows));
        rows.forEach((row, place) => assert.deepEqual(some.subarray(2 * place, 2 * place + 2), all.subarray(2 * row, 2 * row + 2)));
      }));
    });

    it('tells noisy classes apart', async () => {
      const fitted = await kindOf(name).fit(noise(name, { count: 200 }), QUIET);
      const asked = noise(name, { count: 200, serial: 4 });
      const logits = fitted.predict(asked.images);
      const right = asked.labels.filter((label, image) => (logits[2 * image + 1]! > logits[2 * image]! ? 1 : 0) === label).length;
      assert.ok(right >= 170, `${right} of 200`);
    });

    it('refuses a checkpoint of something else', async () => {
      const fitted = await kindOf(name).fit(noise(name), QUIET);
      const state = encodeClassical({ model: name, classes: 2, arrays: fitted.arrays });
      const opened = (bytes: Uint8Array, classes = 2, size = 9) => () => openClassical(bytes, { classes, size, normalisation: NORMALISATION });
      assert.throws(opened(state, 3), DataError);
      assert.throws(opened(state.subarray(0, state.byteLength - 8)), DataError);
      assert.throws(opened(encodeState('sgd', 0, [])), DataError);
      assert.throws(opened(encodeClassical({ model: name, classes: 2, arrays: {} })), DataError);
      assert.deepEqual(decodeClassical(state).arrays, fitted.arrays);
    });

    it('takes more memory for more images', () => {
      const { knobs } = noise(name);
      const of = (count: number): number => kindOf(name).memory({ count, size: 784, classes: 2, knobs });
      assert.ok(of(1) > 784 && of(2000) > of(1000) && of(1000) > of(1), `${of(1)} ${of(1000)} ${of(2000)}`);
    });
  });
}

for (const name of CLASSICAL.map((model) => model.name).filter((each) => each !== 'knn')) {
  it(`${name} ends when its pulse says that nobody wants it`, async () => {
    let beats = 0;
    const fit = kindOf(name).fit(noise(name, { count: 300 }), {
      beat: () => {
        beats += 1;
        if (beats === 2) throw new FitInterrupted();
      },
    });
    await assert.rejects(fit, FitInterrupted);
    assert.equal(beats, 2);
  });
}

it('a forest draws from the seed and the replicate', async () => {
  const fitted = async (seed: number, replicate: number) => (await kindOf('random-forest').fit({ ...noise('random-forest'), seed, replicate }, QUIET)).arrays;
  assert.notDeepEqual(await fitted(0, 0), await fitted(1, 0));
  assert.notDeepEqual(await fitted(0, 0), await fitted(0, 1));
});

it('neighbours at distance 0 count alone, and of equal distances the first', async () => {
  const images = { count: 4, size: 1, bytes: Uint8Array.of(10, 20, 20, 30) };
  const problem = { ...noise('knn'), images, labels: Uint16Array.of(0, 1, 0, 1), scaling: { scale: Float64Array.of(1), offset: Float64Array.of(0) } };
  const probabilities = async (knobs: typeof problem.knobs, byte: number): Promise<number[]> => {
    const fitted = await kindOf('knn').fit({ ...problem, knobs }, QUIET);
    return [...fitted.predict({ count: 1, size: 1, bytes: Uint8Array.of(byte) })].map((logit) => Number(Math.exp(logit).toFixed(6)));
  };
  assert.deepEqual(await probabilities({ neighbors: 3, weights: 'distance' }, 20), [0.5, 0.5]);
  // 25 is 5 away from 20, 20 and 30: two of them are asked, the first two.
  assert.deepEqual(await probabilities({ neighbors: 2, weights: 'uniform' }, 25), [0.5, 0.5]);
  // 1/5 and 1/5 of 20 (one of each class), 1/5 of 30, 1/15 of 10: (1/5 + 1/15) / (2/3) is 0.4.
  assert.deepEqual(await probabilities({ neighbors: 4, weights: 'distance' }, 25), [0.4, 0.6]);
});

it('too few images for what is asked are told with the numbers', async () => {
  await assert.rejects(kindOf('knn').fit({ ...noise('knn', { count: 2 }) }, QUIET), /neighbors: found 3, expected at most the number of training images, which is 2/);
  const lonely = noise('svm', { count: 10 });
  await assert.rejects(kindOf('svm').fit({ ...lonely, labels: lonely.labels.map((_, image) => (image === 0 ? 1 : 0)) }, QUIET), /svm: found a class with one training image, expected at least 2 of each/);
});

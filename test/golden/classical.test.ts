/** Classical models against scikit-learn's numbers in classical.json, which classical.py makes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';
import type { ImageInput, Json } from '../../proto/work.js';
import type { FlatImages } from '../../worker/classical/flat-images.js';
import { scalingOf } from '../../worker/classical/flat-images.js';
import { kindOf } from '../../worker/classical/kinds.js';
import { fitNormalisation } from '../../worker/data/normalisation.js';
import { softmaxOf } from '../../worker/evaluate/metrics.js';

interface Case {
  readonly model: string;
  readonly knobs: { readonly [knob: string]: Json };
  readonly classWeights: readonly number[] | null;
  readonly probabilities: readonly number[];
}

interface DataSet {
  readonly name: string;
  readonly classes: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly normalisation: ImageInput['normalisation'];
  /** uint8 in base64. */
  readonly train: string;
  readonly labels: readonly number[];
  readonly test: string;
  readonly testLabels: readonly number[];
  readonly cases: readonly Case[];
}

const golden = JSON.parse(readFileSync(join(packageRoot(), 'test/golden/classical.json'), 'utf8')) as { readonly sets: readonly DataSet[] };

/** Of a probability, at most: solvers that end at their tolerances, one the dual of support vectors at 1e-3. Where trees are drawn, 2000 here and 8000 there. */
const TOLERANCES: { readonly [model: string]: number } = { 'logistic-regression': 1e-4, knn: 1e-6, svm: 5e-3, 'random-forest': 0.06 };
/** Of trees that are drawn, on average. */
const MEAN_TOLERANCE = 0.015;

function flat(base64: string, size: number): FlatImages {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return { count: bytes.length / size, size, bytes };
}

function scaling({ height, width, channels, normalisation }: DataSet, { count, size, bytes }: FlatImages) {
  const source = { count, height, width, channels, labels: new Uint16Array(count), read: (indices: Int32Array, into: Uint8Array) => indices.forEach((index, place) => into.set(bytes.subarray(index * size, (index + 1) * size), place * size)) };
  return scalingOf(fitNormalisation(source, normalisation, Int32Array.from({ length: count }, (_, index) => index)), size);
}

for (const set of golden.sets) {
  describe(`classical models on ${set.name} (${set.normalisation})`, () => {
    const size = set.height * set.width * set.channels;
    const [images, asked] = [flat(set.train, size), flat(set.test, size)];
    for (const { model, knobs, classWeights, probabilities } of set.cases) {
      it(`${model} ${JSON.stringify(knobs)}${classWeights === null ? '' : ' with balanced classes'} has scikit-learn's probabilities`, async () => {
        const problem = { images, labels: Uint16Array.from(set.labels), classes: set.classes, scaling: scaling(set, images), classWeights, knobs, seed: 0, replicate: 0 };
        const fitted = await kindOf(model).fit(problem, { beat: () => undefined });
        const ours = softmaxOf(fitted.predict(asked), set.classes);
        const differences = probabilities.map((expected, index) => Math.abs(ours[index]! - expected));
        const [largest, mean] = [Math.max(...differences), differences.reduce((sum, each) => sum + each, 0) / differences.length];
        assert.ok(largest <= TOLERANCES[model]!, `largest difference ${largest}, mean ${mean}`);
        if (model === 'random-forest') assert.ok(mean <= MEAN_TOLERANCE, `mean difference ${mean}, largest ${largest}`);
      });
    }
  });
}

import assert from 'node:assert/strict';
import type { Engine } from '../../../worker/engine/engine.js';
import { programOf } from '../../../worker/engine/program.js';
import type { Case } from './cases.js';
import { finiteDifferences, logitsOf, lossOf, type Masks, type ReferenceStep, type Weights } from './reference.js';
import { generator, images, range, stepSettings, tensorsOf, training, withTensor } from './support.js';

const BATCH = 4;

/** One step of `engine`: its loss and every parameter's gradient against finite differences in float64. */
export async function checkGradients({ topology, dropout, input }: Case, engine: Engine, masks: Masks): Promise<void> {
  const program = programOf(topology, 'wasm');
  const { classes } = program;
  const source = images(BATCH, input, classes, 11);
  const executable = await engine.compile(topology, training(classes, { maxBatch: BATCH }), source);
  const random = generator(5);
  let state = executable.state();
  const weights: Weights = new Map();
  for (const { name, count } of program.parameters) {
    // Every parameter random, so that a gradient of bias or beta that is ignored shows in the values too.
    const gamma = name.endsWith('gamma') ? 1 : 0;
    const values = Float32Array.from({ length: count }, () => gamma + (random() - 0.5) * 0.8);
    weights.set(name, Float64Array.from(values));
    state = withTensor(state, name, values);
  }
  executable.load(state);
  const classWeights = [0.5, 1.25, 2].slice(0, classes);
  const result = executable.step(range(BATCH), stepSettings({ dropout, classWeights, dropoutSeed: 99 }));
  const bytes = input[0] * input[1] * input[2];
  const step: ReferenceStep = {
    images: [...range(BATCH)].map((n) => Float64Array.from(source.pixels.subarray(n * bytes, (n + 1) * bytes), (v) => Math.fround(v / 255))),
    labels: [...source.labels], classWeights, dropout, dropoutSeed: 99, masks,
  };
  const expected = lossOf(program, weights, step);
  assert.ok(Math.abs(result.loss - expected) < 1e-5 * Math.max(1, expected), `loss ${String(result.loss)}, expected ${String(expected)}`);
  const logits = logitsOf(program, weights, step);
  assert.equal(result.correct, logits.filter((values, n) => values.indexOf(Math.max(...values)) === source.labels[n]).length);
  // After the first step from rest the momentum is the gradient itself.
  const tensors = tensorsOf(executable.state());
  const all = new Map(program.parameters.map(({ name }) => [name, finiteDifferences(program, weights, step, name, 25)]));
  const largest = Math.max(...[...all.values()].flatMap((differences) => [...differences.values()].map(Math.abs)));
  for (const [name, differences] of all) {
    const gradient = tensors.get(`${name}:momentum`)?.values ?? new Float32Array();
    for (const [index, difference] of differences) {
      const found = gradient[index] ?? NaN;
      assert.ok(
        Math.abs(found - difference) < 2e-4 * Math.abs(difference) + 2e-5 * largest,
        `${name}[${String(index)}]: gradient ${String(found)}, finite difference ${String(difference)}`,
      );
    }
  }
  executable.dispose();
}

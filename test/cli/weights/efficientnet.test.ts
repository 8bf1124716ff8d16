/**
 * Real weights: EfficientNet-Lite0 of ImageNet in PyTorch's names, whose logits and features PyTorch computed
 * (reference.json). ../shared/models, or the folder that TRAWL_TEST_MODELS names, has
 * efficientnet-lite0.safetensors, the two images and the reference.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readWeightFile } from '../../../cli/weights/file.js';
import { matched, wantedTensors } from '../../../cli/weights/match.js';
import { namedModel } from '../../../proto/models.js';
import { decodeImage } from '../../../worker/data/decode.js';
import { fitNormalisation } from '../../../worker/data/normalisation.js';
import type { Engine, ImageSource } from '../../../worker/engine/engine.js';
import { createGraphEngine } from '../../../worker/engine/graph/engine.js';
import { stateOf, tensorsIn } from '../../../worker/engine/state.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { usualCut, withoutHead } from '../../../worker/model/transfer.js';
import { buildModel, transferOf } from '../../../worker/model/zoo.js';
import { nativeUnderTest, WITHOUT_NATIVE } from '../../worker/engine/graph/native.js';
import { sharedModels } from '../../support/images.js';
import { range, training } from '../../worker/engine/support.js';

const folder = sharedModels();
const skip = folder === null ? 'no ../shared/models' : false;

interface Reference {
  readonly [image: string]: { readonly top5: readonly (readonly [label: number, logit: number])[]; readonly logits_first10: readonly number[]; readonly logits_mean: number; readonly features_first10: readonly number[]; readonly features_sum: number };
}

const INPUT = { height: 224, width: 224, channels: 3 as const };
const { knobs } = namedModel('efficientnet-lite0');
const choice = { name: 'efficientnet-lite0', knobs: Object.fromEntries(knobs.map((knob) => [knob.name, knob.default])) };
const names = ['china-224.png', 'flower-224.png'];

async function pictures(): Promise<ImageSource> {
  const pixels = await Promise.all(names.map((name) => decodeImage(readFileSync(join(folder ?? '', name)), { ...INPUT, resize: 'stretch' })));
  const bytes = 224 * 224 * 3;
  return { ...INPUT, count: 2, labels: new Uint16Array(2), read: (indices, into) => indices.forEach((index, at) => into.set(pixels[index] ?? [], at * bytes)) };
}

const ENGINES: readonly { readonly name: string; readonly without: string | false; readonly engine: () => Promise<Engine> }[] = [
  { name: 'wasm', without: false, engine: createWasmEngine },
  { name: 'graph', without: WITHOUT_NATIVE, engine: () => createGraphEngine(nativeUnderTest()) },
];

for (const { name, without, engine } of ENGINES) {
  test(`${name}: logits and features of EfficientNet-Lite0 are PyTorch's to 1e-3`, { skip: skip === false ? without : skip }, async () => {
    const reference = JSON.parse(readFileSync(join(folder ?? '', 'reference.json'), 'utf8')) as Reference;
    const file = await readWeightFile(join(folder ?? '', 'efficientnet-lite0.safetensors'));
    const source = await pictures();
    const made = await engine();
    const compile = async (topology: ReturnType<typeof buildModel>, classes: number): Promise<Float32Array> => {
      const given = new Map(matched(wantedTensors(topology), file, choice.name, false).map((found) => (found.kind === 'found' ? [found.tensor.name, found.tensor] : assert.fail(JSON.stringify(found)))));
      const executable = await made.compile(topology, { ...training(classes), maxBatch: 2, normalisation: fitNormalisation(source, 'lite', range(2)) }, source);
      executable.load(stateOf(executable.state(), tensorsIn(executable.state()).map((tensor) => (tensor.name.includes(':') ? tensor : (given.get(tensor.name) ?? assert.fail(tensor.name))))));
      const values = executable.predict(range(2));
      executable.dispose();
      return values;
    };
    const near = (found: number | undefined, expected: number, what: string): void => assert.ok(Math.abs((found ?? NaN) - expected) < 1e-3, `${what}: ${String(found)}, expected ${expected}`);
    const whole = buildModel(choice, INPUT, 1000);
    const logits = await compile(whole, 1000);
    assert.equal(usualCut(whole), 'top_activation');
    const base = withoutHead(transferOf({ ...choice, transfer: { weights: '', cutAt: null, pooling: 'average', hidden: [] } }, INPUT, 2));
    const features = await compile(base, 1280);
    names.forEach((image, index) => {
      const { top5, logits_first10: first, logits_mean: mean, features_first10: begin, features_sum: total } = reference[image] ?? assert.fail(image);
      const own = logits.subarray(1000 * index, 1000 * (index + 1));
      first.forEach((logit, label) => near(own[label], logit, `${image}: logit ${label}`));
      for (const [label, logit] of top5) near(own[label], logit, `${image}: logit ${label}`);
      assert.deepEqual([...own.keys()].sort((a, b) => own[b]! - own[a]!).slice(0, 5), top5.map(([label]) => label));
      near(own.reduce((sum, logit) => sum + logit, 0) / 1000, mean, `${image}: mean logit`);
      const pooled = features.subarray(1280 * index, 1280 * (index + 1));
      begin.forEach((feature, at) => near(pooled[at], feature, `${image}: feature ${at}`));
      // A sum of 1,280 to five digits.
      assert.ok(Math.abs(pooled.reduce((sum, feature) => sum + feature, 0) - total) < 0.05, image);
    });
  });
}

/** The reference, the examples and the JSON Schema say what the code does. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readSweepWithModule } from '../../../cli/module/read-sweep.js';
import { formatMistake, modulePathOf, parseSweepFile, type ParsedSweep } from '../../../coordinator/sweep/parse.js';
import { epochCounts, resolveTrials } from '../../../coordinator/sweep/resolve.js';
import { sweepJsonSchema } from '../../../coordinator/sweep/json-schema.js';
import { ashaFields, hyperbandFields, medianFields } from '../../../coordinator/sweep/schema-search.js';
import { budgetFields, dataFields, ensembleFields, imageFile, imageSpace, programFile, stopFields, syntheticFile } from '../../../coordinator/sweep/schema.js';
import { commandFields, moduleFields } from '../../../coordinator/sweep/schema-program.js';
import { isProposed } from '../../../coordinator/sampler/search.js';
import type { DataSummary } from '../../../coordinator/sweep/spec.js';
import type { WeightsSource } from '../../../proto/pretrained.js';
import { packageRoot } from '../../../proto/package-root.js';
import { MODELS } from '../../../proto/models.js';

const reference = readFileSync(join(packageRoot(), 'docs', 'sweep-file.md'), 'utf8');
const blocks = [...reference.matchAll(/^```(\S+)( wrong)?\n(.*?)^```/gms)].map(([, language = '', wrong, text = '']) => ({ language, wrong: wrong !== undefined, text }));

const data: DataSummary = { manifest: '', digest: 'd', images: 10, classes: ['NORMAL', 'PNEUMONIA'], positive: 1, counts: { train: [3, 3], val: [1, 1], test: [1, 1] }, rejected: [], warnings: [] };

/** As of a file that fits. */
const weights: WeightsSource = { blob: 'w', bytes: 1, names: 'keras' };

function parsed(text: string, file: string): ParsedSweep {
  const result = parseSweepFile(text, file, null, null, null, weights);
  if ('mistakes' in result) assert.fail(result.mistakes.map((mistake) => formatMistake(file, mistake)).join('\n'));
  return result;
}

test('every sweep file in the reference is accepted', () => {
  const sweeps = blocks.filter(({ language, wrong }) => language === 'yaml' && !wrong);
  assert.ok(sweeps.length >= 8, `${sweeps.length} blocks`);
  // What a module builds stands beside its file: an example has one.
  for (const { text } of sweeps.filter((sweep) => modulePathOf(sweep.text) === null)) {
    const { spec } = parsed(text, 'sweep.yaml');
    assert.equal(resolveTrials(spec, data, 'n').length > 0, !isProposed(spec));
  }
});

test('the mistakes in the reference are those that the reader reports', () => {
  const wrong = blocks.findIndex((block) => block.wrong);
  const result = parseSweepFile(blocks[wrong]?.text ?? '', 'sweep.yaml');
  assert.ok('mistakes' in result);
  assert.equal(`${result.mistakes.map((mistake) => formatMistake('sweep.yaml', mistake)).join('\n')}\n`, blocks[wrong + 1]?.text);
});

test('the reference has every key of the schema and every model with its knobs', () => {
  const keys = [imageFile, syntheticFile, programFile, commandFields, moduleFields, dataFields, imageSpace, stopFields, ensembleFields, budgetFields, medianFields, ashaFields, hyperbandFields].flatMap((schema) => Object.keys(schema.shape));
  const names = [...keys, ...MODELS.flatMap((model) => [model.name, ...model.knobs.map((knob) => knob.name)])];
  for (const name of new Set(names)) assert.ok(new RegExp(`\`[^\`\n]*\\b${name}\\b[^\`\n]*\``).test(reference), name);
});

test('every example is accepted', async () => {
  for (const file of readdirSync(join(packageRoot(), 'examples'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'))) {
    const path = join(packageRoot(), 'examples', file);
    const { parsed: result, close } = await readSweepWithModule(readFileSync(path, 'utf8'), file, path);
    await close();
    if ('mistakes' in result) assert.fail(result.mistakes.map((mistake) => formatMistake(file, mistake)).join('\n'));
    const { warnings } = result;
    assert.deepEqual(warnings, [], file);
  }
});

test('the examples cost what their comments say', () => {
  const cost = (file: string): unknown => {
    const plans = resolveTrials(parsed(readFileSync(join(packageRoot(), 'examples', file), 'utf8'), file).spec, data, 'n');
    return { trials: plans.length, ...epochCounts(plans) };
  };
  assert.deepEqual(cost('digits.yaml'), { trials: 24, requested: 72, distinct: 48 });
  assert.deepEqual(cost('chest-xray.yaml'), { trials: 144, requested: 672, distinct: 288 });
});

test('the JSON Schema names the fields that the reader takes', () => {
  const schema = sweepJsonSchema() as { readonly anyOf: readonly { readonly properties: object; readonly required?: readonly string[] }[] };
  assert.deepEqual(schema.anyOf.map(({ properties }) => Object.keys(properties)), [Object.keys(imageFile.shape), Object.keys(syntheticFile.shape), Object.keys(programFile.shape)]);
  assert.deepEqual(schema.anyOf.map(({ required }) => required), [['data'], ['trainable', 'space'], undefined]);
  assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
});

test('the reference is not ahead of what YAML reads', () => {
  for (const { language, text } of blocks) if (language === 'yaml') assert.equal(typeof parse(text), 'object');
});

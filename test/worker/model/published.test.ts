/** Parameters of the zoo's networks against those that studies, papers and other libraries publish. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedModel } from '../../../proto/models.js';
import type { Json } from '../../../proto/work.js';
import { layerTable } from '../../../worker/model/layer-table.js';
import { buildModel } from '../../../worker/model/zoo.js';

interface Published {
  readonly model: string;
  /** What says so. */
  readonly source: string;
  readonly input: readonly [size: number, channels: 1 | 3];
  readonly classes: number;
  readonly head?: 'sigmoid';
  readonly knobs?: { readonly [knob: string]: Json };
  /** With moving statistics. */
  readonly params?: number;
  /** Without them. */
  readonly learnables?: number;
  /** Of the network before the head's pooling. */
  readonly withoutTop?: number;
}

const PUBLISHED: readonly Published[] = [
  { model: 'alexnet', source: 'study C', input: [224, 1], classes: 4, params: 21_574_344 },
  { model: 'lmap3', source: 'study C', input: [224, 1], classes: 4, params: 287_688 },
  { model: 'lmap3', source: 'study C', input: [224, 3], classes: 4, params: 288_272 },
  { model: 'vgg19', source: "study C's base", input: [224, 3], classes: 4, withoutTop: 20_024_384 },
  { model: 'vgg19', source: 'study C', input: [224, 3], classes: 4, knobs: { inputNorm: true }, params: 20_026_448 },
  { model: 'vgg16', source: 'Keras Applications', input: [224, 3], classes: 1000, knobs: { pooling: 'flatten', hidden: [4096, 4096] }, withoutTop: 14_714_688, params: 138_357_544 },
  { model: 'ann', source: 'study D', input: [128, 3], classes: 2, head: 'sigmoid', params: 12_626_741 },
  { model: 'cnn-d', source: 'study D', input: [128, 3], classes: 2, head: 'sigmoid', params: 3_312_961 },
  { model: 'cnn-d', source: "study D's baseline", input: [128, 3], classes: 2, head: 'sigmoid', knobs: { filters: [8], hidden: [8] }, params: 254_257 },
  { model: 'mlp', source: 'study E', input: [64, 1], classes: 10, params: 2_365_450 },
  // No study or library has its count: 320 + 18,496 + 73,856 + 147,584, then 6 * 6 * 128 * 1024 + 1024 and 1024 * 10 + 10.
  { model: 'cnn-e', source: 'its layers, by hand', input: [64, 1], classes: 10, params: 240_256 + 4_719_616 + 10_250 },
  { model: 'resnet18', source: 'torchvision', input: [224, 3], classes: 1000, learnables: 11_689_512 },
  { model: 'resnet50', source: 'Keras Applications', input: [224, 3], classes: 1000, params: 25_636_712, learnables: 25_583_592 },
  { model: 'resnet101', source: 'study D and Keras Applications', input: [128, 3], classes: 2, head: 'sigmoid', withoutTop: 42_658_176 },
];

for (const { model: name, source, input: [size, channels], classes, head, knobs, params, learnables, withoutTop } of PUBLISHED) {
  test(`${name} at ${size} x ${size} x ${channels}${knobs === undefined ? '' : ` with ${JSON.stringify(knobs)}`} has the parameters of ${source}`, () => {
    const defaults = Object.fromEntries(namedModel(name).knobs.map((knob) => [knob.name, knob.default]));
    const table = layerTable(buildModel({ name, knobs: { ...defaults, ...knobs }, ...(head === undefined ? {} : { head }) }, { height: size, width: size, channels }, classes));
    const top = table.findIndex((row) => /^Global|^Flatten$/.test(row.className));
    const total = (rows: typeof table, of: 'params' | 'learnables'): number => rows.reduce((sum, row) => sum + row[of], 0);
    if (params !== undefined) assert.equal(total(table, 'params'), params);
    if (learnables !== undefined) assert.equal(total(table, 'learnables'), learnables);
    if (withoutTop !== undefined) assert.equal(total(table.slice(0, top), 'params'), withoutTop);
  });
}

/** Models that images are too small for, and heads that do not go with the classes, with real processes. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import type { ProgressView } from '../../coordinator/api/views.js';
import { classFolders, temporaryFolder } from '../support/images.js';
import { readDocument } from './run-document.js';
import { trawl } from './trawl.js';

const SPACE = 'batch: 4, epochs: 1, filters: [[2, 2, 2]], hidden: [[4]], head: sigmoid';

it('a trial whose images shrink to nothing is infeasible before it is handed out, naming the layer; the others train', async (t) => {
  const folder = temporaryFolder(t);
  const [file, home] = [join(folder, 'small.yaml'), join(folder, 'home')];
  await classFolders(join(folder, 'images'), ['no', 'yes'], 12);
  writeFileSync(file, `data: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: cnn-d\nspace: {imageSize: [5, 24], ${SPACE}}\n`);
  const { code, stdout, stderr } = await trawl(['run', file, '--home', home, '--json']);
  assert.equal(code, 0, stderr);
  const document = readDocument(stdout);
  const [good, bad] = [24, 5].map((size) => document.trials.find(({ settings }) => settings.imageSize === size));
  assert.deepEqual([good?.state, bad?.state, document.epochs.trained], ['completed', 'infeasible', 1]);
  // 5 px: convolution 3, pool 1, and nothing that a 3 x 3 convolution could stand on.
  const shown = await trawl(['trial', bad?.id ?? '', '--home', home]);
  assert.match(shown.stdout, /layer "conv2d_2": its window of 3 x 3 is larger than its input of 1 x 1; use larger images/);
  // Counted apart from failures, for people and for machines.
  const far = await trawl(['show', 'small', '--home', home]);
  assert.match(far.stdout, /^ {2}1 of 2 trials done, 0 running, 0 waiting, 1 infeasible; 1 of 1 epoch/m);
  const { trials } = JSON.parse((await trawl(['show', 'small', '--home', home, '--json'])).stdout) as ProgressView;
  assert.deepEqual(trials, { total: 2, done: 1, failed: 0, infeasible: 1, cancelled: 0, running: 0, waiting: 0 });
});

it('a sigmoid for three classes, and a dense layer without neurons, are refused at their places with nothing made', async (t) => {
  const folder = temporaryFolder(t);
  const [file, home] = [join(folder, 'head.yaml'), join(folder, 'home')];
  await classFolders(join(folder, 'images'), ['a', 'b', 'c'], 8);
  const refused = async (text: string): Promise<string> => {
    writeFileSync(file, `data: ./images\n${text}\n`);
    const { code, stderr } = await trawl(['run', file, '--home', home]);
    assert.equal(code, 2, stderr);
    assert.equal(existsSync(home), false);
    return stderr;
  };
  assert.match(await refused('space: {head: sigmoid, epochs: 1}'), /head\.yaml:2:15: space\.head: found "sigmoid", expected softmax for 3 classes; a sigmoid tells two classes apart\n/);
  assert.match(await refused('model: resnet18\nspace:\n  hidden: [[], [64, 0]]'), /head\.yaml:4:21: space\.hidden\[1\]\[1\]: found 0, expected a whole number from 1 to 65536/);
});

it('what names no class, and a sigmoid for three, are told beside the other mistakes of the file, with nothing made', async (t) => {
  const folder = temporaryFolder(t);
  const [file, home] = [join(folder, 'many.yaml'), join(folder, 'home')];
  await classFolders(join(folder, 'images'), ['a', 'b', 'c'], 8);
  const refused = async (text: string): Promise<string[]> => {
    writeFileSync(file, text);
    const { code, stderr } = await trawl(['run', file, '--home', home]);
    assert.equal(code, 2, stderr);
    assert.equal(existsSync(home), false);
    return stderr.trimEnd().split('\n').map((line) => line.slice(line.indexOf('many.yaml')));
  };
  const positive = 'many.yaml:1:34: data.positive: found the class "sick", expected one of a, b, c';
  const sigmoid = 'many.yaml:3:9: space.head: found "sigmoid", expected softmax for 3 classes; a sigmoid tells two classes apart';
  const lines = await refused(`data: {path: ./images, positive: sick, channels: purple}\nspace:\n  head: [sigmoid, tanh]\n  batch: 0\n  classWeights: {d: 2}\nobjective: {maximize: 'val.recall[e]'}\n`);
  assert.deepEqual(lines.filter((line) => line.includes('class')), [
    positive,
    sigmoid,
    'many.yaml:5:18: space.classWeights.d: found the class "d", expected one of a, b, c; did you mean a?',
    'many.yaml:6:23: objective.maximize: found the class "e", expected one of a, b, c; did you mean a?',
  ]);
  assert.equal(lines.length, 7, lines.join('\n'));
  // Without others too, both at once.
  assert.deepEqual(await refused('data: {path: ./images, positive: sick}\nspace: {epochs: 1,\n  head: sigmoid}\n'), [positive, sigmoid]);
  // Who cannot be told the classes is told the rest: the pattern that names them is wrong itself.
  assert.deepEqual(await refused("data: {path: ./images, label: '(', positive: sick}\nspace: {head: sigmoid}\n").then((told) => told.map((line) => line.split(' ')[1])), ['data.label:']);
});

it('a sweep of which no trial fits is refused with the layer and the least size, and nothing is made; beside others such trials are marked and counted', async (t) => {
  const folder = temporaryFolder(t);
  const [file, home] = [join(folder, 'small.yaml'), join(folder, 'home')];
  await classFolders(join(folder, 'images'), ['no', 'yes'], 12);
  const sweep = (sizes: string): void => writeFileSync(file, `data: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: lmap3\nspace: {imageSize: ${sizes}, filters: [[4, 4, 4, 4]], hidden: [[8]], epochs: 1}\n`);
  sweep('5');
  for (const words of [['run', file], ['show', file, '--trials'], ['show', file, '--cost']]) {
    const { code, stderr } = await trawl([...words, '--home', home]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /small\.yaml:3:20: space\.imageSize: found 5, too small for lmap3: layer "conv2d_2": its window of 3 x 3 is larger than its input of 1 x 1, expected at least 46\n/);
    assert.equal(existsSync(home), false);
  }
  sweep('[5, 46]');
  const shown = await trawl(['show', file, '--trials', '--home', home]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stderr, /warning: .*1 of 2 trials is infeasible: 5 is too small for lmap3/);
  assert.match(shown.stdout, /#0 +5 +layer "conv2d_2".*\n *#1 +46 *(\n|$)/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gridSize } from '../../../coordinator/sampler/grid.js';
import { formatMistake, parseSweepFile, type ParsedSweep } from '../../../coordinator/sweep/parse.js';
import type { DataSpec, SweepSpec } from '../../../coordinator/sweep/spec.js';

const lines = (text: string, file = 'a.yaml'): string[] => {
  const result = parseSweepFile(text, file);
  return 'mistakes' in result ? result.mistakes.map((mistake) => formatMistake(file, mistake)) : [];
};
const parsed = (text: string, file = 'a.yaml'): ParsedSweep => {
  const result = parseSweepFile(text, file);
  if ('mistakes' in result) assert.fail(result.mistakes.map((mistake) => formatMistake(file, mistake)).join('\n'));
  return result;
};
const spec = (text: string, file = 'a.yaml'): SweepSpec => parsed(text, file).spec;
const axis = (text: string, name: string): unknown => spec(text).axes.find((each) => each.name === name)?.values;
const one = (text: string, ...parts: string[]): void => {
  const found = lines(text);
  assert.equal(found.length, 1, found.join('\n') || 'no mistake');
  for (const part of parts) assert.ok(found[0]?.includes(part), `${found[0]} should have ${part}`);
};

test('a folder alone is one trial of garth-cnn at its published settings', () => {
  assert.deepEqual(spec('data: ./x', 'dir/my sweep.yaml'), {
    format: 1,
    name: 'my sweep',
    trainable: {
      kind: 'image-classifier',
      data: { path: './x', split: null, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: null, channels: 'gray', resize: 'stretch', normalisation: 'zerocenter', maxRejected: 0.1 },
      model: 'garth-cnn',
    },
    axes: [
      { name: 'imageSize', values: [100] },
      { name: 'filters', values: [[8, 16, 49]] },
      { name: 'fcWidth', values: [100] },
      { name: 'batch', values: [30] },
      { name: 'epochs', values: [100] },
      { name: 'lr', values: [{ piecewise: { initial: 0.01, factor: 0.2, every: 5 } }] },
      { name: 'dropout', values: [0.5] },
      { name: 'optimizer', values: ['sgdm'] },
      { name: 'classWeights', values: ['none'] },
    ],
    sampler: 'grid',
    objective: { metric: 'val.auc', direction: 'maximize', floors: {} },
    stop: null,
    pruner: null,
    ensemble: { rule: 'greedy', maxMembers: 10 },
    budget: { trials: null, wallClockMs: null },
    stageTimeoutMs: null,
    seed: 0,
    sharing: true,
  });
});

test('lenet5 brings its own defaults, and space comes first in the order of the file', () => {
  const { axes, trainable } = spec('data: x\nmodel: lenet5\nspace: {lr: [0.1, 0.2], dropout: 0.3}');
  assert.deepEqual(axes.map(({ name, values }) => [name, values.length === 1 ? values[0] : values]), [
    ['lr', [0.1, 0.2]], ['dropout', 0.3], ['imageSize', 28], ['fcWidth', 120], ['batch', 64], ['epochs', 10], ['optimizer', 'adam'], ['classWeights', 'none'],
  ]);
  assert.equal(trainable.kind === 'image-classifier' && trainable.data.normalisation, 'scale');
});

test('every section of a file arrives in the spec', () => {
  const whole = spec(`
name: n
data: {path: p, split: {val: 0.1, test: given, seed: 4}, label: '(l)', perClass: 9, dedupe: true, groupBy: '(a\\d)', positive: B, channels: rgb, resize: pad, normalisation: scale, maxRejected: 0}
sampler: {grid: {order: shuffled}}
objective: {minimize: val.loss, floors: {'val.recall[B]': 0.9}}
stop: {monitor: val.auc, patience: 3, minDelta: 0.01, restoreBest: true}
budget: {trials: 1, wallClock: 1m30s, epochs: 70, slotHours: 0.5, gpuHours: 2, target: 0.25, stagnation: 9}
stageTimeout: 1h2m3s4ms
priority: -2
concurrency: 3
seed: 9
`);
  assert.deepEqual(whole.trainable.kind === 'image-classifier' && whole.trainable.data, {
    path: 'p', split: { val: 0.1, test: 'given', merge: false, seed: 4 }, label: '(l)', labels: null, classes: null, perClass: 9, dedupe: true, groupBy: '(a\\d)', positive: 'B', channels: 'rgb', resize: 'pad', normalisation: 'scale', maxRejected: 0,
  });
  assert.deepEqual(whole.sampler, { grid: { order: 'shuffled', seed: 9 } });
  assert.deepEqual(whole.objective, { metric: 'val.loss', direction: 'minimize', floors: { 'val.recall[B]': 0.9 } });
  assert.deepEqual(whole.stop, { monitor: 'val.auc', direction: 'maximize', patience: 3, minDelta: 0.01, restoreBest: true });
  assert.deepEqual([whole.budget, whole.stageTimeoutMs, whole.seed, whole.name, whole.priority, whole.concurrency], [{ trials: 1, wallClockMs: 90_000, epochs: 70, slotMs: 1_800_000, gpuMs: 7_200_000, target: 0.25, stagnation: 9 }, 3_723_004, 9, 'n', -2, 3]);
});

test('workers names a pool and labels; what is wrong is told at its place', () => {
  assert.deepEqual(spec('data: x\nworkers: {pool: night, labels: {zone: a}}').workers, { pool: 'night', labels: { zone: 'a' } });
  assert.equal(spec('data: x').workers, undefined);
  one('data: x\nworkers: {pool: 3}', '2:17: workers.pool: found 3', 'the name of a pool, 1 to 63 characters without spaces');
  one('data: x\nworkers: {labels: {zone: 1}}', '2:26: workers.labels.zone: found 1', 'the value of a label, 1 to 63 characters without spaces');
  one('data: x\nworkers: {label: {zone: a}}', '2:11: workers.label: found the unknown key "label"', 'one of pool, labels');
});

test('a name is a part of an address: it has 100 characters at most, and none that address another place', () => {
  for (const name of ['.', '..', 'a/b', 'a\\\\b', 'n'.repeat(10_000)]) one(`name: "${name}"\ndata: x`, '1:7: name: found "', 'a name of 1 to 100 characters without / and \\, and not . or ..');
  for (const name of ['...', '.a', '\u202Etxet', '😀', '<img src=x>', 'n'.repeat(100)]) assert.equal(spec(`name: "${name}"\ndata: x`).name, name);
});

test('priority and concurrency are whole numbers; the defaults are those of a sweep that names none', () => {
  assert.deepEqual(spec('data: x\npriority: 0'), spec('data: x'));
  one('data: x\npriority: 1.5', '2:11: priority: found 1.5', 'a whole number from -1000 to 1000');
  one('data: x\nconcurrency: 0', '2:14: concurrency: found 0', 'a whole number of at least 1');
  one('data: x\nmax_concurrent_trials: 2', 'max_concurrent_trials:', 'did you mean concurrency?');
  one('data: x\nbudget: {priority: 2}', 'budget.priority:', 'write priority at the top level');
});

test('an ensemble is wanted unless the file says none, and what it leaves out has defaults', () => {
  assert.deepEqual(spec('data: x\nensemble: {rule: vote}').ensemble, { rule: 'vote', maxMembers: 10 });
  assert.deepEqual(spec('data: x\nensemble: {maxMembers: 3}').ensemble, { rule: 'greedy', maxMembers: 3 });
  assert.equal(spec('data: x\nensemble: none').ensemble, null);
  one('data: x\nensemble: {rule: stacking}', '2:18: ensemble.rule:', 'one of greedy, average, vote');
  one('data: x\nensemble: {maxMembers: 0}', 'ensemble.maxMembers:', 'a whole number from 1 to 100');
});

test('a pruner is a name or a name over its settings, and what it leaves out has defaults', () => {
  const pruner = (text: string): unknown => spec(`data: x\npruner: ${text}`).pruner;
  assert.deepEqual(pruner('median'), { kind: 'median', minEpochs: 1, minTrials: 3, every: 1 });
  assert.deepEqual(pruner('asha'), { kind: 'asha', minEpochs: 1, eta: 3, brackets: 1 });
  assert.deepEqual(pruner('{asha: {eta: 2.5, minEpochs: 2, brackets: 3}}'), { kind: 'asha', minEpochs: 2, eta: 2.5, brackets: 3 });
  assert.deepEqual(pruner('{hyperband: {eta: 4}}'), { kind: 'hyperband', minEpochs: 1, eta: 4 });
  assert.equal(pruner('none'), null);
  one('data: x\npruner: {asha: {eta: 1}}', '2:22: pruner.asha.eta: found 1,', 'a number above 1');
  one('data: x\npruner: {asha: {grace_period: 2}}', 'did you mean minEpochs?');
  one('data: x\npruner: {median: {minEpochs: 0}}', 'pruner.median.minEpochs: found 0,');
  one('data: x\npruner: ashaa', 'pruner: found "ashaa"', 'did you mean asha?');
  one('data: x\nscheduler: asha', 'did you mean pruner?');
});

test('constraints are formulas over numbers that something meets', () => {
  const text = (constraint: string, more = ''): string => `data: x\nspace: {imageSize: [28, 64, 100], batch: [16, 32], optimizer: [sgdm, adam]}\nconstraints: ['${constraint}']\n${more}`;
  assert.deepEqual(spec(text('imageSize * batch <= 2000')).constraints, ['imageSize * batch <= 2000']);
  assert.equal(spec('data: x').constraints, undefined);
  // 64 x 32 and 100 x 32 are above 2,000: 2 of 6, each with two optimizers.
  assert.deepEqual(parsed(text('imageSize * batch <= 2000')).warnings, ['a.yaml:3:14: constraints: 4 of the 12 combinations do not meet them and are left out']);
  assert.deepEqual(parsed(text('dropout < 1')).warnings, [], 'what the model brings can be named');
  one(text('imageSize * batch <='), '3:15: constraints[0]: found "imageSize * batch <="', 'a formula over hyperparameters');
  one(text('imageSize * bach < 9'), 'the name bach', 'did you mean batch?');
  one(text('optimizer == 1'), 'optimizer, which can be "sgdm"', 'hyperparameters that are numbers');
  one(text('process.exit() > 1'), 'constraints[0]:', 'process.exit is not a function; there are abs, ');
  one(text('lr[0] > 1'), 'constraints[0]:', 'dots and brackets stand in names of metrics and settings alone');
  one(text('imageSize * batch < 100'), '3:14: constraints: found constraints that none of 12 combinations meets', 'loosen one of them');
  one(text('imageSize * batch < 100', 'sampler: random\nbudget: {trials: 3}'), 'constraints: found constraints that none of 12 combinations meets');
  one("data: x\nspace: {dropout: {min: 0, max: 0.5}}\nconstraints: ['dropout > 1']\nsampler: random\nbudget: {trials: 3}", 'constraints: found constraints that none of 10,000 settings');
  one(text('imageSize * batch < 100', 'sampler: axes'), 'constraints: found constraints that none of 5 combinations meets');
  one(text('imageSize * batch <= 2000', 'budget: {trials: 7}'), 'budget.trials: found 7 for a grid of 8 trials');
  assert.deepEqual(lines(text('imageSize * batch <= 2000', 'budget: {trials: 8}')), []);
});

test('a space that holds nothing, and a draw from one setting, are mistakes', () => {
  one('data: x\nspace: {}', 'a.yaml:2:8: space: found an empty space, expected at least one hyperparameter; leave space out');
  for (const name of ['random', 'sobol', 'tpe', 'gp']) one(`data: x\nspace: {lr: 0.1, optimizer: {adam: {beta2: [0.9]}}}\nsampler: ${name}\nbudget: {trials: 9}`, `a.yaml:3:10: sampler: found ${name} over a space of one trial`);
  assert.deepEqual(lines('data: x\nspace: {optimizer: {adam: {beta2: [0.9, 0.99]}}}\nsampler: tpe\nbudget: {trials: 9}'), []);
});

test('a sampler that draws takes ranges without points, and needs an end', () => {
  const text = (sampler: string, more = 'budget: {trials: 9}'): string => `data: x\nspace: {lr: {min: 0.001, max: 0.1, scale: log}, fcWidth: {min: 8, max: 64}}\nsampler: ${sampler}\n${more}`;
  for (const name of ['random', 'sobol', 'tpe', 'gp']) {
    assert.deepEqual(spec(text(name)).sampler, { [name]: { seed: 0 } });
    assert.deepEqual(spec(text(`{${name}: {seed: 3}}`, 'budget: {wallClock: 1m}\nseed: 8')).sampler, { [name]: { seed: 3 } });
    assert.deepEqual(spec(text(name, 'budget: {trials: 2}\nseed: 8')).sampler, { [name]: { seed: 8 } });
    one(text(name, ''), `3:10: sampler: found ${name} without an end`, 'budget.trials');
  }
  const { axes } = spec(text('tpe'));
  assert.deepEqual(axes[0], { name: 'lr', values: [0.001, 0.1], range: { min: 0.001, max: 0.1, type: 'float', log: true } });
  assert.deepEqual(axes[1], { name: 'fcWidth', values: [8, 64], range: { min: 8, max: 64, type: 'int', log: false } });
  assert.deepEqual(lines(text('grid')).length, 2, 'a grid needs points');
  assert.deepEqual(lines(text('axes')).length, 2, 'so does axes');
  one('data: x\nspace: {lr: {min: 0, max: 0.1, scale: log}}\nsampler: tpe\nbudget: {trials: 2}', 'space.lr.min: found 0', 'a number above 0');
  one('data: x\nspace: {fcWidth: {min: 1.5, max: 9}}\nsampler: tpe\nbudget: {trials: 2}', 'space.fcWidth.min: found 1.5', 'a whole number');
  one('data: x\nspace: {dropout: {min: 0, max: 1.5}}\nsampler: tpe\nbudget: {trials: 2}', 'space.dropout: found', 'which yields 1.5');
  one('data: x\nsampler: bayesian\nbudget: {trials: 2}', 'did you mean gp?');
});

test('a pruner that judges nobody is warned of', () => {
  const warnings = (text: string): readonly string[] => parsed(`data: x\nspace: {epochs: [3, 9]}\npruner: ${text}`).warnings;
  assert.deepEqual(warnings('{asha: {minEpochs: 8}}'), []);
  assert.deepEqual(warnings('{asha: {minEpochs: 9}}'), ['a.yaml:3:9: pruner: it judges nobody: its first look is after 9 epochs, of trials of at most 9 epochs']);
});

test('given: merge may stand beside split or in it, and alone means the default fractions', () => {
  const split = (text: string): unknown => {
    const { trainable } = spec(text);
    return trainable.kind === 'image-classifier' && trainable.data.split;
  };
  const expected = { val: 0.1, test: 0.2, merge: true, seed: 0 };
  assert.deepEqual(split('data: {path: p, split: {val: 0.1, test: 0.2}, given: merge}'), expected);
  assert.deepEqual(split('data: {path: p, split: {val: 0.1, test: 0.2, given: merge}}'), expected);
  assert.deepEqual(split('data: {path: p, given: merge}'), { val: 0.15, test: 0.15, merge: true, seed: 0 });
  assert.deepEqual(split('data: {path: p, split: {val: 0.1}}'), { val: 0.1, test: null, merge: false, seed: 0 });
});

test('JSON is read as well, with tabs and all', () => {
  assert.deepEqual(spec('{\n\t"data": "x",\n\t"space": {"batch": [16]}\n}', 'a.json'), spec('data: x\nspace: {batch: 16}'));
});

test('formatting, comments, quotes and anchors change nothing', () => {
  const plain = spec('data: {path: x, positive: B}\nspace: {lr: [0.01, {constant: 0.02}], batch: 16}\nseed: 3\n');
  const decorated = spec('# hello\r\nseed: 3 # there\r\n"data":\r\n    positive: "B"\r\n    path: \'x\'\r\nspace:\r\n  lr:\r\n  - &a 1.0e-2\r\n  - constant: 2e-2\r\n  - *a\r\n  batch: 0x10\r\n');
  assert.deepEqual(decorated, plain);
});

test('all mistakes come at once, in order of their lines, each with its place', () => {
  const found = lines('modle: lenet5\nspace:\n  lr: [0.1, -1]\n  epochs: 0\nstop: {patience: 0}\ndata: 3\n');
  assert.deepEqual(found.map((line) => line.split(' ').slice(0, 2).join(' ')), ['a.yaml:1:1: modle:', 'a.yaml:3:13: space.lr[1]:', 'a.yaml:4:11: space.epochs:', 'a.yaml:5:18: stop.patience:', 'a.yaml:6:7: data:']);
});

test('a mistake is one line of a fixed form', () => {
  assert.deepEqual(lines('data: x\nspace: {dropuot: 0.5}', 'my file.yaml'), [
    'my file.yaml:2:9: space.dropuot: found the unknown key "dropuot", expected one of imageSize, batch, accumulate, epochs, lr, dropout, optimizer, classWeights, l2, labelSmoothing, clipNorm, trainFraction, augment, cutAt, freeze, baseLr, unfreezeAt, headPooling, headUnits, head, filters, fcWidth; did you mean dropout?',
  ]);
  assert.ok(lines('data: x\n"a\\nb": "c\\nd"').every((line) => !line.includes('\n')));
});

test('names of other tools get our name', () => {
  const suggestions: readonly (readonly [string, string])[] = [
    ['space: {learning_rate: 0.1}', 'did you mean lr?'],
    ['space: {batch_size: 16}', 'did you mean batch?'],
    ['space: {num_epochs: 16}', 'did you mean epochs?'],
    ['space: {image_size: 16}', 'did you mean imageSize?'],
    ['space: {img_size: 16}', 'did you mean imageSize?'],
    ['space: {hidden_units: 16}', 'did you mean fcWidth?'],
    ['space: {class_weight: balanced}', 'did you mean classWeights?'],
    ['space: {seed: 1}', 'write seed at the top level'],
    ['objective: {maximize: val_auc}', 'did you mean val.auc?'],
    ['objective: {maximize: val_acc}', 'did you mean val.accuracy?'],
    ['objective: {maximize: auc}', 'did you mean val.auc?'],
    ['objective: {maximize: "recall[B]"}', 'did you mean val.recall[B]?'],
    ['stop: {patience: 1, min_delta: 1}', 'did you mean minDelta?'],
    ['stop: {patience: 1, restore_best_weights: true}', 'did you mean restoreBest?'],
    ['budget: {max_trials: 3}', 'did you mean trials?'],
    ['budget: {n_trials: 3}', 'did you mean trials?'],
    ['n_trials: 3', 'write it as budget.trials'],
    ['early_stopping: {patience: 3}', 'did you mean stop?'],
    ['epochs: 3', 'write it as space.epochs'],
    ['patience: 3', 'write it as stop.patience'],
    ['learning_rate: 3', 'write it as space.lr'],
    ['sampler: grdi', 'did you mean grid?'],
    ['model: LeNet-5', 'did you mean lenet5?'],
    ['space: {optimizer: Adam}', 'did you mean adam?'],
    ['space: {lr: {stepdecay: {}}}', 'did you mean piecewise?'],
  ];
  for (const [text, suggestion] of suggestions) one(`data: x\n${text}`, suggestion);
});

test('a budget of nothing, and a target that nothing reaches, are mistakes', () => {
  for (const limit of ['trials', 'wallClock', 'epochs', 'slotHours', 'gpuHours', 'stagnation']) {
    one(`data: x\nbudget: {${limit}: ${limit === 'wallClock' ? '0s' : '0'}}`, `a.yaml:2:`, `budget.${limit}: found `);
  }
  one('data: x\nbudget: {target: 95}', '2:18: budget.target: found 95, expected a number from 0 to 1 for val.auc; 95 % is 0.95');
  one('data: x\nspace: {dropout: {min: 0, max: 0.5}}\nsampler: random\nbudget: {target: 0.9}', '3:10: sampler: found random without an end', 'budget.stagnation');
  assert.deepEqual(spec('data: x\nobjective: {minimize: val.loss}\nbudget: {target: 2}').budget.target, 2);
});

test('replicates are a whole number from 1 to 100, and 1 is what a file without them says', () => {
  for (const wrong of ['0', '101', '1.5', 'three']) one(`data: x\nreplicates: ${wrong}`, `2:13: replicates: found ${wrong === 'three' ? '"three"' : wrong}, expected a whole number from 1 to 100`);
  assert.deepEqual(spec('data: x\nreplicates: 1'), spec('data: x'));
  assert.equal(spec('data: x\nreplicates: 100').replicates, 100);
  one('data: x\nspace: {replicates: 3}', 'write replicates at the top level');
  one('data: x\nrepeats: 3', 'did you mean replicates?');
  one('data: x\nspace: {batch: {min: 1, max: 2000, step: 1}}\nreplicates: 100', '3:13: replicates: found 100 of 2,000 trials, expected at most 100,000 trials in all');
});

test('formulas may name the replicate where the file has replicates, and no hyperparameter is called so then', () => {
  const synthetic = (formula: string, more: string): string => `trainable: {synthetic: {metrics: {a: '${formula}'}}}\n${more}`;
  assert.equal(spec(synthetic('replicate', 'space: {epochs: 1}\nreplicates: 2')).replicates, 2);
  one(synthetic('replicate', 'space: {epochs: 1}'), 'found the name replicate, expected epoch');
  assert.equal(spec(synthetic('replicate', 'space: {epochs: 1, replicate: 3}')).replicates, undefined);
  one(synthetic('epoch', 'space: {epochs: 1, replicate: 3}\nreplicates: 2'), 'space.replicate: found "replicate", expected a name that formulas do not use already');
});

test('what is known but not built yet says so', () => {
  for (const text of [
    'explain: {}',
    'space: {optimizer: nadam}', 'space: {momentum: 0.9}',
  ]) {
    one(`data: x\n${text}`, 'known but not built yet');
  }
});

test('broken YAML has a place and a reason', () => {
  one('data: x\n\tspace: y', 'a.yaml:2:1: file:', 'a tab', 'spaces');
  one('data: x\ndata: y', 'a.yaml:2:1: data:', 'each key once');
  one('data: "x', 'a.yaml:1:', 'expected YAML');
  one('data: [1', 'a.yaml:1:', 'expected YAML');
  one('data: *x', 'a.yaml:1:7: file: found *x');
  one('data: x\n---\ndata: y', 'a.yaml:2:1: file: found a second document');
  one('data: x\nname: !foo 3', 'a.yaml:2:', 'tag');
});

test('an empty file, a comment, a list and a scalar are no sweep', () => {
  for (const text of ['', '# nothing\n', '- data', 'data', '3', 'null', '{}']) one(text, 'a.yaml:1:1:', 'expected a');
});

test('a file that unfolds without end is refused', () => {
  const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`).join('\n')}`;
  assert.ok(lines(bomb).some((line) => line.includes('too many aliases')));
});

test('keys with nothing after them are mistakes at the key', () => {
  one('data: x\nspace:\n  batch:\n', 'a.yaml:3:3: space.batch: found nothing');
  one('data: x\nspace:\n', 'a.yaml:2:1: space: found nothing');
});

test('ranges and types are checked without a model', () => {
  for (const [text, ...parts] of [
    ['dropout: 1', '2:18: space.dropout: found 1'],
    ['dropout: -0.1', 'space.dropout'],
    ['batch: 0', 'space.batch'],
    ['batch: 1.5', 'space.batch: found 1.5, expected a whole number'],
    ['epochs: 0', 'space.epochs'],
    ['imageSize: 0', 'space.imageSize'],
    ['lr: 0', 'space.lr'],
    ['lr: -1', 'space.lr'],
    ['lr: 1e-60', 'float32'],
    ['lr: .inf', 'space.lr'],
    ['lr: []', 'at least one value'],
    ['lr: {piecewise: {initial: 0.1, factor: 0, every: 5}}', 'space.lr.piecewise.factor'],
    ['lr: {cosine: {}}', 'space.lr.cosine.initial'],
    ['optimizer: {sgdm: {momentum: 1}}', 'space.optimizer.sgdm.momentum'],
    ['classWeights: {A: 0}', 'space.classWeights.A'],
    ['filters: [8, 16, 49]', 'such as [[8,16,49]]'],
    ['filters: [[8, 16]]', 'space.filters[0]'],
    ['filters: [[8, 16, 0]]', 'space.filters[0][2]'],
    ['filters: 8', 'such as [[8,16,49]]'],
    ['fcWidth: -1', 'space.fcWidth'],
    ['batch: [{from: 1, to: 2, step: 0.5}]', 'which yields 1.5'],
    ['batch: [{from: 1, to: 2, step: 0}]', 'space.batch[0].step'],
    ['batch: [{from: 1, to: 2}]', 'space.batch[0].step: found nothing'],
    ['batch: {from: 1, to: 2, step: 1}', 'space.batch: found {"from":1,"to":2,"step":1}', '{from, to, step} in a list'],
    ['batch: {min: 1, max: 2}', 'points or step'],
    ['batch: true', 'space.batch: found true'],
    ['batch: {a: 1}', 'space.batch: found {"a":1}'],
  ] as const) {
    one(`data: x\nspace: {${text}}`, ...parts);
  }
});

test('a model holds its knobs and image size to its own bounds', () => {
  one('data: x\nmodel: lenet5\nspace: {filters: [[8, 16, 49]]}', 'space.filters: found filters for lenet5', 'garth-cnn, cnn and ', ' other models have it');
  one('data: x\nspace: {batchNorm: false}', 'only cnn and inception have it');
  one('data: x\nmodel: lenet5\nspace: {fcWidth: [0, 10]}', 'found 0, expected a whole number from 1 to 65536 for lenet5');
  one('data: x\nspace: {imageSize: 3}', 'found 3, expected at least 4 for garth-cnn');
});

test('several objectives are a list; limits stand in any of them, and costs may be objectives and limits', () => {
  const { objective } = spec(`data: x
objective:
  - {maximize: 'val.specificityAtSensitivity[0.95, B]', floors: {'val.recall[B]': 0.9}}
  - {minimize: cost.msPerImage, ceilings: {cost.bytes: 4000000}}`);
  assert.deepEqual(objective, { metric: 'val.specificityAtSensitivity[0.95, B]', direction: 'maximize', others: [{ metric: 'cost.msPerImage', direction: 'minimize' }], floors: { 'val.recall[B]': 0.9 }, ceilings: { 'cost.bytes': 4_000_000 } });
  assert.deepEqual(spec('data: x\nobjective: [{maximize: val.f1}]').objective, spec('data: x\nobjective: {maximize: val.f1}').objective);
});

test('mistakes in objectives have their places', () => {
  one('data: x\nobjective: [{maximize: val.auc}, {minimize: cost.byte}]', '2:45: objective[1].minimize: found "cost.byte"', 'did you mean cost.bytes?');
  one('data: x\nobjective: [{maximize: val.auc}, {minimize: val.auc}]', 'objective[1].minimize: found val.auc twice');
  one('data: x\nobjective: {maximize: val.specificityAtSensitivity}', 'expected a level from 0.01 to 1', 'val.specificityAtSensitivity[0.95, CLASS]');
  one('data: x\nobjective: {maximize: val.auc, ceilings: {cost.bytes: 0}}', 'found 0, expected a number above 0');
  one('data: x\nobjective: {maximize: val.auc, ceilings: {val.loss: 1, val.recall: 95}}', 'found 95, expected a number from 0 to 1; 95 % is 0.95');
  one('data: x\nobjective: []', 'at least one objective');
  one('data: x\nobjective: [{minimize: cost.bytes}, {maximize: val.auc}]\npruner: asha', '3:9: pruner: found a pruner that judges by cost.bytes', 'put the cost second');
  one('data: x\nstop: {monitor: cost.bytes, patience: 2}', 'stop.monitor: found "cost.bytes"');
});

test('fractions must leave something to train on', () => {
  one('data: {path: x, split: {val: 0.6, test: 0.4}}', 'found 0.6 + 0.4 = 1', 'less than 1');
  one('data: {path: x, split: {val: 1, test: given}}', 'data.split.val: found 1');
  one('data: {path: x, split: {val: given, test: 0.2}, given: merge}', 'data.split.val: found given beside given: merge');
});

test('groupBy must be a regular expression with a capture', () => {
  one("data: {path: x, groupBy: 'person\\d+'}", 'expected a capture');
  one("data: {path: x, groupBy: '(person'}", 'expected a regular expression');
  one("data: {path: x, groupBy: '(?:person)'}", 'expected a capture');
});

test('a grid larger than its budget is refused with both numbers and the way to cut it', () => {
  one('data: x\nspace: {batch: [1, 2, 3], lr: [0.1, 0.2]}\nbudget: {trials: 5}', '3:18: budget.trials:', '5', '6', 'sampler: {grid: {order: shuffled}}');
  assert.deepEqual(spec('data: x\nspace: {batch: [1, 2, 3]}\nbudget: {trials: 3}').budget, { trials: 3, wallClockMs: null });
  assert.deepEqual(spec('data: x\nspace: {batch: [1, 2, 3]}\nbudget: {trials: 2}\nsampler: {grid: {order: shuffled}}').budget, { trials: 2, wallClockMs: null });
});

test('a grid of more than 10,000 trials must be meant', () => {
  const space = 'data: x\nspace: {batch: {min: 1, max: 60000, step: 5}}';
  one(space, 'a grid of 12,001 trials', 'write budget: {trials: 12001} if you mean it');
  assert.equal(spec(`${space}\nbudget: {trials: 20000}`).budget.trials, 20_000);
});

test('values with the same meaning are one value', () => {
  assert.deepEqual(axis('data: x\nspace: {lr: [0.1, {constant: 0.1}, 0.1]}', 'lr'), [0.1]);
  assert.deepEqual(axis('data: x\nspace: {optimizer: [sgdm, {sgdm: {momentum: 0.9}}, {sgdm: {}}, adam]}', 'optimizer'), ['sgdm', 'adam']);
});

test('synthetic takes any hyperparameters, and its objective is its first metric', () => {
  const { axes, objective, trainable, stop } = spec('trainable: {synthetic: {metrics: {regret: x + epoch, b: 1}}}\nspace: {x: [{from: 0, to: 1, step: 0.5}], s: [a, true], epochs: [1, 2]}\nstop: {patience: 2}');
  assert.deepEqual(axes, [{ name: 'x', values: [0, 0.5, 1] }, { name: 's', values: ['a', true] }, { name: 'epochs', values: [1, 2] }]);
  assert.deepEqual(objective, { metric: 'regret', direction: 'minimize', floors: {} });
  assert.deepEqual(stop?.monitor, 'regret');
  assert.deepEqual(trainable, { kind: 'synthetic', epochMs: 0, metrics: { regret: 'x + epoch', b: '1' } });
});

test('formulas of synthetic are checked against the space', () => {
  const file = (formula: string, space = 'x: 1'): string => `trainable: {synthetic: {metrics: {a: '${formula}'}}}\nspace: {${space}, epochs: 3}`;
  one(file('y'), 'found the name y, expected one of epoch, x');
  one(file('epochs'), 'an epoch cannot depend on how many follow it');
  one(file('exp('), 'trainable.synthetic.metrics.a', 'expected a formula');
  one(file('x', 'x: [1, b]'), 'x, which can be "b"');
  one(file('epoch', 'exp: 1'), 'space.exp');
  one(file('epoch', 'a-b: 1'), 'write a_b');
  one('trainable: {synthetic: {metrics: {}}}\nspace: {epochs: 3}', 'at least one metric');
  one('trainable: {synthetic: {metrics: {a: 1}}}\nspace: {x: 3}', 'space.epochs: found nothing');
  one('trainable: {synthetic: {metrics: {a: 1}}}\nspace: {epochs: 3}\nobjective: {maximize: b}', 'expected a');
  one('trainable: {synthetic: {metrics: {a: 1}}}\nspace: {epochs: 3}\ndata: x', 'in the place of data');
});

test('a cosine that ends before the trial does is warned of', () => {
  const { warnings } = parsed('data: x\nspace: {epochs: [2, 10], lr: {cosine: {initial: 0.1, epochs: 5}}}');
  assert.deepEqual(warnings, ['a.yaml:2:30: space.lr: its cosine ends after 5 epochs and stays at 0, so that nothing is learnt in epochs 5 to 9']);
  assert.deepEqual(parsed('data: x\nspace: {epochs: [2, 5], lr: {cosine: {initial: 0.1, epochs: 5}}}').warnings, []);
});

test('no text makes the reader throw, and every mistake is one line with a place', () => {
  const keys = fc.constantFrom('data', 'model', 'space', 'lr', 'batch', 'epochs', 'stop', 'from', 'to', 'step', 'min', 'max', 'points', 'piecewise', 'trainable', 'synthetic', 'metrics', '__proto__', 'constructor', 'a b');
  const leaf = fc.oneof(fc.integer({ min: -3, max: 40 }), fc.double(), fc.constantFrom('x', '', null, true, 'given', 'lenet5', 'grid', '1/0'));
  const tree = fc.letrec((tie) => ({
    node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('node'), { maxLength: 3 }), fc.dictionary(keys, tie('node'), { maxKeys: 4 })),
  })).node;
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(keys, tree, { maxKeys: 6 }).map((value) => JSON.stringify(value)), fc.string()), (text) => {
      for (const line of lines(text)) assert.match(line, /^a\.yaml:\d+:\d+: [^\n]+: found [^\n]+, expected [^\n]+$/);
    }),
    { numRuns: 500 },
  );
});

test('knobs of training and augmentation are checked field by field', () => {
  const axes = (text: string) => Object.fromEntries(spec(`data: x\nspace: ${text}`).axes.map(({ name, values }) => [name, values]));
  assert.deepEqual(axes('{clipNorm: [null, 1.5]}').clipNorm, [null, 1.5]);
  assert.deepEqual(axes('{augment: [null, {rotation: 40, shift: [0.2, 0.1]}, {fill: wrap}]}').augment, [null, { rotation: 40, shift: [0.2, 0.1] }]);
  assert.deepEqual(axes('{lr: {warmup: {epochs: 2, to: {steps: [[0, 0.1], [5, 0.01]]}}}}').lr, [{ warmup: { epochs: 2, to: { steps: [[0, 0.1], [5, 0.01]] } } }]);
  one('data: x\nspace: {weight_decay: 0.01}', 'did you mean l2?');
  one('data: x\nspace: {gradient_clip: 1}', 'did you mean clipNorm?');
  one('data: x\nspace: {label_smoothing: 1}', 'did you mean labelSmoothing?');
  one('data: x\nspace: {labelSmoothing: 1}', 'found 1, expected a number from 0 to below 1');
  one('data: x\nspace: {trainFraction: [0, 1]}', 'space.trainFraction[0]: found 0, expected a number above 0 and up to 1');
  one('data: x\nspace: {clipNorm: 0}', 'space.clipNorm: found 0, expected a number above 0');
  one('data: {path: x, augmentation: {flip: horizontal}}', 'write it as space.augment');
  one('data: x\nspace: {augment: {rotation_range: 10}}', 'did you mean rotation?');
  one('data: x\nspace: {augment: {rotation: 200}}', 'space.augment.rotation: found 200, expected a number from 0 to 180');
  one('data: x\nspace: {augment: {fill: mirror}}', 'space.augment.fill: found "mirror", expected one of nearest');
  one('data: x\nspace: {lr: {steps: [[1, 0.1]]}}', 'expected a list of [epoch, rate], the first at epoch 0');
  one('data: x\nspace: {lr: {warmup: {epochs: 2, to: {warmup: {epochs: 1, to: 0.1}}}}}', 'space.lr.warmup.to');
  one('data: x\nmodel: cnn\nspace: {pooling: avg}', 'did you mean average?');
  one('data: x\nmodel: cnn\nspace: {filters: [[8, 16, 49]]}', 'expected a whole number from 1 to 1024 for cnn');
  one('data: x\nmodel: mlp\nspace: {hidden: [64, 32]}', 'found [64,32], expected a list of lists such as [[512,512]]');
});

test('a batch has at least one image for each part that it is accumulated over', () => {
  assert.deepEqual(axis('data: x\nspace: {batch: [8, 16], accumulate: [1, 8]}', 'accumulate'), [1, 8]);
  one('data: x\nspace: {batch: [8, 16], accumulate: [1, 9]}', 'a.yaml:2:37: space.accumulate: found 9, expected at most the smallest batch, 8; a part has at least one image');
  one('data: x\nspace: {accumulate: 31}', 'space.accumulate: found 31, expected at most the smallest batch, 30');
  one('data: x\nspace: {accumulate: 0}', 'space.accumulate: found 0, expected a whole number from 1 to 65536');
  one('data: x\nspace: {gradient_accumulation_steps: 2}', 'did you mean accumulate?');
});

test('every optimizer is written by its name, or over the parameters that differ', () => {
  const written = '[sgd, sgdm, nesterov, rmsprop, adam, adamw, {nesterov: {momentum: 0.9}}, {rmsprop: {rho: 0.8}}, {adamw: {weightDecay: 0.1}}]';
  assert.deepEqual(axis(`data: x\nspace: {optimizer: ${written}}`, 'optimizer'), [
    'sgd', 'sgdm', 'nesterov', 'rmsprop', 'adam', 'adamw',
    { rmsprop: { rho: 0.8 } }, { adamw: { weightDecay: 0.1 } },
  ]);
  one('data: x\nspace: {optimizer: {adamw: {weightDecay: -1}}}', 'expected a number of at least 0');
});

test('a mistake in one field of a section hides none in another', () => {
  assert.deepEqual(lines('data: x\nstop: {monitor: val_loss, patience: 0}'), [
    'a.yaml:2:17: stop.monitor: found "val_loss", expected one of train.loss, train.accuracy, val.loss, val.accuracy, val.auc, val.precision, val.recall, val.specificity, val.f1, val.specificityAtSensitivity[0.95], val.sensitivityAtSpecificity[0.95]; did you mean val.loss?',
    'a.yaml:2:37: stop.patience: found 0, expected a whole number of at least 1',
  ]);
  assert.equal(lines("data: {path: x, channels: cmyk, groupBy: 'person', split: {val: 0.6, test: 0.5}}\nobjective: {maximize: auc, floors: {val.rcall: high}}").length, 6);
});

test('a floor that no trial can meet is a mistake', () => {
  one('data: x\nobjective:\n  maximize: val.auc\n  floors: {"val.recall[A]": 95}', "a.yaml:4:29: objective.floors['val.recall[A]']: found 95, expected a number from 0 to 1; 95 % is 0.95");
  for (const metric of ['val.auc', 'val.accuracy', 'train.accuracy', 'val.recall', 'val.precision', 'val.specificity', 'val.f1']) {
    one(`data: x\nobjective: {maximize: val.auc, floors: {${metric}: -0.1}}`, 'found -0.1, expected a number from 0 to 1');
    assert.deepEqual(lines(`data: x\nobjective: {maximize: val.auc, floors: {${metric}: 1}}`), []);
  }
  assert.deepEqual(lines('data: x\nobjective: {minimize: val.loss, floors: {train.loss: 2}}'), []);
});

test('two goals are one mistake without advice', () => {
  one('data: x\nobjective: {maximize: val.auc, minimize: val.loss}', 'a.yaml:2:32: objective.minimize: found both maximize and minimize, expected one of them');
  assert.ok(lines('data: x\nobjective: {maximize: val.auc, minimize: val.loss}')[0]?.endsWith('one of them'));
});

test('a cycle that ends before the trial does is warned of', () => {
  const { warnings } = parsed('data: x\nspace: {epochs: [2, 10], lr: {oneCycle: {peak: 0.1, epochs: 5}}}');
  assert.deepEqual(warnings, ['a.yaml:2:30: space.lr: its cycle ends after 5 epochs and stays at its last rate, which is next to nothing, so that nothing is learnt in epochs 5 to 9']);
  assert.deepEqual(parsed('data: x\nspace: {epochs: 10, lr: {oneCycle: {peak: 0.1, epochs: 5, final: 0.01}}}').warnings, []);
});

test('an average of weights is a setting of any optimizer, and one that keeps nothing is none', () => {
  one('data: x\nspace: {optimizer: {adam: {use_ema: 0.9}}}', 'did you mean ema?');
  one('data: x\nspace: {optimizer: {sgd: {ema: 1}}}', 'space.optimizer.sgd.ema: found 1, expected a number from 0 to below 1');
  assert.deepEqual(spec('data: x\nspace: {optimizer: [adam, {adam: {ema: 0}}, {adam: {ema: 0.9}}]}').axes[0]?.values, ['adam', { adam: { ema: 0.9 } }]);
});

test('a region is told from its upper left corner, and lies in the image', () => {
  assert.deepEqual((spec('data: {path: x, crop: {box: [0.7, 0.1, 0.3, 0.9]}}').trainable as { data: DataSpec }).data.crop, { box: [0.7, 0.1, 0.3, 0.9] });
  one('data: {path: x, crop: {box: [0.5, 0, 0.6, 1]}}', 'data.crop.box: found [0.5,0,0.6,1], expected [x, y, width, height] as shares of the image');
  one('data: {path: x, crop: {box: [0, 0, 0, 1]}}', 'data.crop.box: found [0,0,0,1], expected');
  one('data: {path: x, crop: {box: [10, 10, 200, 200]}}', 'expected [x, y, width, height] as shares');
  assert.deepEqual((spec('data: {path: x, crop: {masks: ./masks}}').trainable as { data: DataSpec }).data.crop, { masks: './masks', margin: 0 });
  one('data: {path: x, crop: {masks: ./masks, margin: 5}}', 'data.crop.margin: found 5, expected a share from 0 to 1 of the sides of what is cut out');
  one('data: {path: x, crop: {margin: 0.1}}', 'data.crop.masks: found nothing, expected a folder of masks');
  one('data: {path: x, crop: {masks: ./masks, box: [0, 0, 1, 1]}}', 'found both a box and masks, expected one of them');
  one('data: {path: x, crop: {masks: ./masks, padding: 0.1}}', 'expected one of masks, margin');
  one('data: {path: x, crop: {mask: ./masks}}', 'did you mean masks?');
  one('data: {path: x, roi: {box: [0, 0, 1, 1]}}', 'did you mean crop?');
});

test('what only learning rates may be, other tools call otherwise', () => {
  one('data: x\nspace: {lr: {OneCycleLR: {peak: 0.1}}}', 'did you mean oneCycle?');
  one('data: x\nspace: {lr: {oneCycle: {max_lr: 0.1}}}', 'did you mean peak?');
  one('data: x\nspace: {lr: {ReduceLROnPlateau: {initial: 0.1}}}', 'did you mean plateau?');
  one('data: x\nspace: {lr: {plateau: {initial: 0.1, min_lr: 0.001}}}', 'did you mean final?');
  one('data: x\nspace: {lr: {plateau: {initial: 0.1, monitor: val_loss}}}', 'did you mean val.loss?');
  one('data: x\nspace: {lr: {plateau: {initial: 0.1, factor: 1}}}', 'space.lr.plateau.factor: found 1, expected a number above 0 and below 1');
  one('data: x\nspace: {lr: {cosineRestarts: {initial: 0.1, T_0: 4}}}', 'did you mean every?');
});

test("another tool's step schedule is led to ours", () => {
  for (const lr of ['[{step: {gamma: 0.1}}]', '{step: 5}', '[0.1, {step: 5}]']) one(`data: x\nspace: {lr: ${lr}}`, 'found {"step":', 'piecewise', 'steps:');
});

test('a key indented too far is one line that says where it belongs', () => {
  for (const [indent, column] of [['   ', 4], ['    ', 5]] as const) {
    assert.deepEqual(lines(`data:\n  path: ./x\n${indent}split: {val: 0.1}\n  positive: A\nmodel: lenet5\n`), [
      `a.yaml:3:${column}: file: found split indented deeper than its neighbours, expected it in column 3; align it with path above it`,
    ]);
    one(`data:\n  path: ./x\n${indent}split:\n${indent}  val: 0.1\n${indent}positive: A\n`, 'found split indented deeper');
  }
});

test('a duplicate key says which field it is', () => {
  one('data: x\nspace:\n  lr: 0.1\n  lr: 0.2\n', 'a.yaml:4:3: space.lr: found the same key again');
  one('data: x\nspace: {lr: [{constant: 1, constant: 2}]}', 'space.lr[0].constant: found the same key again');
});

test('a picture is no sweep file', () => {
  assert.deepEqual(lines('\uFFFD\uFFFD\uFFFD\uFFFD\0\x10JFIF\0\x01: {\n - x'), ['a.yaml:1:1: file: found a binary file, expected a sweep file']);
});

test('a list or a range inside a choice is an axis of its own, called by its place', () => {
  const { axes } = spec('data: x\nspace:\n  optimizer: [sgdm, {adam: {beta2: [0.99, 0.999], epsilon: 1e-7}}]\n  lr: [0.1, {cosine: {initial: {min: 0.001, max: 0.1, scale: log}, epochs: 20}}, {warmup: {epochs: [1, 2], to: [0.1, {piecewise: {initial: 0.1, factor: 0.2, every: [5, 10]}}]}}]\nsampler: random\nbudget: {trials: 9}');
  assert.deepEqual(axes.slice(0, 7), [
    { name: 'optimizer', values: ['sgdm', { adam: { beta2: 0.99, epsilon: 1e-7 } }] },
    { name: 'optimizer.adam.beta2', values: [0.99, 0.999], when: { axis: 'optimizer', value: 1, path: ['adam', 'beta2'] } },
    { name: 'lr', values: [0.1, { cosine: { initial: 0.001, epochs: 20 } }, { warmup: { epochs: 1, to: 0.1 } }] },
    { name: 'lr.cosine.initial', values: [0.001, 0.1], range: { min: 0.001, max: 0.1, type: 'float', log: true }, when: { axis: 'lr', value: 1, path: ['cosine', 'initial'] } },
    { name: 'lr.warmup.epochs', values: [1, 2], when: { axis: 'lr', value: 2, path: ['warmup', 'epochs'] } },
    { name: 'lr.warmup.to', values: [0.1, { piecewise: { initial: 0.1, factor: 0.2, every: 5 } }], when: { axis: 'lr', value: 2, path: ['warmup', 'to'] } },
    { name: 'lr.warmup.to.piecewise.every', values: [5, 10], when: { axis: 'lr.warmup.to', value: 1, path: ['piecewise', 'every'] } },
  ]);
  assert.deepEqual(axis('data: x\nspace: {augment: [null, {rotation: [5, 10], shift: [0.1, 0.2], flip: [none, both]}]}', 'augment.rotation'), [5, 10]);
  assert.deepEqual(axis('data: x\nspace: {classWeights: [{A: [1, 2]}]}', 'classWeights.A'), [1, 2]);
  // What yields one value is fixed, and what another item yields too is dropped.
  assert.deepEqual(spec('data: x\nspace: {optimizer: [adam, {adam: {beta2: [0.999, 0.9]}}, {sgdm: {momentum: [0.5]}}]}').axes.slice(0, 2), [
    { name: 'optimizer', values: [{ adam: { beta2: 0.999 } }, { sgdm: { momentum: 0.5 } }] },
    { name: 'optimizer.adam.beta2', values: [0.999, 0.9], when: { axis: 'optimizer', value: 0, path: ['adam', 'beta2'] } },
  ]);
  assert.deepEqual(spec('data: x\nspace: {optimizer: [{adam: {beta1: 0.8, beta2: [0.9, 0.99]}}, {adam: {beta2: [0.9, 0.99]}}]}').axes.slice(1, 3).map(({ name }) => name), ['optimizer.adam.beta2', 'optimizer[1].adam.beta2']);
});

test('mistakes inside a choice have their place there', () => {
  one('data: x\nspace: {optimizer: [sgdm, {adam: {beta2: [0.9, 1.5]}}]}', 'a.yaml:2:48: space.optimizer[1].adam.beta2[1]: found 1.5, expected a number from 0 to below 1');
  one('data: x\nspace: {optimizer: {adam: {beta3: [0.9]}}}', 'space.optimizer.adam.beta3: found the unknown key "beta3"');
  one('data: x\nspace: {optimizer: {sgdm: {momentum: {min: 0.5, max: 0.9}}}}', 'space.optimizer.sgdm.momentum: found a range from 0.5 to 0.9, expected points or step in it');
  one('data: x\nspace: {optimizer: {sgdm: {momentum: {min: 0.5, max: 1.5, points: 2}}}}', 'space.optimizer.sgdm.momentum: found {"min":0.5,"max":1.5,"points":2}, which yields 1.5, expected a number from 0 to below 1');
  one('data: x\nspace: {lr: {cosine: {initial: {min: 0, max: 0.1, scale: log, points: 3}}}}', 'space.lr.cosine.initial.min: found 0, expected a number above 0; a log scale has no zero');
  one('data: x\nspace: {lr: [{piecewise: {initial: 0.1, factor: 0.5, every: [1, 2.5]}}]}', 'space.lr[0].piecewise.every[1]: found 2.5, expected a whole number of at least 1');
  one('data: x\nspace: {lr: {cosine: {initial: []}}}', 'space.lr.cosine.initial: found [], expected at least one value');
  one('data: x\nspace: {optimizer: [{adam: {beta2: [0.9, 0.99]}}, {adam: {beta2: [0.9, 0.95]}}]}', 'space.optimizer[1]: found {"adam":{"beta2":0.9}} again, as in item 0, expected each setting once');
  one('data: x\nspace: {lr: {exponential: {initial: 0.1, factor: [0.9, 1e30]}}, epochs: 20}', 'space.lr: found {"exponential":{"initial":0.1,"factor":1e+30}}, which is too large a number in epoch 19 of 20');
});

test('a choice with settings of its own may stand in any hyperparameter of synthetic, and formulas name them by their place', () => {
  const text = (formula: string): string => `trainable: {synthetic: {metrics: {m: '${formula}'}}}\nspace: {epochs: 1, kernel: [rbf, {poly: {degree: [2, 3], kind: [a, b]}}], lr: [{cosine: {initial: [0.1, 0.2]}}]}`;
  assert.equal(gridSize(spec(text('kernel == "poly" ? kernel.poly.degree : lr')).axes), 10);
  one(text('kernel == "plo" ? 1 : 2'), 'found the text "plo", which kernel never is, expected one of rbf, poly; did you mean poly?');
  one(text('kernel.poly.degre + 1'), 'found the name kernel.poly.degre, expected one of epoch, kernel.poly.degree, lr; did you mean kernel.poly.degree?');
  one(text('kernel + 1'), 'found kernel, which can be "rbf", expected hyperparameters that are numbers; ask for a text with kernel == "rbf"');
  one(text('process.env.HOME'), 'a.yaml:1:38: trainable.synthetic.metrics.m: found the name process.env.HOME, expected one of');
  one(text('lr.cosine.initial'), 'found the name lr.cosine.initial');
  one('trainable: {synthetic: {metrics: {m: 1}}}\nspace: {epochs: 1, kernel: {poly: {degree: 2}, rbf: {width: 1}}}', 'space.kernel');
});

test('constraints speak of conditional hyperparameters where they exist, and of choices by their names', () => {
  const text = (constraint: string): string => `data: x\nspace: {optimizer: [sgdm, {adam: {beta2: [0.9, 0.999]}}], lr: [0.1, {cosine: {initial: 0.1}}], clipNorm: [null, 1]}\nconstraints: ['${constraint}']`;
  const left = (constraint: string): string => parsed(text(constraint)).warnings[0] ?? '';
  // 3 optimizers x 2 rates x 2 norms.
  assert.match(left('optimizer.adam.beta2 < 0.95'), /4 of the 12 combinations/);
  assert.match(left('optimizer == "adam"'), /4 of the 12/);
  assert.match(left('optimizer == "adam" && optimizer.adam.beta2 > 0.95'), /8 of the 12/);
  assert.match(left('lr == "cosine" || lr > 1'), /6 of the 12/);
  assert.equal(left('clipNorm > 0.5'), '');
  one(text('optimizer == "adm"'), 'constraints[0]: found the text "adm", which optimizer never is, expected one of sgdm, adam; did you mean adam?');
  one(text('batch == "adam"'), 'constraints[0]: found batch before the text "adam", expected one of optimizer, lr, classWeights');
  one(text('lr < 1'), 'found lr, which can be {"cosine":{"initial":0.1}}, expected hyperparameters that are numbers; ask for a text with lr == "cosine"');
  one(text('process.env.HOME > 1'), 'a.yaml:3:15: constraints[0]: found the name process.env.HOME, expected one of');
});

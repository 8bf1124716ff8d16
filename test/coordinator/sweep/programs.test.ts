import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMistake, parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { epochCounts, resolveTrials, UnresolvableSweep } from '../../../coordinator/sweep/resolve.js';
import type { SweepSpec, TrialPlan } from '../../../coordinator/sweep/spec.js';
import type { ProgramSource } from '../../../proto/program.js';
import { variableOf } from '../../../proto/program.js';
import type { SyntheticEpochSettings } from '../../../proto/work.js';

const SOURCE: ProgramSource = { blob: 'c'.repeat(64), bytes: 10 };
const OBJECTIVE = 'objective: {minimize: val.loss}\n';

function spec(text: string, source: ProgramSource | null = SOURCE): SweepSpec {
  const result = parseSweepFile(text, 'a.yaml', null, null, source);
  if ('mistakes' in result) assert.fail(result.mistakes.map((mistake) => formatMistake('a.yaml', mistake)).join('\n'));
  return result.spec;
}
const plans = (text: string, source: ProgramSource | null = SOURCE): TrialPlan[] => resolveTrials(spec(text, source), null, 'none');

function one(text: string, ...parts: string[]): void {
  const result = parseSweepFile(text, 'a.yaml');
  const lines = 'mistakes' in result ? result.mistakes.map((mistake) => formatMistake('a.yaml', mistake)) : [];
  assert.equal(lines.length, 1, lines.join('\n') || 'no mistake');
  for (const part of parts) assert.ok(lines[0]?.includes(part), `${lines[0]} should have ${part}`);
}

test('command and module at the top level are short for the same under trainable', () => {
  for (const [short, long] of [['command: [python, train.py, 3]', 'trainable: {command: [python, train.py, 3]}'], ['module: ./train.ts', 'trainable: {module: ./train.ts}']]) {
    assert.deepEqual(spec(`${short}\n${OBJECTIVE}`), spec(`${long}\n${OBJECTIVE}`));
  }
  assert.deepEqual(spec(`command: [python, train.py, 3]\n${OBJECTIVE}`).trainable, {
    ...{ kind: 'command', command: ['python', 'train.py', '3'], files: null, share: false, environment: {}, silenceMs: 3_600_000, program: SOURCE.blob },
  });
});

test('everything of a command can be said', () => {
  const { trainable, axes, ensemble, stop } = spec(`trainable: {command: [./run.sh], files: [lib, '*.py'], share: true, environment: {A: b, N: 2}, silence: 10m}\nspace: {lr: [0.1, 0.2], kind: [a, b]}\nstop: {patience: 2}\n${OBJECTIVE}`);
  assert.deepEqual(trainable, { kind: 'command', command: ['./run.sh'], files: ['lib', '*.py'], share: true, environment: { A: 'b', N: '2' }, silenceMs: 600_000, program: SOURCE.blob });
  assert.deepEqual(axes.map(({ name, values }) => [name, values]), [['lr', [0.1, 0.2]], ['kind', ['a', 'b']], ['epochs', [1]]]);
  assert.equal(ensemble, null);
  assert.deepEqual(stop, { monitor: 'val.loss', direction: 'minimize', patience: 2, minDelta: 0, restoreBest: false });
});

test('what is wrong with a command or a module has its place and a remedy', () => {
  one('command: [python, train.py]', 'objective: found nothing, expected {maximize: METRIC} or {minimize: METRIC}');
  one(`command: python train.py\n${OBJECTIVE}`, 'a.yaml:1:10: command: found "python train.py", expected a list of words, such as [python, train.py]');
  one(`command: []\n${OBJECTIVE}`, 'command: found [], expected a list of words');
  one(`module: train.ts\n${OBJECTIVE}`, 'a.yaml:1:9: module: found "train.ts", expected a module that exports train, such as ./train.ts');
  one(`cmd: [python, train.py]\n${OBJECTIVE}`, 'a.yaml:1:1: cmd: found the unknown key "cmd"', 'did you mean command?');
  one(`script: train.py\n${OBJECTIVE}`, 'script', 'did you mean command?');
  one(`program: [python]\n${OBJECTIVE}`, 'program', 'did you mean command?');
  one(`trainable: {cmd: [python]}\n${OBJECTIVE}`, 'did you mean command?');
  one(`trainable: {command: [python], env: {A: b}}\n${OBJECTIVE}`, 'did you mean environment?');
  one(`command: [python]\nfiles: [a.py]\n${OBJECTIVE}`, 'a.yaml:2:1: files', 'write it as trainable.files');
  one(`command: [python]\nmodule: ./train.ts\n${OBJECTIVE}`, 'a.yaml:2:1: module: found module beside command, expected one of them');
  one(`trainable: {command: [python]}\ncommand: [python]\n${OBJECTIVE}`, 'trainable: found trainable beside command');
  one(`command: [python]\ndata: ./x\n${OBJECTIVE}`, 'a.yaml:2:1: data', 'in the place of data and model');
  one(`command: [python]\nspace: {seed: [1, 2]}\n${OBJECTIVE}`, 'space.seed: found "seed", which a command would get as TRAWL_SEED, expected a name whose variable is not that of trawl itself');
  one(`command: [python]\nspace: {fcWidth: 1, fc_width: 2}\n${OBJECTIVE}`, 'TRAWL_FC_WIDTH', 'not that of fcWidth');
  one(`command: [python]\nspace: {epoch: 1}\n${OBJECTIVE}`, 'did you mean epochs?');
  one(`trainable: {command: [python], environment: {TRAWL_X: 1}}\n${OBJECTIVE}`, 'does not begin with TRAWL_');
  one(`trainable: {command: [python], environment: {'A B': 1}}\n${OBJECTIVE}`, 'a variable of letters, digits and _');
  one(`trainable: {command: [python], silence: 0s}\n${OBJECTIVE}`, 'trainable.silence: found "0s", expected a duration');
  one(`trainable: {}\n${OBJECTIVE}`, 'trainable.command: found nothing, expected a list of words');
  one(`command: [python]\nensemble: none\n${OBJECTIVE}`, 'ensemble');
});

test('a hyperparameter is a variable in capitals', () => {
  const expected = { lr: 'TRAWL_LR', fcWidth: 'TRAWL_FC_WIDTH', fc_width: 'TRAWL_FC_WIDTH', l2: 'TRAWL_L2', beta2Decay: 'TRAWL_BETA2_DECAY' };
  for (const [name, variable] of Object.entries(expected)) assert.equal(variableOf(name), variable);
});

test('trials of a command share epochs only where it says so; a module shares', () => {
  const space = `space: {a: [1, 2], epochs: [2, 3]}\n${OBJECTIVE}`;
  assert.deepEqual(epochCounts(plans(`command: [x]\n${space}`)), { requested: 10, distinct: 10 });
  assert.deepEqual(plans(`command: [x]\n${space}`).map(({ trajectory }) => trajectory.salt), [0, 1, 2, 3]);
  assert.deepEqual(epochCounts(plans(`trainable: {command: [x], share: true}\n${space}`)), { requested: 10, distinct: 6 });
  assert.deepEqual(epochCounts(plans(`module: ./x.ts\n${space}`)), { requested: 10, distinct: 6 });
});

test('the key of an epoch knows words, files, environment, seed and what is in force, and neither names nor limits', () => {
  const base = 'trainable: {command: [x, y], environment: {A: b}}\nspace: {lr: 1}\n';
  const keyOf = (text: string, source: ProgramSource | null = SOURCE): string => plans(text + OBJECTIVE, source)[0]?.path[0] ?? '';
  const key = keyOf(base);
  const moved = [base.replace('y]', 'z]'), base.replace('A: b', 'A: c'), base.replace('lr: 1', 'lr: 2'), base.replace('lr: 1', 'rate: 1'), `${base}seed: 1\n`];
  for (const text of moved) assert.notEqual(keyOf(text), key, text);
  for (const source of [null, { ...SOURCE, blob: 'd'.repeat(64) }]) assert.notEqual(keyOf(base, source), key);
  for (const text of [`${base}name: other\n`, base.replace('}}', '}, silence: 5m}'), base.replace('lr: 1', 'lr: 1, epochs: 3'), `${base}stageTimeout: 1h\n`, base.replace('}}', '}, files: [x]}')]) assert.equal(keyOf(text), key, text);
});

test('settings are resolved per epoch, schedules included', () => {
  const [plan] = plans(`command: [x]\nspace: {lr: {piecewise: {initial: 8, factor: 0.5, every: 1}}, opt: [adam], on: true, epochs: 3}\n${OBJECTIVE}`);
  assert.deepEqual(plan?.epochs.map((settings) => (settings as SyntheticEpochSettings).values), [8, 4, 2].map((lr) => ({ lr, opt: 'adam', on: true })));
  assert.deepEqual(plan.trajectory, { format: 1, trainable: 'command', version: 1, numerics: 'none', command: ['x'], environment: {}, program: SOURCE.blob, seed: 0, replicate: 0, salt: 0 });
});

test('a module cannot be resolved without its code', () => {
  assert.throws(() => plans(`module: ./x.ts\n${OBJECTIVE}`, null), (error: unknown) => error instanceof UnresolvableSweep);
});

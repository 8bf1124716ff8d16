import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsOf, settingsOf } from '../../dashboard/pages/sweep/enqueue-form.js';

const PIECEWISE = { piecewise: { initial: 0.01, factor: 0.2, every: 5 } };
const AXES = [
  { name: 'lr', values: [0.003, PIECEWISE], range: null },
  { name: 'width', values: [16, 512], range: { min: 16, max: 512, type: 'int', log: false } },
  { name: 'mode', values: ['1', 'deep'], range: null },
  { name: 'batch', values: [32], range: null },
] as const;

test('a schedule goes out whole, as it came, and never by its parameters', () => {
  const fields = fieldsOf({ axes: AXES, best: { number: 3, settings: { lr: PIECEWISE, width: 100, mode: 'deep', batch: 32 } } });
  assert.deepEqual(settingsOf(fields, {}), { lr: PIECEWISE, width: 100, mode: 'deep', batch: 32 });
});

test('before any trial has completed the form begins with the first values, and a range with its least', () => {
  assert.deepEqual(settingsOf(fieldsOf({ axes: AXES, best: null }), {}), { lr: 0.003, width: 16, mode: '1', batch: 32 });
});

test('what is written is read as a number or a map where it is one, and as a text where the axis has texts', () => {
  const fields = fieldsOf({ axes: AXES, best: null });
  assert.deepEqual(settingsOf(fields, { lr: '{"cosine": {"initial": 0.1, "epochs": 20}}', width: ' 77 ', mode: '2', batch: '64' }), { lr: { cosine: { initial: 0.1, epochs: 20 } }, width: 77, mode: '2', batch: 64 });
  assert.deepEqual(settingsOf(fields, { lr: '', width: 'wide' }), { width: 'wide', mode: '1', batch: 32 });
});

test('listed values and the best trial\'s are suggested, of a range none, and a single value is fixed', () => {
  const fields = fieldsOf({ axes: AXES, best: { number: 0, settings: { lr: 0.5 } } });
  assert.deepEqual(fields.map(({ name, options, isFixed }) => [name, options, isFixed]), [
    ['lr', ['0.003', JSON.stringify(PIECEWISE), '0.5'], false],
    ['width', [], false],
    ['mode', ['1', 'deep'], false],
    ['batch', ['32'], true],
  ]);
  assert.equal(fields[1]?.hint, 'a whole number, in the space from 16 to 512');
});

test('numbers are read as sweep files have them, with a point at either end, a sign, or an exponent', () => {
  const fields = fieldsOf({ axes: AXES, best: null });
  const read = (lr: string): unknown => settingsOf(fields, { lr }).lr;
  assert.deepEqual(['.5', '5.', '+5', '-.5e-2', '1E3', ' .25 '].map(read), [0.5, 5, 5, -0.005, 1_000, 0.25]);
  assert.deepEqual(['.', '5.5.5', '0x10', 'e5', '1e', '- 5'].map(read), ['.', '5.5.5', '0x10', 'e5', '1e', '- 5']);
});

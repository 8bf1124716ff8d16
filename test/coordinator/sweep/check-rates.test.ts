import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';

function linesOf(lr: string, epochs = 60): { readonly mistakes: readonly string[]; readonly warnings: readonly string[] } {
  const parsed = parseSweepFile(`data: ./x\nspace:\n  lr: ${lr}\n  epochs: [1, ${epochs}]\n`, 'rates.yaml');
  if ('mistakes' in parsed) return { mistakes: parsed.mistakes.map(({ line, field, found }) => `${line} ${field} ${found}`), warnings: [] };
  return { mistakes: [], warnings: parsed.warnings };
}

test('a rate that grows beyond float32 within the longest trial is a mistake at its line', () => {
  for (const lr of ['{exponential: {initial: 0.01, factor: 10}}', '[0.1, {piecewise: {initial: 0.01, factor: 10, every: 1}}]', '{warmup: {epochs: 2, to: {exponential: {initial: 0.01, factor: 10}}}}']) {
    const { mistakes } = linesOf(lr);
    assert.equal(mistakes.length, 1, lr);
    assert.match(mistakes[0] ?? '', /^3 space\.lr .*too large a number in epoch 59 of 60/, lr);
  }
  // 0.01 * 10^29 fits into float32, whose largest number is 3.4e38.
  assert.deepEqual(linesOf('{exponential: {initial: 0.01, factor: 10}}', 30).mistakes, []);
});

test('a formula\'s schedule may grow as far as float64 goes', () => {
  const text = (epochs: number): string => `trainable: {synthetic: {metrics: {val.loss: x}}}\nspace: {x: {exponential: {initial: 1, factor: 10}}, epochs: ${epochs}}\n`;
  assert.ok('spec' in parseSweepFile(text(300), 'f.yaml'));
  assert.ok('mistakes' in parseSweepFile(text(320), 'f.yaml'));
});

test('a rate that is too small for float32 is warned of, with the first epoch that learns nothing', () => {
  // Half of float32's smallest number, 1.4e-45, rounds to 0: 0.01 * 0.1^43 = 1e-45 does not, 0.01 * 0.1^44 = 1e-46 does.
  assert.match(linesOf('{exponential: {initial: 0.01, factor: 0.1}}').warnings.join(), /from epoch 44 on and counts as 0, so that nothing is learnt in epochs 44 to 59/);
  assert.match(linesOf('{warmup: {epochs: 5, to: {piecewise: {initial: 0.01, factor: 0.1, every: 1}}}}').warnings.join(), /nothing is learnt in epochs 49 to 59/);
  assert.deepEqual(linesOf('{exponential: {initial: 0.01, factor: 0.5}}').warnings, []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphEngine } from '../../../../worker/engine/graph/engine.js';
import { CASES } from '../cases.js';
import { checkGradients } from '../check-gradients.js';
import { nativeUnderTest, WITHOUT_NATIVE } from './native.js';
import { philox, philoxMasks } from './philox.js';

test('the Philox of these tests gives the published numbers', () => {
  // kat_vectors of the Random123 library: philox4x32 10.
  const hex = (words: readonly number[]): string => words.map((word) => word.toString(16)).join(' ');
  assert.equal(hex(philox([0, 0, 0, 0], [0, 0])), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  assert.equal(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])), 'd16cfe09 94fdcceb 5001e420 24126ea1');
});

for (const one of CASES) {
  test(`values and gradients agree with float64 on graph: ${one.name}`, { skip: WITHOUT_NATIVE }, async () => {
    await checkGradients(one, await createGraphEngine(nativeUnderTest()), philoxMasks);
  });
}

import { test } from 'node:test';
import { CASES } from '../cases.js';
import { checkGradients } from '../check-gradients.js';
import { WITHOUT_NATIVE } from '../graph/native.js';
import { hashMasks } from '../reference.js';
import { eagerUnderTest } from './under-test.js';

for (const one of CASES) {
  test(`values and gradients agree with float64 on eager: ${one.name}`, { skip: WITHOUT_NATIVE }, async () => {
    await checkGradients(one, await eagerUnderTest(), hashMasks);
  });
}

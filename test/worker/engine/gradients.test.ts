import { test } from 'node:test';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { CASES } from './cases.js';
import { checkGradients } from './check-gradients.js';
import { hashMasks } from './reference.js';

for (const one of CASES) {
  test(`values and gradients agree with float64: ${one.name}`, async () => {
    await checkGradients(one, await createWasmEngine(), hashMasks);
  });
}

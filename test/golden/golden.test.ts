/** Executors against Keras. */
import { createWasmEngine } from '../../worker/engine/wasm/engine.js';
import { testAgainstKeras } from './golden.js';

testAgainstKeras('wasm', () => createWasmEngine());

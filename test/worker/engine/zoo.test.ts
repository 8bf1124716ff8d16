import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { testZooResumes } from './zoo-resumes.js';

testZooResumes('wasm', () => createWasmEngine(), { skip: false, tolerance: 0 });

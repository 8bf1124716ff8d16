import { createGraphEngine } from '../../../../worker/engine/graph/engine.js';
import { testZooResumes } from '../zoo-resumes.js';
import { nativeUnderTest, WITHOUT_NATIVE } from './native.js';

testZooResumes('graph', () => createGraphEngine(nativeUnderTest()), { skip: WITHOUT_NATIVE, tolerance: 1e-5 });

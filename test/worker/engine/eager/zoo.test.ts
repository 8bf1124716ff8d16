import { WITHOUT_NATIVE } from '../graph/native.js';
import { testZooResumes } from '../zoo-resumes.js';
import { eagerUnderTest } from './under-test.js';

testZooResumes('eager', eagerUnderTest, { skip: WITHOUT_NATIVE, tolerance: 1e-5 });

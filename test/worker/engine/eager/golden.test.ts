import { test } from 'node:test';
import { testAgainstKeras } from '../../../golden/golden.js';
import { WITHOUT_NATIVE } from '../graph/native.js';
import { eagerUnderTest } from './under-test.js';

if (WITHOUT_NATIVE === false) testAgainstKeras('eager', () => eagerUnderTest());
else test('the eager executor against Keras', { skip: WITHOUT_NATIVE }, () => undefined);

import { test } from 'node:test';
import { createGraphEngine } from '../../../../worker/engine/graph/engine.js';
import { testAgainstKeras } from '../../../golden/golden.js';
import { nativeUnderTest, WITHOUT_NATIVE } from './native.js';

if (WITHOUT_NATIVE === false) testAgainstKeras('graph', () => createGraphEngine(nativeUnderTest()));
else test('the graph executor against Keras', { skip: WITHOUT_NATIVE }, () => undefined);

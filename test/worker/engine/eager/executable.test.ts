/** The eager executor: what every executor on a native engine must do, and what is its own. */
import * as tf from '@tensorflow/tfjs-core';
import { testNativeExecutor } from '../native-executor.js';
import { nativeUnderTest, WITHOUT_NATIVE } from '../graph/native.js';
import { eagerUnderTest } from './under-test.js';

const skip = WITHOUT_NATIVE;

testNativeExecutor({
  name: 'eager', skip,
  engine: eagerUnderTest,
  held: () => ({ tensors: tf.memory().numTensors, native: nativeUnderTest().binding.getNumOfTensors() }),
});

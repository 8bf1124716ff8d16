import assert from 'node:assert/strict';
import test from 'node:test';
import { afterFailure } from '../../../coordinator/trial/retry.js';

test('a stage that lost three workers fails instead of killing a fourth', () => {
  assert.deepEqual([1, 2, 3].map((count) => afterFailure('WorkerLost', count, false)), ['retry', 'retry', 'fail']);
});

test('out of memory is tried once alone on a box, then called infeasible', () => {
  assert.equal(afterFailure('OutOfMemory', 1, false), 'retryAlone');
  assert.equal(afterFailure('OutOfMemory', 2, true), 'infeasible');
});

test('a crash is tried once more, wrong data never', () => {
  assert.deepEqual([1, 2].map((count) => afterFailure('TrainableError', count, false)), ['retry', 'fail']);
  assert.deepEqual([1, 2].map((count) => afterFailure('Timeout', count, false)), ['retry', 'fail']);
  assert.equal(afterFailure('DataError', 1, false), 'fail');
});

test('a checkpoint that the store has lost is made again twice', () => {
  assert.deepEqual([1, 2, 3].map((count) => afterFailure('CheckpointLost', count, false)), ['retry', 'retry', 'fail']);
});

test('a full disk pauses the sweep until there is room, lost data until it is back', () => {
  assert.equal(afterFailure('DataLost', 1, false), 'pause');
  assert.equal(afterFailure('DiskFull', 1, false), 'pause');
});

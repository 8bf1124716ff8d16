import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { eagerNumerics, TFJS_VERSION } from '../../../../worker/engine/eager/numerics.js';

test('the numerics name the tfjs that is installed', () => {
  assert.deepEqual([tf.version_core, layers.version_layers], [TFJS_VERSION, TFJS_VERSION]);
});

test('the numerics move with everything that decides the last bits', () => {
  const parts = { tensorflow: '2.21.0', device: 'cpu', kernels: '4.22.0' } as const;
  assert.match(eagerNumerics(parts), /^eager:2\.21\.0:cpu:[0-9a-f]{16}$/);
  const others = [{ tensorflow: '2.20.0' }, { device: 'gpu' as const }, { kernels: '4.21.0' }].map((other) => eagerNumerics({ ...parts, ...other }));
  assert.equal(new Set([eagerNumerics(parts), ...others]).size, 4);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveAugmentation } from '../../../coordinator/space/augmentation.js';

test('fill counts only where something moves beyond the edge', () => {
  for (const stays of [{ flip: 'horizontal' }, { contrast: 0.1 }, { brightness: 0.1 }] as const) {
    assert.deepEqual(resolveAugmentation({ ...stays, fill: 'constant' }), resolveAugmentation(stays));
  }
  for (const moves of [{ rotation: 5 }, { shift: [0, 0.1] }, { shear: 0.1 }, { zoom: 0.1 }, { crop: 0.1 }] as const) {
    assert.equal(resolveAugmentation({ ...moves, fill: 'constant' })?.fill, 'constant');
  }
  assert.equal(resolveAugmentation({ fill: 'wrap' }), null);
});

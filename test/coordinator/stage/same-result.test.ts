import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameResult } from '../../../coordinator/stage/same-result.js';
import type { EpochResult } from '../../../proto/work.js';

const result = (loss: number, more: Partial<EpochResult> = {}): EpochResult => ({ metrics: { 'val.loss': loss, 'val.accuracy': 0.9 }, confusion: [[9, 1], [1, 9]], diverged: false, ...more });
const WASM = 'wasm:2b9d25540ee867a1:plain:decode2';
const GRAPH = 'graph:2.21.0:cpu:d:decode2';

test('on wasm, and without a model, the last bit of an epoch that was trained again counts', () => {
  for (const numerics of [WASM, 'none']) {
    assert.equal(sameResult(numerics, result(0.5), result(0.5)), true);
    assert.equal(sameResult(numerics, result(0.5), result(0.5 + 2 ** -53)), false);
    const roc = (falsePositives: number[]) => ({ roc: [{ positives: 10, negatives: 10, falsePositives, falseNegatives: [1] }] });
    assert.equal(sameResult(numerics, result(0.5, roc([1])), result(0.5, roc([2]))), false);
    assert.equal(sameResult(numerics, result(0.5, roc([1])), result(0.5, roc([1]))), true);
    assert.equal(sameResult(numerics, result(0.5), result(0.5, { confusion: [[8, 2], [1, 9]] })), false);
    assert.equal(sameResult(numerics, result(NaN), result(NaN)), true);
  }
});

test('on graph an epoch that was trained again may differ by what threads make of it, and by no more', () => {
  assert.equal(sameResult(GRAPH, result(0.5), result(0.5005, { confusion: [[8, 2], [1, 9]] })), true);
  assert.equal(sameResult(GRAPH, result(40), result(41)), true);
  assert.equal(sameResult(GRAPH, result(0.5), result(0.6)), false);
  assert.equal(sameResult(GRAPH, result(0.5), result(NaN)), false);
  assert.equal(sameResult(GRAPH, result(0.5), result(0.5, { diverged: true })), false);
  assert.equal(sameResult(GRAPH, result(0.5), { ...result(0.5), metrics: { 'val.loss': 0.5 } }), false);
});

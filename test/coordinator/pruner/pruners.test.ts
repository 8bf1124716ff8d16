import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { prunerOf } from '../../../coordinator/pruner/make.js';
import type { PrunerSpec } from '../../../coordinator/sweep/spec.js';
import { EPOCHS, measureCurves, runCurves } from './learning-curves.js';

const median: PrunerSpec = { kind: 'median', minEpochs: 1, minTrials: 3, every: 1 };
const asha: PrunerSpec = { kind: 'asha', minEpochs: 1, eta: 3, brackets: 1 };
const brackets: PrunerSpec = { kind: 'asha', minEpochs: 1, eta: 3, brackets: 3 };
const hyperband: PrunerSpec = { kind: 'hyperband', minEpochs: 1, eta: 3 };

/** Optuna 5.0.0 (median, hyperband) and Ray Tune 2.60.0 (asha) on the same curves, rounded as published in the shared facts. */
const OTHERS: readonly [string, PrunerSpec, number, { readonly epochs: number; readonly bestTrue: number }][] = [
  ['median', median, 1, { epochs: 778.5, bestTrue: 0.921 }],
  ['median', median, 8, { epochs: 1148.5, bestTrue: 0.921 }],
  ['median from the third epoch on', { ...median, minEpochs: 3 }, 1, { epochs: 1116.5, bestTrue: 0.921 }],
  ['median from the third epoch on', { ...median, minEpochs: 3 }, 8, { epochs: 1446.5, bestTrue: 0.921 }],
  ['asha', asha, 1, { epochs: 737, bestTrue: 0.87832 }],
  ['asha', asha, 8, { epochs: 737, bestTrue: 0.87832 }],
  ['asha with 3 brackets', brackets, 1, { epochs: 1242, bestTrue: 0.93171 }],
  ['asha with 3 brackets', brackets, 8, { epochs: 1242, bestTrue: 0.93171 }],
  ['hyperband', hyperband, 1, { epochs: 1591, bestTrue: 0.921 }],
  ['hyperband', hyperband, 8, { epochs: 1591, bestTrue: 0.921 }],
];

describe('on the shared learning curves', () => {
  for (const [name, spec, inFlight, theirs] of OTHERS) {
    it(`${name} with ${inFlight} in flight finds at least what its peer does, for no more epochs`, () => {
      const ours = measureCurves(() => prunerOf(spec), inFlight);
      assert.ok(ours.epochs <= theirs.epochs, `${ours.epochs} epochs, theirs ${theirs.epochs}`);
      assert.ok(Number(ours.bestTrue.toFixed(5)) >= theirs.bestTrue, `${ours.bestTrue}, theirs ${theirs.bestTrue}`);
    });
  }
});

describe('any pruner', () => {
  const specs = fc.oneof(
    fc.record({ kind: fc.constant('median' as const), minEpochs: fc.integer({ min: 1, max: 30 }), minTrials: fc.integer({ min: 1, max: 10 }), every: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('asha' as const), minEpochs: fc.integer({ min: 1, max: 30 }), eta: fc.constantFrom(1.5, 2, 3, 4), brackets: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('hyperband' as const), minEpochs: fc.integer({ min: 1, max: 30 }), eta: fc.constantFrom(2, 3, 4) }),
  );

  it('lets at least one trial finish, trains none past its end, and gives the same sweep for the same arrivals', () => {
    fc.assert(
      fc.property(specs, fc.integer({ min: 1, max: 16 }), fc.nat(1000), (spec, inFlight, seed) => {
        const first = runCurves(prunerOf(spec), inFlight, seed);
        assert.ok(first.trained.some((epochs) => epochs === EPOCHS));
        assert.ok(first.trained.every((epochs) => epochs >= 1 && epochs <= EPOCHS));
        assert.deepEqual(runCurves(prunerOf(spec), inFlight, seed), first);
      }),
      { numRuns: 60 },
    );
  });

  it('says when a trial is judged next, and answers the same until then', () => {
    fc.assert(
      fc.property(specs, fc.integer({ min: 1, max: 60 }), (spec, length) => {
        const pruner = prunerOf(spec);
        let until = pruner.enter(0, length);
        for (let epochs = 1; epochs < length; epochs += 1) {
          assert.ok(until >= 1 && until <= length);
          const judgement = pruner.report(0, epochs, 0.5);
          if (judgement.kind !== 'continue') {
            assert.ok(epochs >= until, `judged after ${epochs} epochs, announced for ${until}`);
            return;
          }
          if (epochs < until) assert.equal(judgement.until, until);
          until = judgement.until;
        }
      }),
    );
  });

  it('does not judge again what it had let go on before a restart', () => {
    for (const spec of [median, asha, brackets, hyperband]) {
      const pruner = prunerOf(spec);
      for (let number = 0; number < 9; number += 1) {
        pruner.enter(number, EPOCHS);
        pruner.restore(number, EPOCHS);
        for (let epochs = 1; epochs <= EPOCHS; epochs += 1) assert.equal(pruner.report(number, epochs, number).kind, 'continue');
        pruner.leave(number, true);
      }
    }
  });

  it('never lets a trial go on that reports no value where it is judged by rungs', () => {
    for (const spec of [asha, hyperband]) {
      const pruner = prunerOf(spec);
      const until = Array.from({ length: 40 }, (_, number) => pruner.enter(number, EPOCHS));
      until.forEach((epochs, number) => {
        if (epochs < EPOCHS) assert.equal(pruner.report(number, epochs, null).kind, 'pause');
      });
      pruner.close();
      assert.equal(pruner.promote(), null);
    }
  });
});

describe('successive halving', () => {
  it('promotes the best third of a rung, best first, and nobody twice', () => {
    const pruner = prunerOf(asha);
    const values = [0.9, 0.2, 0.8, 0.7, 0.6, 0.5];
    values.forEach((value, number) => {
      pruner.enter(number, EPOCHS);
      // In falling order of quality nobody is among the best when it comes.
      pruner.report(number, 1, number === 1 ? 0.95 : value);
    });
    const promoted = [pruner.promote(), pruner.promote(), pruner.promote()].map((promotion) => promotion?.number ?? null);
    assert.equal(new Set(promoted.filter((number) => number !== null)).size, promoted.filter((number) => number !== null).length);
    assert.ok(promoted.filter((number) => number !== null).length <= 2);
  });
});

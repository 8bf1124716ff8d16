/** Expected members, weights and values: expected.py beside this file, an independent implementation in plain Python. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decide, meanProbabilities } from '../../../coordinator/ensemble/combine.js';
import { crossEntropy, measure, measureNamed, scoreBy } from '../../../coordinator/ensemble/measure.js';
import { selectBest, selectGreedy, type Candidate, type Selected } from '../../../coordinator/ensemble/select.js';
import { classNames, models } from './models.js';

const AUC = { metric: 'val.auc', direction: 'maximize' } as const;
const ACCURACY = { metric: 'val.accuracy', direction: 'maximize' } as const;
const LOSS = { metric: 'val.loss', direction: 'minimize' } as const;
/** `counts`: how often each trial was added, of `total`. */
const CASES = [
  { ...AUC, seed: 7, classes: 2, limit: 10, value: 1, total: 5, counts: { 0: 1, 1: 1, 2: 1, 6: 1, 7: 1 } },
  { ...AUC, seed: 7, classes: 2, limit: 2, value: 0.974416017798, total: 29, counts: { 6: 14, 7: 15 } },
  { ...ACCURACY, seed: 5, classes: 3, limit: 10, value: 0.9, total: 46, counts: { 0: 7, 1: 3, 2: 11, 3: 6, 4: 3, 5: 7, 6: 9 } },
  { ...ACCURACY, seed: 5, classes: 3, limit: 2, value: 0.716666666667, total: 19, counts: { 1: 12, 6: 7 } },
  { ...AUC, seed: 11, classes: 4, limit: 10, value: 0.963735157757, total: 18, counts: { 0: 3, 1: 4, 2: 2, 3: 3, 5: 2, 6: 1, 7: 3 } },
  { ...AUC, seed: 11, classes: 4, limit: 2, value: 0.836870028623, total: 2, counts: { 1: 1, 3: 1 } },
  { ...LOSS, seed: 5, classes: 3, limit: 10, value: 0.828721381081, total: 28, counts: { 0: 8, 2: 17, 5: 1, 6: 2 } },
  { ...LOSS, seed: 5, classes: 3, limit: 2, value: 0.829886705192, total: 3, counts: { 0: 1, 2: 2 } },
] as const;

function ranked(library: readonly Candidate[], score: (probabilities: Float32Array) => number): Candidate[] {
  return library.toSorted((a, b) => score(b.probabilities) - score(a.probabilities) || a.number - b.number);
}

const weightsOf = (selected: readonly Selected<Candidate>[]): { [number: string]: number } =>
  Object.fromEntries(selected.map(({ candidate, weight }) => [candidate.number, weight]));

describe('greedy selection with replacement', () => {
  for (const { metric, direction, seed, classes, limit, value, total, counts } of CASES) {
    it(`finds the reference's members and weights: ${metric} of ${classes} classes, at most ${limit} members`, () => {
      const { labels, library } = models(seed, 8, 60, classes);
      const score = scoreBy(metric, direction, { labels, classes: classNames(classes), positive: 1 });
      const { members: selected, path, rounds } = selectGreedy(ranked(library, (probabilities) => score.of(probabilities)), score, limit);
      assert.deepEqual(weightsOf(selected), Object.fromEntries(Object.entries(counts).map(([number, count]) => [number, count / total])));
      const found = Math.abs(score.of(meanProbabilities(selected)));
      assert.ok(Math.abs(found - value) < 1e-6, `got ${found}, expected ${value}`);
      // The path tells the same of the rounds that were kept.
      assert.deepEqual([rounds, path[rounds - 1]?.members], [total, selected.length]);
      assert.ok(Math.abs((path[rounds - 1]?.value ?? NaN) - value) < 1e-6, `its path says ${path[rounds - 1]?.value}`);
    });
  }

  it('is never worse on validation than the model it began with, keeps to maxMembers, and has weights that sum to 1', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 3 }), fc.integer({ min: 1, max: 4 }), fc.constantFrom('val.auc', 'val.accuracy', 'val.f1'), (seed, count, classes, limit, metric) => {
        const { labels, library } = models(seed, count, 20, classes);
        const score = scoreBy(metric, 'maximize', { labels, classes: classNames(classes), positive: 1 });
        const candidates = ranked(library, (probabilities) => score.of(probabilities));
        const { members: selected, path, rounds } = selectGreedy(candidates, score, limit);
        assert.ok(selected.length >= 1 && selected.length <= limit);
        assert.ok(Math.abs(selected.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-12);
        assert.ok(score.of(meanProbabilities(selected)) >= score.of(candidates[0]!.probabilities) - 1e-7);
        assert.deepEqual(weightsOf(selectGreedy(candidates, score, limit).members), weightsOf(selected));
        const added = path.slice(0, rounds).map(({ candidate }) => candidate.number);
        assert.deepEqual(weightsOf(selected), Object.fromEntries([...new Set(added)].map((number) => [number, added.filter((other) => other === number).length / rounds])));
        path.forEach(({ members, value }, round) => assert.ok(members <= limit && (round < rounds || value <= (path[rounds - 1]?.value ?? NaN)), `round ${round + 1}`));
      }),
      { numRuns: 60 },
    );
  });

  it('of equal models takes the one with the lowest number', () => {
    const { labels, library } = models(3, 3, 30, 2);
    const [a, b] = library as [Candidate, Candidate];
    const copies = [a, { number: 9, probabilities: b.probabilities }, { number: 5, probabilities: b.probabilities }];
    const score = scoreBy('val.loss', 'minimize', { labels, classes: classNames(2), positive: 1 });
    const chosen = selectGreedy(copies, score, 10).members.map(({ candidate }) => candidate.number);
    assert.equal(chosen.includes(9), false, `chose ${chosen.join(', ')}`);
  });

  it('a further member that leaves the score as it is is not taken in', () => {
    // Both rank perfectly; the mean with the second has the smaller loss.
    const candidates = [0.6, 0.99].map((sure, number) => ({ number, probabilities: Float32Array.from([sure, 1 - sure, 1 - sure, sure]) }));
    const score = scoreBy('val.auc', 'maximize', { labels: [0, 1], classes: classNames(2), positive: 1 });
    assert.deepEqual(weightsOf(selectGreedy(candidates, score, 10).members), { 0: 1 });
  });

  it('a single candidate is an ensemble of one', () => {
    const { labels, library } = models(3, 1, 10, 2);
    const score = scoreBy('val.auc', 'maximize', { labels, classes: classNames(2), positive: 1 });
    assert.deepEqual(weightsOf(selectGreedy(library, score, 10).members), { 0: 1 });
  });
});

describe('the other rules', () => {
  it('average and vote take the first maxMembers with equal weights', () => {
    const { library } = models(3, 5, 10, 2);
    assert.deepEqual(weightsOf(selectBest(library, 4)), { 0: 0.25, 1: 0.25, 2: 0.25, 3: 0.25 });
  });

  it('a majority decides a vote, and the mean probability where votes are equal', () => {
    const member = (...probabilities: number[]): { weight: number; probabilities: Float32Array } => ({ weight: 1 / 3, probabilities: Float32Array.from(probabilities) });
    // Two of three say class 0, though the mean says class 1; then one vote for each class, and class 2 is the surest.
    const members = [member(0.6, 0.4, 0, 0.5, 0.3, 0.2), member(0.6, 0.4, 0, 0.1, 0.5, 0.4), member(0, 1, 0, 0, 0.1, 0.9)];
    const mean = meanProbabilities(members);
    assert.deepEqual([...decide(members, mean, { rule: 'vote', classes: 3, positive: 0, threshold: null })], [0, 2]);
    assert.deepEqual([...decide(members, mean, { rule: 'average', classes: 3, positive: 0, threshold: null })], [1, 2]);
  });
});

describe('measuring an ensemble', () => {
  it('counts by the decided classes and rates by the probabilities', () => {
    // By hand: positive is class 1 at 0.4 and more: predicted 1, 0, 1, 0 for the truth 1, 1, 0, 0.
    const probabilities = Float32Array.from([0.5, 0.5, 0.75, 0.25, 0.5, 0.5, 0.875, 0.125]);
    const truth = { labels: [1, 1, 0, 0], classes: ['a', 'b'], positive: 1 };
    const predicted = decide([], probabilities, { rule: 'greedy', classes: 2, positive: 1, threshold: 0.4 });
    const measured = measure(probabilities, predicted, truth);
    assert.deepEqual(measured.confusion, [[1, 1], [1, 1]]);
    assert.equal(measured.accuracy, 0.5);
    assert.equal(measured.f1, 0.5);
    // Pairs (positive, negative): 0.5 against 0.5 is half, against 0.125 one; 0.25 against 0.5 none, against 0.125 one.
    assert.equal(measured.auc, 2.5 / 4);
    assert.ok(Math.abs(measured.loss - -(Math.log(0.5) + Math.log(0.25) + Math.log(0.5) + Math.log(0.875)) / 4) < 1e-12);
  });

  it('a metric that probabilities do not tell is replaced by the validation loss', () => {
    const truth = { labels: [0, 1], classes: ['a', 'b'], positive: 1 };
    assert.equal(scoreBy('train.loss', 'minimize', truth).metric, 'val.loss');
    assert.equal(scoreBy('val.recall[b]', 'maximize', truth).of(Float32Array.from([0.9, 0.1, 0.2, 0.8])), 1);
  });

  it('a probability that was rounded to 0 gives a large and finite loss', () => {
    assert.ok(Number.isFinite(crossEntropy(Float32Array.from([1, 0]), [1], 2)));
  });
});

it('an objective that is none of the usual metrics is measured from what was decided, and from ROC curves', () => {
  const truth = { labels: [0, 0, 1, 1], classes: ['a', 'b'], positive: 1 };
  const probabilities = Float32Array.of(0.9, 0.1, 0.4, 0.6, 0.3, 0.7, 0.8, 0.2);
  const of = (metric: string): number | null => measureNamed(metric, probabilities, [0, 1, 1, 0], truth);
  // One of two of each class is found; with both of b positive (from 0.2 on), one of two of a is called negative.
  assert.deepEqual(['val.recall[a]', 'val.precision', 'val.specificityAtSensitivity[1]'].map(of), [0.5, 0.5, 0.5]);
  assert.deepEqual(['val.auc', 'cost.bytes', 'train.loss', 'val.recall[c]'].map(of), [null, null, null, null]);
});

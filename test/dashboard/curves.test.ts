/** Expected means: NumPy 2, by expected.py beside this file, as weighted means by their definition. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dashesOf, MOST_IN_LEGEND } from '../../dashboard/components/chart-spec.js';
import { curveSpec, matchesOf, patternOf, smoothed, type Curve, type CurveOptions } from '../../dashboard/pages/sweep/curves.js';

const EXPECTED = [
  { weight: 0.6, means: [1, 0.6875, null, 0.7448979591836735, 0.49448529411764697, 0.3233865371269951] },
  { weight: 0.99, means: [1, 0.7487437185929648, null, 0.7660011447426013, 0.622360578205405, 0.5157780215736233] },
] as const;

const OPTIONS: CurveOptions = { title: 'val.loss of digits', metric: 'val.loss', along: 'epochs', isLog: false, smoothing: 0 };

function curve(trial: number, values: readonly (number | null)[], seconds: readonly number[] = values.map(() => 1)): Curve {
  return { trial, name: `#${trial}`, values, seconds };
}

test('smoothing is the mean of what came before, weighted down by its age, and leaves gaps where they are', () => {
  for (const { weight, means } of EXPECTED) {
    for (const [index, mean] of smoothed([1, 0.5, null, 0.8, 0.2, 0.1], weight).entries()) {
      const expected = means[index] ?? null;
      if (mean === null || expected === null) assert.equal(mean, expected);
      else assert.ok(Math.abs(mean - expected) < 1e-12, `${weight}, ${index}: ${mean}, expected ${expected}`);
    }
  }
});

test('a smoothed curve begins at its first value, stays between its least and its greatest, and is the curve itself at weight 0', () => {
  const values = fc.array(fc.option(fc.double({ min: -1e3, max: 1e3, noNaN: true })), { minLength: 1 });
  fc.assert(fc.property(values, fc.double({ min: 0, max: 0.99, noNaN: true }), (curveValues, weight) => {
    const means = smoothed(curveValues, weight);
    const known = curveValues.filter((value) => value !== null);
    assert.deepEqual(means.map((mean) => mean === null), curveValues.map((value) => value === null));
    for (const mean of means) if (mean !== null) assert.ok(mean >= Math.min(...known) - 1e-6 && mean <= Math.max(...known) + 1e-6, `${mean} of ${known.join(' ')}`);
    const first = means.find((mean) => mean !== null);
    assert.ok(first === undefined || Math.abs(first - (known[0] ?? NaN)) < 1e-9);
    assert.deepEqual(smoothed(curveValues, 0), curveValues);
  }));
});

test('along epochs every value stands at its epoch, from 0', () => {
  const { x, xs, series } = curveSpec([curve(3, [0.9, 0.5, 0.4]), curve(7, [0.8, null])], OPTIONS);
  assert.deepEqual([x, xs], [{ label: 'Epochs', whole: true }, [0, 1, 2]]);
  assert.deepEqual(series.map(({ label, values, kind }) => [label, values, kind]), [['#3', [0.9, 0.5, 0.4], 'line'], ['#7', [0.8, null, null], 'line']]);
});

test('no two curves that the legend names are drawn alike', () => {
  const { series } = curveSpec(Array.from({ length: 40 }, (_, trial) => curve(trial, [1, 2])), OPTIONS);
  const looks = series.slice(0, MOST_IN_LEGEND).map((each) => `${(each.colour - 1) % 8} ${dashesOf(each).join(' ')}`);
  assert.equal(new Set(looks).size, MOST_IN_LEGEND, looks.join('; '));
  assert.ok(series.slice(MOST_IN_LEGEND).every((each) => dashesOf(each).length === 0));
});

test('along time every value stands at the seconds that were trained till then', () => {
  const { x, xs, series } = curveSpec([curve(0, [3, 2], [1.5, 2]), curve(1, [4, 1], [2, 1.5])], { ...OPTIONS, along: 'time' });
  assert.deepEqual([x.label, xs], ['Time in training (s)', [1.5, 2, 3.5]]);
  assert.deepEqual(series.map(({ values }) => values), [[3, null, 2], [null, 4, 1]]);
});

test('more times than a chart has px stand at round ones, which the axis says, and no curve loses its last value', () => {
  // 300 curves of 10 epochs, no two of which end in the same moment.
  const curves = Array.from({ length: 300 }, (_, trial) => curve(trial, Array.from({ length: 10 }, (_, epoch) => trial + epoch / 10), Array.from({ length: 10 }, (_, epoch) => 2 + trial / 301 + epoch / 7)));
  const { x, xs, series } = curveSpec(curves, { ...OPTIONS, along: 'time' });
  assert.ok(xs.length <= 1_001, `${xs.length} places`);
  // The longest takes 10 x (2 + 299/301) + 45/7 = 36.4 s: a thousandth of that, rounded up to 1, 2 or 5, is 0.05.
  assert.equal(x.label, 'Time in training (s, to the nearest 0.05)');
  for (const [trial, { values }] of series.entries()) {
    const place = values.findLastIndex((value) => value !== null);
    assert.equal(values[place], trial + 0.9);
    assert.ok(Math.abs((xs[place] ?? 0) - (10 * (2 + trial / 301) + 45 / 7)) <= 0.0251, `trial ${trial} at ${xs[place] ?? ''}`);
  }
});

test('a pattern is a regular expression that takes no heed of case, and null where it is none', () => {
  assert.equal(patternOf('LR=0\\.01')?.test('#3 lr=0.01'), true);
  assert.equal(patternOf('['), null);
});

test('what a pattern leaves out is said: matches beyond what is drawn, and trials whose names were not searched', () => {
  const names = new Map([[4, '#4 lr=0.1'], [40, '#40 lr=0.01'], [9, '#9 lr=0.1']]);
  const found = (written: string, of = 3, most = 30): unknown => matchesOf(written, patternOf(written) ?? /^/, names, of, most);
  assert.deepEqual(found('lr=0.1'), { trials: [4, 9], leftOut: '' });
  assert.deepEqual(found('lr', 3, 2), { trials: [4, 40], leftOut: ', the best of 3 whose names match' });
  assert.deepEqual(found('lr=0.1', 100_000, 1), { trials: [4], leftOut: ', the best of 2 whose names match; searched were 3 of 100,000 trials, taken evenly over the leaderboard' });
  assert.equal(found('lr=7', 100_000), null);
});

test('a trial is found by its number, be it in no sample', () => {
  const names = new Map([[4, '#4 lr=0.1']]);
  assert.deepEqual(matchesOf('#12345', /#12345/iu, names, 100_000, 30), { trials: [12_345], leftOut: '' });
  assert.deepEqual(matchesOf('#4', /#4/iu, names, 100_000, 30)?.trials, [4]);
});

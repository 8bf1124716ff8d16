import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dimensionsOf, marksOf, numberAt, shareOf, shareOfNumber, type Dimension } from '../../dashboard/pages/sweep/dimension.js';
import { isWithin, sharesOf, spanBetween, spansIn, spansText, wholeSpan, type Span } from '../../dashboard/pages/sweep/spans.js';
import type { PlotTrial } from '../../dashboard/pages/sweep/points.js';
import { setting } from '../../dashboard/text/format.js';
import type { Json } from '../../proto/work.js';

function trial(settings: { readonly [name: string]: Json }): PlotTrial {
  return { id: 'trl_0', number: 0, settings, objective: null, objectives: [], rank: null };
}

/** `values`: two different ones at least. */
function axisOf(name: string, values: readonly Json[]): Dimension {
  const [axis] = dimensionsOf(values.map((value) => trial({ [name]: value })));
  assert.ok(axis !== undefined);
  return axis;
}

test('an axis over more than a factor of fifty is logarithmic: 0.01 lies in the middle between 0.0001 and 1', () => {
  const axis = axisOf('lr', [0.0001, 0.3, 1]);
  assert.equal(axis.log, true);
  assert.ok(Math.abs(shareOfNumber(axis, 0.01) - 0.5) < 1e-12);
  assert.ok(Math.abs(numberAt(axis, 0.25) - 0.001) < 1e-12);
  assert.equal(axisOf('lr', [1, 49]).log, false);
  assert.equal(axisOf('lr', [0, 1_000]).log, false);
});

test('what lies at a place of an axis lies at that place', () => {
  fc.assert(fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.double({ min: 1.01, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (least, times, share) => {
    const axis = axisOf('x', [least, least * times]);
    assert.ok(Math.abs(shareOfNumber(axis, numberAt(axis, share)) - share) < 1e-6);
  }));
});

test('a trial without the hyperparameter has no place on its axis, and lies in no span of it', () => {
  const axis = axisOf('momentum', [0, 0.9]);
  assert.equal(shareOf(axis, trial({ lr: 0.1 })), null);
  assert.equal(isWithin(trial({ lr: 0.1 }), [wholeSpan(axis)], [axis]), false);
  assert.equal(isWithin(trial({ momentum: 0.9 }), [wholeSpan(axis)], [axis]), true);
});

test('marks stand at the values where they are few, at powers of ten on a logarithmic axis', () => {
  assert.deepEqual(marksOf(axisOf('batch', [16, 32, 64])), [{ share: 0, text: '16' }, { share: 1 / 3, text: '32' }, { share: 1, text: '64' }]);
  const many = Array.from({ length: 20 }, (_, index) => 10 ** (-4 + (4 * index) / 19));
  assert.deepEqual(marksOf(axisOf('lr', many)).map(({ text }) => text), ['0.0001', '0.001', '0.01', '0.1', '1']);
});

test('a span means the same values when new trials make its axis longer', () => {
  const [before, after] = [axisOf('lr', [0.001, 0.1]), axisOf('lr', [0.00001, 10])];
  const spans = spansIn(spansText([spanBetween(before, 0.5, 1) ?? wholeSpan(before)]));
  assert.deepEqual(spans, [{ name: 'lr', from: 0.01, to: 0.1 }]);
  for (const [value, isKept] of [[0.005, false], [0.05, true], [0.1, true], [0.2, false]] as const) assert.equal(isWithin(trial({ lr: value }), spans, [after]), isKept, `${value}`);
});

test('a drag over an axis of categories keeps those that it passed', () => {
  const axis = axisOf('optimizer', ['adam', 'rmsprop', 'sgd']);
  assert.deepEqual(spanBetween(axis, 0.4, 1), { name: 'optimizer', categories: ['rmsprop', 'sgd'] });
  assert.equal(spanBetween(axis, 0.1, 0.3), null);
  assert.deepEqual(sharesOf(axis, { name: 'optimizer', categories: ['adam', 'gone'] }), [[0, 0.015]]);
});

test('every span of a whole axis holds every trial that has a value on it', () => {
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), fc.record({ adam: fc.record({ lr: fc.double({ noNaN: true, noDefaultInfinity: true }) }) }));
  fc.assert(fc.property(fc.array(value, { minLength: 2 }), (values) => {
    fc.pre(new Set(values.map((each) => (typeof each === 'number' ? each : setting(each)))).size > 1);
    const axis = axisOf('x', values);
    const whole = spanBetween(axis, 0, 1) ?? wholeSpan(axis);
    for (const each of values) assert.ok(isWithin(trial({ x: each }), [whole, wholeSpan(axis)], [axis]), JSON.stringify(each));
  }));
});

test('an address gives back the spans that were written into it, whatever they are called, and leaves out what is none', () => {
  const name = fc.string({ minLength: 1, unit: fc.oneof(fc.constantFrom('~', ':', '=', ',', '%', '.'), fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' })) });
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const span: fc.Arbitrary<Span> = fc.oneof(fc.record({ name, from: number, to: number }, { noNullPrototype: true }), fc.record({ name, categories: fc.uniqueArray(name) }, { noNullPrototype: true }));
  fc.assert(fc.property(fc.array(span), (spans) => {
    assert.deepEqual(spansIn(spansText(spans)), spans);
  }));
  assert.deepEqual(spansIn('lr~lr:a:b~:1:2~lr:0.1:0.2:0.3~'), []);
  assert.deepEqual(spansIn(null), []);
});

test('a span holds fifty categories at most, so that an address stays one that servers take', () => {
  const axis = axisOf('id', Array.from({ length: 300 }, (_, index) => `c${index}`));
  for (const span of [wholeSpan(axis), spanBetween(axis, 0, 1)]) assert.deepEqual(span, { name: 'id', categories: Array.from({ length: 50 }, (_, index) => `c${index}`) });
  const [read] = spansIn(`id=${Array.from({ length: 300 }, (_, index) => `c${index}`).join(',')}`);
  assert.ok(read !== undefined && 'categories' in read && read.categories.length === 50);
});

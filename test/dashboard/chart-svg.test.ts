import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loneValues, type ChartSpec } from '../../dashboard/components/chart-spec.js';
import { chartSvg } from '../../dashboard/components/chart-svg.js';
import { powers, steps, tickText, timeSteps, timeTexts } from '../../dashboard/components/ticks.js';
import { usableLanguage } from '../../dashboard/text/language.js';

const COLOURS = { background: '#ffffff', text: '#000000', grid: '#cccccc', series: (colour: number) => `#00000${colour}` };

const SPEC: ChartSpec = {
  title: 'val.loss <b> & "co"',
  x: { label: 'Epoch', whole: true },
  y: { label: 'val.loss', log: true },
  xs: [1, 2, 3],
  series: [
    { label: 'trial 1', values: [1, null, 0.01], colour: 1, kind: 'line' },
    { label: 'trial 2', values: [0.1, 0, 0.1], colour: 2, kind: 'points' },
  ],
};

test('marks are round numbers within the axis: 1, 2 or 5 times a power of ten apart', () => {
  // By hand.
  assert.deepEqual(steps(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(steps(0.13, 0.61), [0.2, 0.3, 0.4, 0.5, 0.6]);
  assert.deepEqual(steps(1, 3, { closest: 1 }), [1, 2, 3]);
  assert.deepEqual(powers(0.002, 30), [0.01, 0.1, 1, 10]);
  assert.deepEqual(powers(2, 30), [2, 5, 10, 20]);
  assert.deepEqual(powers(0.6, 1), [0.6, 0.7, 0.8, 0.9, 1]);
  assert.deepEqual(powers(0.5, 1), [0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  assert.deepEqual(powers(1e-30, 1).map(tickText), ['1e-30', '1e-26', '1e-22', '1e-18', '1e-14', '1e-10', '1e-6', '0.01']);
  assert.deepEqual([0.0001, 0.25, 1_500, 2e7, 0.1 + 0.2, 0].map(tickText), ['0.0001', '0.25', '1500', '2e+7', '0.3', '0']);
});

test('marks lie within the axis, at most one more than parts, in ascending order, and no two read the same', () => {
  fc.assert(fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-2, max: 1e6, noNaN: true }), fc.integer({ min: 2, max: 12 }), (least, width, parts) => {
    const found = steps(least, least + width, { parts });
    const slack = 1e-9 * (Math.abs(least) + width);
    assert.ok(found.every((mark) => mark >= least - slack && mark <= least + width + slack), `${least} ${width}: ${found.join(' ')}`);
    assert.ok(found.length <= parts + 1, `${found.length} of ${parts}`);
    assert.deepEqual(found, [...new Set(found)].sort((a, b) => a - b));
  }));
});

test('marks of time are round ones, and no two of an axis read the same, be it a tenth of a second long or a year', () => {
  // 2026-11-29T10:07:44Z.
  const noon = 1_795_946_864;
  assert.deepEqual(timeSteps(noon + 0.05, noon + 1.3).map((mark) => Number((mark - noon).toFixed(3))), [0.5, 1]);
  assert.deepEqual(timeSteps(noon, noon + 60).map((mark) => mark - noon), [6, 16, 26, 36, 46, 56]);
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 100, max: 31_536_000_000 }), (after, spanMs) => {
    const marks = timeSteps(noon + after, noon + after + spanMs / 1_000);
    assert.ok(marks.length >= 1 && marks.length <= 14, `${marks.length} marks of ${spanMs} ms`);
    const texts = timeTexts(marks).map((text, index, all) => `${text} ${dayAt(all, index)}`);
    assert.equal(new Set(texts).size, texts.length, texts.join('; '));
  }), { numRuns: 40 });
});

test('a time that is marked alone is told to the second, with its day', () => {
  // A sweep of seven seconds on a phone: there is room for one mark.
  const [text = '', ...others] = timeTexts([1_795_946_864]);
  assert.deepEqual(others, []);
  assert.match(text, /\d\d:\d\d:44.*\n.*2026/);
});

test('a language that Intl refuses is told without its modifier, and one that it takes stays', () => {
  assert.deepEqual(['en-US@posix', 'de-DE.UTF-8', 'C', '', 'pt-BR'].map(usableLanguage), ['en-US', 'de-DE', 'en-US', 'en-US', 'pt-BR']);
});

/** The day that was told last. */
function dayAt(texts: readonly string[], index: number): string {
  return texts.slice(0, index + 1).findLast((text) => text.includes('\n'))?.split('\n')[1] ?? '';
}

test('a logarithmic axis is drawn by its logarithm, and what has no place on it is left out', () => {
  const svg = chartSvg(SPEC, COLOURS);
  // From 1 at the top (y 48) to 0.01 at the bottom (y 476): 0.1 in the middle, at 262.
  assert.deepEqual([...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]).filter(([, y]) => y === 262), [[84, 262], [936, 262]]);
  // The line breaks where there is no value.
  assert.match(svg, /<path d="M84 48M936 476"/);
});

test('a value that no line leads to is drawn as a point', () => {
  const line = (values: (number | null)[], spansGaps = false) => loneValues({ label: '', values, colour: 1, kind: 'line', spansGaps });
  assert.deepEqual(line([1, null, 2, 3, null, 4]), [0, 5]);
  assert.deepEqual(line([1, null, 2], true), []);
  assert.deepEqual(line([null, 1, null], true), [1]);
  assert.deepEqual(line([null, null], true), []);
});

test('a value between two that a logarithmic axis has no place for is a point, as on the page', () => {
  const svg = chartSvg({ ...SPEC, series: [{ label: 'falls to 0', values: [0, 0.1, 0], colour: 1, kind: 'line' }, { label: 'all', values: [1, 0.1, 0.01], colour: 2, kind: 'line' }] }, COLOURS);
  assert.deepEqual([...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, ...place]) => place), [['510', '262']]);
});

test('of lines that lie on each other the first of the legend is drawn above', () => {
  const series = ['best', 'worst'].map((label, index) => ({ label, values: [1, 2, 3], colour: index + 1, kind: 'line' as const }));
  const svg = chartSvg({ ...SPEC, series }, COLOURS);
  assert.deepEqual([...svg.matchAll(/<path [^>]*stroke="(#\d+)"/g)].map(([, stroke]) => stroke), ['#000002', '#000001']);
});

test('names are text in the file, whatever they hold', () => {
  const svg = chartSvg(SPEC, COLOURS);
  assert.match(svg, /val\.loss &lt;b&gt; &amp; &quot;co&quot;/);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => {
    const inner = chartSvg({ ...SPEC, title: name, series: [{ label: name, values: [1, 2, 3], colour: 1, kind: 'line' }] }, COLOURS);
    assert.ok(!/<(?!\/?(svg|rect|text|line|path|circle)[\s>])/.test(inner), inner.slice(0, 400));
    assert.ok(!/\p{Cc}/u.test(inner.replace(/\n$/, '')));
  }));
});

test('the legend names a dozen of many lines and counts the others, so a picture stays a picture', () => {
  const series = Array.from({ length: 1_000 }, (_, index) => ({ label: `trial ${index}`, values: [1, 2, 3], colour: 1, kind: 'line' as const }));
  const svg = chartSvg({ ...SPEC, series }, COLOURS);
  assert.match(svg, /^<svg [^>]*height="640"/);
  assert.match(svg, /and 988 more/);
  assert.equal(svg.match(/trial \d+</g)?.length, 12);
});

test('steps hold their value until the next one', () => {
  const svg = chartSvg({ ...SPEC, y: { label: 'best' }, series: [{ label: 'best', values: [3, null, 1], colour: 1, kind: 'step' }] }, COLOURS);
  assert.match(svg, /<path d="M84 48H936V476"/);
});

test('beyond the eight colours of the palette lines are dashed, in the legend too', () => {
  const series = [1, 9].map((colour) => ({ label: `trial ${colour}`, values: [1, 2, 3], colour, kind: 'line' as const }));
  const svg = chartSvg({ ...SPEC, series }, COLOURS);
  assert.deepEqual([...svg.matchAll(/<(path|line)[^>]*stroke-dasharray="6 4"/g)].map(([, name]) => name), ['path', 'line']);
});

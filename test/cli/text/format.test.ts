import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { it } from 'node:test';
import fc from 'fast-check';
import { bytes, duration, parseBytes, settingText, wholeSeconds } from '../../../cli/text/format.js';
import { mistakeLines } from '../../../cli/text/mistake-lines.js';
import { confusionTable, csv, sparkline, table } from '../../../cli/text/table.js';
import { shellWord } from '../../../proto/shell-word.js';

it('durations are said in the two largest units', () => {
  assert.deepEqual([850, 1_000, 59_499, 60_000, 200_000, 7_500_000, Number.NaN].map(duration), ['850 ms', '1 s', '59 s', '1 min', '3 min 20 s', '2 h 5 min', 'unknown']);
});

it('sizes are read and said in powers of 1,000, KiB and its like in powers of 1,024', () => {
  assert.deepEqual(['512MB', '2GB', '1.5g', '64MiB', '1500000000', '0.5', 'many', '-1GB'].map(parseBytes), [512e6, 2e9, 1.5e9, 64 * 1024 ** 2, 1.5e9, 1, null, null]);
  assert.deepEqual([0, 999, 1_000, 1_550_000, 999_700_000].map(bytes), ['0 B', '999 B', '1.0 kB', '1.6 MB', '1.0 GB']);
});

it('a schedule is one word with its parameters', () => {
  assert.equal(settingText({ piecewise: { initial: 0.01, factor: 0.2, every: 5 } }), 'piecewise(initial 0.01, factor 0.2, every 5)');
  assert.equal(settingText([8, 16]), '[8, 16]');
});

it('a drawn number has four digits, a written one its own, and neither turns into a whole number', () => {
  assert.deepEqual([0.0012345678901234567, 1e-7 / 3, 0.1 + 0.2, 0.9999871234567].map(settingText), ['0.001235', '3.333e-8', '0.3', '0.99999']);
  assert.deepEqual([0.99999, 1234.5, 61706, 123456789, 0.0001].map(settingText), ['0.99999', '1234.5', '61706', '123456789', '0.0001']);
  assert.deepEqual([1e20, -1e15, 1e30, 999_999_999_999_999].map(settingText), ['1e+20', '-1e+15', '1e+30', '999999999999999']);
  assert.equal(settingText({ cosine: { initial: 0.01234567890123 } }), 'cosine(initial 0.01235)');
});

it('any text passes through a shell as one word, unchanged', () => {
  const words = fc.array(fc.string({ minLength: 1 }).filter((word) => !word.includes('\0')), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(words, (all) => {
      const printed = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${all.map(shellWord).join(' ')}`], { encoding: 'utf8' });
      assert.deepEqual(printed.split('\0').slice(0, -1), all);
    }),
    { numRuns: 25 },
  );
});

it('CSV quotes what needs it', () => {
  assert.equal(csv([['a', 'b,c', 'say "x"', 'two\nlines']]), 'a,"b,c","say ""x""","two\nlines"\r\n');
});

it('a table pads to its widest cell and ends no line with a space', () => {
  const columns = [
    { title: 'name', value: (row: [string, number]) => row[0] },
    { title: 'n', value: (row: [string, number]) => String(row[1]), align: 'right' as const },
    { title: 'note', value: () => '' },
  ];
  assert.deepEqual(table(columns, [['a', 5], ['longer', 10]]), ['name     n  note', 'a        5', 'longer  10']);
});

it('a sparkline rises with its values and leaves gaps where there are none', () => {
  assert.equal(sparkline([0, 1, null, 7]), '▁▂ █');
  assert.equal(sparkline([3, 3]), '▁▁');
  assert.equal(sparkline([]), '');
});

it('a confusion table has the true classes in its rows', () => {
  assert.deepEqual(confusionTable([[5, 1], [0, 12]], ['NORMAL', 'PNEUMONIA']), ['true \\ predicted  NORMAL  PNEUMONIA', 'NORMAL                 5          1', 'PNEUMONIA              0         12']);
});

it('a table may have more rows than a call takes arguments', () => {
  assert.equal(table([{ title: 'n', value: String }], Array.from({ length: 200_000 }, (_, row) => row)).length, 200_001);
});

it('estimates are whole seconds, and of many mistakes twenty are shown', () => {
  assert.deepEqual([0, 474, 1_400, 90_000].map(wholeSeconds), ['1 s', '1 s', '1 s', '1 min 30 s']);
  const mistakes = Array.from({ length: 23 }, (_, index) => ({ line: index + 1, column: 1, field: 'x', found: 'a', expected: 'b', suggestion: null }));
  const lines = mistakeLines('a.yaml', mistakes).split('\n');
  assert.deepEqual([lines.length, lines.at(-1)], [21, 'a.yaml: and 3 more mistakes']);
  assert.equal(mistakeLines('a.yaml', mistakes.slice(0, 20)).split('\n').length, 20);
});

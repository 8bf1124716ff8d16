import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readReport, resultOf } from '../../../worker/train/program-report.js';
import { LONGEST_LINE, ReportLines } from '../../../worker/train/report-lines.js';

/** What a reader makes of these chunks: reports, and the bytes of everything else. */
function read(chunks: readonly Buffer[]): { readonly reports: string[]; readonly other: string } {
  const reports: string[] = [];
  const other: Uint8Array[] = [];
  const lines = new ReportLines({ report: (line) => readReport(line) !== null && reports.push(line) > 0, other: (bytes) => other.push(Buffer.from(bytes)) });
  for (const chunk of chunks) lines.write(chunk);
  lines.end();
  return { reports, other: Buffer.concat(other).toString() };
}

const report = fc.nat(99).map((epoch) => `{"epoch": ${epoch}, "metrics": {"é": ${epoch}}}`);
const noise = fc.constantFrom('', 'Epoch 1/2', '{', '{"level": "info"}', '  {"epoch": 1}', '{"metrics": {}}', '\r', '}{', 'ünï');

test('reports and everything else are told apart, however the bytes arrive', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(report, noise)), fc.array(fc.nat(40)), fc.boolean(), (lines, cuts, ends) => {
      const text = Buffer.from(lines.join('\n') + (ends ? '\n' : ''));
      const chunks: Buffer[] = [];
      let from = 0;
      for (const size of cuts) {
        chunks.push(text.subarray(from, from + size));
        from += size;
      }
      chunks.push(text.subarray(from));
      const isReport = (line: string): boolean => line.includes('"epoch"') && line.includes('"metrics"');
      const found = read(chunks);
      assert.deepEqual(found.reports, lines.filter(isReport));
      assert.equal(found.other.replaceAll('\n', ''), lines.filter((line) => !isReport(line)).join(''));
    }),
  );
});

test('a line longer than any report is none, whatever it says, and the next one counts', () => {
  const long = `{"epoch": 0, "metrics": {"a": 1}, "x": "${'y'.repeat(LONGEST_LINE)}"}`;
  const { reports, other } = read([Buffer.from(`${long}\n{"epoch": 0, "metrics": {"a": 2}}\n`)]);
  assert.deepEqual(reports, ['{"epoch": 0, "metrics": {"a": 2}}']);
  assert.equal(other, `${long}\n`);
});

test("Python's NaN and Infinity are no numbers, and stay words inside texts", () => {
  assert.deepEqual(readReport('{"epoch": 0, "metrics": {"NaN": NaN, "a \\" Infinity": -Infinity}}'), { epoch: 0, metrics: { NaN: null, 'a " Infinity': null } });
  assert.deepEqual(resultOf({ a: null, b: 2 }, 0), { metrics: { b: 2 }, confusion: null, diverged: true });
});

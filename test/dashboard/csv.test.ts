/** Fields: RFC 4180, section 2. Formulas: OWASP, "CSV Injection". */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csv, type Cell } from '../../dashboard/text/csv.js';

test('a field with a comma, a quote or a line end stands in quotes, and rows end in CRLF', () => {
  assert.equal(csv(['name', 'says'], [['a,b', 'she said "no"'], ['two\nlines', null], ['plain', true]]), 'name,says\r\n"a,b","she said ""no"""\r\n"two\nlines",\r\nplain,true\r\n');
});

test('a text that a spreadsheet would take for a formula begins with an apostrophe, a number never does', () => {
  const cells: readonly Cell[] = ['=HYPERLINK("http://a")', '+cmd|x', '-2+3', '@SUM(A1)', '\tx', '-0.5', -0.5, 'a=b', '-'];
  assert.deepEqual(parse(csv(['=1+1'], [cells]), { relax_column_count: true }), [["'=1+1"], [`'=HYPERLINK("http://a")`, "'+cmd|x", "'-2+3", "'@SUM(A1)", "'\tx", '-0.5', '-0.5', 'a=b', "'-"]]);
});

test('whatever stands in a table is read back as it was, and never as a formula', () => {
  const cell = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '"', ',', 'a', '1') }), fc.double({ noNaN: true }), fc.boolean());
  fc.assert(fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 }), (rows) => {
    const read = parse(csv(['x', 'y'], rows), { record_delimiter: '\r\n' });
    assert.equal(read.length, rows.length + 1);
    for (const [index, row] of rows.entries()) {
      for (const [column, value] of row.entries()) {
        const text = read[index + 1]?.[column] ?? '';
        assert.equal(text.startsWith("'") && typeof value === 'string' && !value.startsWith("'") ? text.slice(1) : text, String(value));
        assert.ok(!/^[=+\-@\t\r]/.test(text) || !Number.isNaN(Number(text)), JSON.stringify(text));
      }
    }
  }));
});

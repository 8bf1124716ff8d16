import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { oneLine } from '../../proto/one-line.js';

it('what breaks a line becomes one space, and everything else stays', () => {
  assert.equal(oneLine('a  b\n   c\r\n\td\u2028e\u0007'), 'a  b c d e');
  assert.equal(oneLine('x'.repeat(20), 10), 'xxxxxxx...');
  assert.equal(oneLine('y'.repeat(2_000), Infinity).length, 2_000);
});

it('nothing of any text ends the line, and none is longer than it may be', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 4, max: 80 }), (text, longest) => {
      const line = oneLine(text, longest);
      assert.ok(line.length <= longest);
      assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u);
    }),
  );
});

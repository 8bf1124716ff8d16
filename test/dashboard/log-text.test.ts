import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endedSince, fileText, foundIn, LineFinder, linesOf, MOST_LINES, NO_LINES, saying, shownLine, withText, type LogLines } from '../../dashboard/text/log-text.js';

const shown = (log: LogLines): string[] => saying(log).map(({ raw, leftOut }) => (leftOut === null ? shownLine(raw) : `(${leftOut})`));

test('a log is the same lines however its text was cut, and each has its number', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\t'), maxLength: 5 });
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(4)), (lines, steps) => {
      const whole = lines.join('\n');
      let log = NO_LINES;
      let at = 0;
      for (const step of [...steps.map((size) => size + 1), whole.length]) {
        const text = whole.slice(at, at + step);
        if (text !== '') log = withText(log, { from: at, to: at + text.length, text });
        at += text.length;
      }
      assert.deepEqual(log.lines.map(({ raw }) => raw), whole === '' ? [] : lines);
      assert.deepEqual(log.lines.map(({ number }) => number), log.lines.map((_, index) => index));
    }),
  );
});

test('what was left out stands as a line of its own, and nothing is taken twice', () => {
  let log = withText(NO_LINES, { from: 100, to: 104, text: 'one\n' });
  log = withText(log, { from: 100, to: 104, text: 'one\n' });
  log = withText(log, { from: 104, to: 106, text: 'tw' });
  log = withText(log, { from: 200, to: 206, text: 'three\n' });
  assert.deepEqual(shown(log), ['(100)', 'one', 'tw', '(94)', 'three']);
  assert.equal(fileText(log), '[100 bytes left out]\none\ntw\n[94 bytes left out]\nthree\n');
});

test('of a text that is there in part, what is new is taken, by its bytes', () => {
  const one = withText(NO_LINES, { from: 0, to: 6, text: '€ on' });
  // Three bytes of the sign, and ` on` again.
  assert.deepEqual(shown(withText(one, { from: 3, to: 10, text: ' one\ntw' })), ['€ one', 'tw']);
  assert.deepEqual(shown(withText(one, { from: 0, to: 10, text: '€ one\ntw' })), ['€ one', 'tw']);
  // A byte that is no UTF-8 reads as U+FFFD, whose own UTF-8 has three.
  assert.deepEqual(shown(withText(one, { from: 4, to: 9, text: 'on\ufffd!\n' })), ['€ on\ufffd!']);
});

test('a line is looked through once, however often its log grows', () => {
  const finder = new LineFinder('loss');
  const log = linesOf('step 1: loss 2\nsaved\nstep 2: lo');
  const before = finder.in(log);
  const grown = withText(log, { from: log.end, to: log.end + 10, text: 'ss 1\nstep ' });
  const found = finder.in(grown);
  assert.deepEqual(found.map(({ line }) => line.raw), ['step 1: loss 2', 'step 2: loss 1']);
  assert.equal(found[0], before[0], 'as it was found before');
  assert.equal(finder.in(grown)[1], found[1]);
});

test('lines that ended since are those that no text is added to any more', () => {
  const one = withText(NO_LINES, { from: 0, to: 6, text: 'one\ntw' });
  const two = withText(one, { from: 6, to: 14, text: 'o\nthree\n' });
  const gap = withText(two, { from: 20, to: 25, text: 'four\n' });
  const texts = (before: LogLines, log: LogLines): string[] => endedSince(before, log).map(({ raw }) => raw);
  assert.deepEqual([texts(NO_LINES, one), texts(one, two), texts(two, gap), texts(gap, gap)], [['one'], ['two', 'three'], ['four'], []]);
  const flooded = withText(one, { from: 6, to: 60_006, text: 'x\n'.repeat(30_000) });
  assert.equal(endedSince(one, flooded).length, MOST_LINES - 1);
});

test('only the newest lines are kept, however many come, and a line without end is bounded', () => {
  let log = linesOf(Array.from({ length: MOST_LINES }, (_, index) => `line ${index}\n`).join(''));
  log = withText(log, { from: log.end, to: log.end + 5, text: 'last\n' });
  assert.equal(log.lines.length, MOST_LINES);
  assert.deepEqual([log.lines[0]?.raw, log.lines[0]?.number, saying(log).at(-1)?.raw, log.dropped], ['line 2', 2, 'last', 2]);
  assert.match(fileText(log), /^\[2 lines before these are not kept by this page\]\nline 2\n/);
  assert.ok((linesOf('x'.repeat(1_000_000)).lines[0]?.raw.length ?? 0) < 20_000);
});

test('control characters, marks of direction and ends of paragraphs are shown as signs; a progress bar by its last state', () => {
  assert.equal(shownLine('\u001b[31mred\u001b[0m\u0007\u0000\u007f\u0085'), '␛[31mred␛[0m␇␀␡\ufffd');
  assert.equal(shownLine('a\u202eb\u2066c\u2028d'), 'a<U+202E>b<U+2066>c<U+2028>d');
  assert.equal(shownLine('a\tb'), 'a\tb');
  assert.equal(shownLine('10%\r50%\r100%\r'), '100%');
  assert.equal(shownLine('from Windows\r'), 'from Windows');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => assert.doesNotMatch(shownLine(raw), /[^\P{Cc}\t]|[\p{Bidi_Control}\u2028\u2029]/u)));
});

test('a text is found whatever its case, and the pieces are the line', () => {
  assert.deepEqual(foundIn('Loss 1, loss 2', 'LOSS'), [{ text: 'Loss', isFound: true }, { text: ' 1, ', isFound: false }, { text: 'loss', isFound: true }, { text: ' 2', isFound: false }]);
  assert.equal(foundIn('loss', 'auc'), null);
  assert.deepEqual(foundIn('loss', ''), [{ text: 'loss', isFound: false }]);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', maxLength: 2 }), (line, wanted) => {
      const pieces = foundIn(line, wanted);
      assert.equal(pieces === null, !line.toLowerCase().includes(wanted.toLowerCase()));
      if (pieces !== null) assert.equal(pieces.map(({ text }) => text).join(''), line);
    }),
  );
});

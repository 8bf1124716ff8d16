import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closed, opened, openIn, openText, type OpenStages } from '../../dashboard/state/open-stages.js';

/** As twelve digits. */
const key = (number: number): string => number.toString(16).padStart(12, '0');

/** One below the other. */
function chain(length: number): OpenStages {
  return Array.from({ length }, (_, depth) => depth).reduce<OpenStages>((open, depth) => opened(open, key(depth), { above: Array.from({ length: depth }, (__, above) => key(above)) }), new Map());
}

test('what is open stands in the address, with where its list begins', () => {
  const open = opened(opened(new Map(), key(1), { above: [] }), key(2), { offset: 100, above: [key(1)] });
  assert.equal(openText(open), `${key(1)}~${key(2)}.100`);
  assert.deepEqual(openIn(openText(open)), open);
  assert.deepEqual(closed(open, key(1)), new Map([[key(2), 100]]));
});

test('the forty-first open stage closes the one that was opened first, and none that it stands in', () => {
  // Two that stand under nothing are opened between the root and what is below it.
  let open = opened(new Map(), key(0), { above: [] });
  for (let other = 1; other < 40; other += 1) open = opened(open, key(other), { above: [] });
  assert.equal(open.size, 40);
  open = opened(open, key(100), { above: [key(0)] });
  assert.equal(open.size, 40);
  assert.deepEqual([open.has(key(0)), open.has(key(1)), open.has(key(2)), open.has(key(100))], [true, false, true, true]);
  assert.deepEqual(openIn(openText(open)), open);
});

test('turning the list of a stage keeps what it stands in, and where their lists begin', () => {
  const open = opened(chain(3), key(0), { offset: 200, above: [] });
  const turned = opened(open, key(2), { offset: 100, above: [key(0), key(1)] });
  assert.deepEqual([turned.get(key(0)), turned.get(key(1)), turned.get(key(2))], [200, 0, 100]);
});

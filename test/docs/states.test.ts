import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { sweepTransitions, trialTransitions } from '../../coordinator/trial/states.js';
import { packageRoot } from '../../proto/package-root.js';

const page = readFileSync(join(packageRoot(), 'docs', 'states.md'), 'utf8');

/** The arrows of the diagram under a heading, as `from --> to`. */
function arrows(heading: string): string[] {
  const section = page.slice(page.indexOf(`## ${heading}`));
  const diagram = /```mermaid\n([^`]+)```/.exec(section)?.[1] ?? '';
  return [...diagram.matchAll(/^\s+(\S+) --> (\S+)$/gm)].map((match) => `${match[1]} --> ${match[2]}`);
}

function moves(transitions: { readonly [from: string]: readonly string[] }, first: string): string[] {
  const all = Object.entries(transitions).flatMap(([from, to]) => (to.length === 0 ? [`${from} --> [*]`] : to.map((next) => `${from} --> ${next}`)));
  return [`[*] --> ${first}`, ...all];
}

for (const [heading, transitions, first] of [['A sweep', sweepTransitions, 'running'], ['A trial', trialTransitions, 'queued']] as const) {
  it(`docs/states.md draws exactly the moves of ${heading.toLowerCase()}`, () => {
    assert.deepEqual(arrows(heading).toSorted(), moves(transitions, first).toSorted());
  });
}

it('every state has its line in a table', () => {
  for (const state of [...Object.keys(sweepTransitions), ...Object.keys(trialTransitions)]) assert.match(page, new RegExp(`^\\| ${state} \\|`, 'm'));
});

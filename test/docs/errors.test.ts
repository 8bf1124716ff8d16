import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';
import { DATA_PROBLEM_CODES } from '../../cli/data/problem.js';

const root = packageRoot();

/** How a code stands in the source: a class's field, a property of what is sent, an answer of the blob routes, or to a worker. */
const PATTERNS = [/\bcode(?:: [A-Za-z]+)? = '([A-Z][A-Za-z]+)'/g, /\bcode: '([A-Z][A-Za-z]+)'/g, /\brefuse\((?:reply, \d+|peer), '([A-Z][A-Za-z]+)'/g];

function codesInSource(): Set<string> {
  const codes = new Set<string>([...DATA_PROBLEM_CODES, ...outcomeClasses(), 'Diverged']);
  for (const folder of ['proto', 'blob', 'coordinator', 'worker', 'cli']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.includes('generated')) continue;
      const text = readFileSync(join(root, folder, file), 'utf8');
      for (const pattern of PATTERNS) for (const match of text.matchAll(pattern)) codes.add(match[1] ?? '');
    }
  }
  return codes;
}

/** The failures among the outcomes of an attempt, as proto/work.ts lists them. */
function outcomeClasses(): string[] {
  const text = readFileSync(join(root, 'proto', 'work.ts'), 'utf8');
  const union = /export type OutcomeClass =([^;]+);/.exec(text)?.[1] ?? '';
  return [...union.matchAll(/'([A-Z][A-Za-z]+)'/g)].map((match) => match[1] ?? '');
}

it('docs/errors.md lists exactly the codes that the source has, each once', () => {
  const listed = [...readFileSync(join(root, 'docs', 'errors.md'), 'utf8').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '');
  assert.deepEqual(listed.toSorted(), [...codesInSource()].toSorted());
});

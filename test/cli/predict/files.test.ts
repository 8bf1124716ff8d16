import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { imageFiles } from '../../../cli/predict/files.js';
import { temporaryFolder } from '../../support/images.js';

function place(t: TestContext, names: readonly string[]): string {
  const folder = join(temporaryFolder(t), 'x');
  mkdirSync(folder);
  for (const name of names) writeFileSync(join(folder, name), '');
  const before = process.cwd();
  process.chdir(join(folder, '..'));
  t.after(() => process.chdir(before));
  return folder;
}

test('what systems leave behind is not predicted, and a link that leads nowhere is not passed over', (t) => {
  const folder = place(t, ['a.png', 'Thumbs.db', '.hidden']);
  symlinkSync('nowhere', join(folder, 'b.png'));
  symlinkSync('c.png', join(folder, 'c.png'));
  assert.deepEqual(imageFiles(['x']), ['x/a.png', 'x/b.png', 'x/c.png']);
});

test('a pattern finds the same files with ./ before it', (t) => {
  place(t, ['a.png', 'b.jpg']);
  assert.deepEqual(imageFiles(['x/*.png']), ['x/a.png']);
  assert.deepEqual(imageFiles(['./x/*.png']), ['x/a.png']);
});

test('a bracket or brace without its other half stands for itself, and a pattern that means nothing is one line', (t) => {
  place(t, ['q[1.png', 'a}1.png']);
  assert.deepEqual(imageFiles(['x/q[*.png']), ['x/q[1.png']);
  assert.deepEqual(imageFiles(['x/a}*.png']), ['x/a}1.png']);
  assert.throws(() => imageFiles(['x/q[z-a].png']), { code: 'BadInput', message: /^x\/q\[z-a\]\.png: found a pattern that cannot be read/ });
  assert.throws(() => imageFiles(['x/{a,{b,c}}.png']), { code: 'BadInput', message: /no such file/ });
});

test('a pipe is not waited on', (t) => {
  const folder = place(t, []);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  assert.throws(() => imageFiles(['x/pipe']), { code: 'BadInput' });
});

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { programFiles } from '../../../cli/program/files.js';
import type { CommandSpec } from '../../../coordinator/sweep/spec.js';
import { temporaryFolder } from '../../support/images.js';

function folderWith(t: TestContext, ...files: string[]): string {
  const folder = temporaryFolder(t);
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}
const found = (folder: string, command: readonly string[], files: readonly string[] | null): readonly string[] => {
  const { paths, problems } = programFiles(folder, { kind: 'command', command, files, share: false, environment: {}, silenceMs: 1 } satisfies CommandSpec);
  assert.deepEqual(problems, []);
  return paths;
};

test('the words of a command that are files beside the sweep file go along, folders and others do not', (t) => {
  const folder = folderWith(t, 'train.py', 'data/x.csv', 'run.sh');
  assert.deepEqual(found(folder, ['python', './train.py', 'data', '--lr', '0.1', '/etc/hosts'], null), ['train.py']);
  assert.deepEqual(found(folder, ['./run.sh'], ['data']), ['data/x.csv', 'run.sh']);
});

test('folders and patterns leave out what is hidden, compiled or installed; a name alone takes it', (t) => {
  const folder = folderWith(t, 'a.py', 'b.txt', 'lib/c.py', 'lib/deep/d.py', 'lib/__pycache__/c.pyc', 'lib/.hidden', 'lib/node_modules/x/y.js', '.env');
  assert.deepEqual(found(folder, ['x'], ['*.py']), ['a.py']);
  assert.deepEqual(found(folder, ['x'], ['lib']), ['lib/c.py', 'lib/deep/d.py']);
  assert.deepEqual(found(folder, ['x'], ['lib/*.py']), ['lib/c.py']);
  assert.deepEqual(found(folder, ['x'], ['**/*.py']), ['a.py', 'lib/c.py', 'lib/deep/d.py']);
  assert.deepEqual(found(folder, ['x'], ['{a,b}.*', './lib/', '.env']), ['.env', 'a.py', 'b.txt', 'lib/c.py', 'lib/deep/d.py']);
});

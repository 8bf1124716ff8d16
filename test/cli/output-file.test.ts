/** What a disk that is full leaves behind. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { writeNew, writeOver } from '../../cli/output-file.js';
import { packageRoot } from '../../proto/package-root.js';
import { temporaryFolder } from '../support/images.js';

const MODULE = pathToFileURL(join(packageRoot(), 'dist', 'cli', 'output-file.js')).href;

/** Calls one of the functions where the system lets no file grow beyond a few KiB. Returns the error's code and message. */
function limited(name: 'writeNew' | 'writeOver', file: string): { code: string; message: string } {
  const program = `import { ${name} } from ${JSON.stringify(MODULE)};
    await ${name}(${JSON.stringify(file)}, 'x'.repeat(200_000)).catch(({ code, message }) => console.log(JSON.stringify({ code, message })));`;
  const said = execFileSync('sh', ['-c', 'ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, program], { encoding: 'utf8' });
  return JSON.parse(said) as { code: string; message: string };
}

test('a file that does not fit on the disk is not there, and the one before it stays', (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['writeNew', 'writeOver'] as const) {
    const { code, message } = limited(name, join(folder, 'x.png'));
    assert.equal(code, 'CommandFailed');
    assert.match(message, /x\.png could not be written: EFBIG/);
    assert.deepEqual(readdirSync(folder), []);
  }
  writeFileSync(join(folder, 'x.png'), 'before');
  limited('writeOver', join(folder, 'x.png'));
  assert.deepEqual(readdirSync(folder), ['x.png']);
  assert.equal(readFileSync(join(folder, 'x.png'), 'utf8'), 'before');
});

test('a new file takes the place of none', async (t) => {
  const file = join(temporaryFolder(t), 'x.yaml');
  await writeNew(file, 'first');
  await assert.rejects(writeNew(file, 'second'), { code: 'BadInput', message: /x\.yaml is there already/ });
  assert.equal(readFileSync(file, 'utf8'), 'first');
  await writeOver(file, 'second');
  assert.equal(readFileSync(file, 'utf8'), 'second');
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';

it('what is committed as generated equals what is generated from its source: messages from trawl.proto, schemas of answers from their types', () => {
  const root = packageRoot();
  const folder = mkdtempSync(join(tmpdir(), 'trawl-generate-'));
  try {
    execFileSync(process.execPath, [join(root, 'tools', 'generate.mjs'), folder], { stdio: 'pipe' });
    for (const file of [join('proto', 'generated', 'trawl_pb.ts'), join('coordinator', 'api', 'generated', 'answer-schemas.ts')]) {
      assert.ok(readFileSync(join(folder, file.split(/[\\/]/).at(-1) ?? ''), 'utf8') === readFileSync(join(root, file), 'utf8'), `${file} is not what its source gives; run: npm run generate`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// Regenerates proto/generated from proto/trawl.proto, without a network. With an argument, writes
// the result to that folder instead (a test compares it with what is committed).
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const buf = join(dirname(require.resolve('@bufbuild/buf/package.json')), 'bin', 'buf');
const outDir = process.argv[2];
const plugins = {
  version: 'v2',
  plugins: [
    {
      local: [process.execPath, join(dirname(require.resolve('@bufbuild/protoc-gen-es/package.json')), 'bin', 'protoc-gen-es')],
      out: outDir ?? join(root, 'proto', 'generated'),
      // The plugin writes TypeScript enums, which the project's own code may not use: hence ts_nocheck.
      opt: ['target=ts', 'import_extension=js', 'ts_nocheck=true'],
    },
  ],
};

execFileSync(process.execPath, [buf, 'lint'], { cwd: root, stdio: 'inherit' });
execFileSync(process.execPath, [buf, 'generate', '--template', JSON.stringify(plugins)], { cwd: root, stdio: 'inherit' });

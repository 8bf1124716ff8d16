// Regenerates, without a network, proto/generated from proto/trawl.proto, and the schemas of what the API
// answers (coordinator/api/generated) from the types in coordinator/api/answers.ts. With an argument, writes
// the results to that folder instead (tests compare them with what is committed).
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

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

const generator = createGenerator({ path: join(root, 'coordinator', 'api', 'answers.ts'), tsconfig: join(root, 'tsconfig.json'), type: 'Answers', skipTypeCheck: true, additionalProperties: true, topRef: false, encodeRefs: false });
const [answers, refusal] = ['Answers', 'Refusal'].map((type) => {
  const schema = JSON.parse(JSON.stringify(generator.createSchema(type)).replaceAll('"#/definitions/', '"#/components/schemas/'));
  delete schema.$schema;
  return schema;
});
const { definitions, ...alone } = refusal;
writeFileSync(
  join(outDir ?? join(root, 'coordinator', 'api', 'generated'), 'answer-schemas.ts'),
  [
    '// Written by `npm run generate` from the types in coordinator/api/answers.ts.',
    "import type { Operation } from '../answers.js';",
    '',
    'type Schema = { readonly [keyword: string]: unknown };',
    '',
    '/** JSON Schemas; `definitions` are referred to as #/components/schemas/NAME. */',
    'export const answerSchemas: { readonly definitions: { readonly [name: string]: Schema }; readonly answers: { readonly [name in Operation]: Schema } } = ' +
      `${JSON.stringify({ definitions: { ...answers.definitions, ...definitions, Refusal: alone }, answers: answers.properties }, null, 1)};`,
    '',
  ].join('\n'),
);

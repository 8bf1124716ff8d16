import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-breaking-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const git = (...args: string[]): unknown => execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.org', ...args], { cwd: folder, stdio: 'pipe' });
const at = (name: string): string => join(folder, 'proto', name);

mkdirSync(join(folder, 'proto'));
cpSync(join(packageRoot(), 'buf.yaml'), join(folder, 'buf.yaml'));
for (const name of ['trawl.proto', 'messages.ts']) cpSync(join(packageRoot(), 'proto', name), at(name));
git('init', '-q', '-b', 'main');
git('add', '.');
git('commit', '-q', '-m', 'The protocol');
git('checkout', '-q', '-b', 'work');
const proto = readFileSync(at('trawl.proto'), 'utf8');
const messages = readFileSync(at('messages.ts'), 'utf8');

function check(changedProto: string, changedMessages = messages): { readonly code: number | null; readonly said: string } {
  writeFileSync(at('trawl.proto'), changedProto);
  writeFileSync(at('messages.ts'), changedMessages);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot(), 'tools', 'breaking.mjs'), folder], { encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

describe('the protocol against the last commit of main', () => {
  it('may gain fields and change names', () => {
    assert.deepEqual(check(proto), { code: 0, said: '' });
    const more = proto.replace('double epochs_per_second = 1;', 'double epochs_each_second = 1;\n  bool told = 99;');
    assert.notEqual(more, proto);
    assert.deepEqual(check(more), { code: 0, said: '' });
  });

  it('must not give a number another meaning, unless its version is raised', () => {
    const broken = proto.replace('double epochs_per_second = 1;', 'string epochs_per_second = 1;');
    assert.notEqual(broken, proto);
    const { code, said } = check(broken);
    assert.notEqual(code, 0);
    assert.match(said, /trawl\.proto:\d+:\d+:Field "1".* on message "BoxUse" changed type from "double" to "string"/);
    const version = Number(/PROTOCOL_VERSION = (\d+)/.exec(messages)?.[1]);
    const raised = check(broken, messages.replace(`PROTOCOL_VERSION = ${version}`, `PROTOCOL_VERSION = ${version + 1}`));
    assert.deepEqual(raised, { code: 0, said: `protocol: PROTOCOL_VERSION was raised from ${version}, so proto/trawl.proto may break\n` });
  });
});

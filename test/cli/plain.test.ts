import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { natsOf } from '../../cli/nats-option.js';
import { trawl } from './trawl.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-plain-'));
after(() => rmSync(folder, { recursive: true, force: true }));

it('a NATS server that others reach wants TLS, or a person who says --insecure', () => {
  for (const nats of ['nats://ada:s3cret@10.0.0.1', 'nats://127.0.0.1,nats://box']) {
    assert.throws(() => natsOf({ nats }), (error: Error) => /^--nats: found nats:\/\/\S+, which others reach, without TLS: .* name it as tls:\/\/HOST:PORT, or say --insecure/.test(error.message) && !error.message.includes('s3cret'), nats);
    assert.notEqual(natsOf({ nats, insecure: true }), null);
  }
  for (const nats of ['tls://box', 'nats://127.0.0.1', 'nats://localhost:1', 'nats://[::1]:4222']) assert.notEqual(natsOf({ nats }), null, nats);
});

it('nothing begins without TLS where others listen: exit 2, and nothing is created', async () => {
  const home = join(folder, 'home');
  for (const [words, mistakes] of [
    [['up', '--nats', 'nats://192.0.2.1'], /^--nats: found [^\n]+\n$/],
    [['worker', '--nats', 'nats://192.0.2.1', '--blobs', 'https://192.0.2.1:8080'], /^--nats: found [^\n]+\n$/],
    [['worker', '--coordinator', '192.0.2.1:7077', '--blobs', 'http://192.0.2.1:8080'], /^--coordinator: found [^\n]+ give --ca FILE, or --tls, [^\n]+\n--blobs: found [^\n]+ name an https:\/\/ address, [^\n]+\n$/],
  ] as const) {
    const { code, stderr } = await trawl([...words, '--home', home], { env: { TRAWL_TOKEN: 'x' } });
    assert.match(stderr, mistakes);
    assert.equal(code, 2);
  }
  assert.deepEqual(readdirSync(folder), []);
});

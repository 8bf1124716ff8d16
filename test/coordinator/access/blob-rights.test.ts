import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { BlobRights, type BlobUse, type Leased } from '../../../coordinator/access/blob-rights.js';

const PACKS: { readonly [manifest: string]: ReadonlySet<string> } = { data: new Set(['pack-1', 'pack-2']), others: new Set(['pack-3']) };
const LEASED: Leased = { attempts: 1, datasets: new Set(['data']), others: new Set(['checkpoint']), restoring: () => false };

function rights(leased: Leased | null, settled = true): BlobRights {
  return new BlobRights({ leased: (token) => (token === 'tok_1' ? leased : null), settled: () => settled, packsOf: async (manifest) => PACKS[manifest] ?? new Set() });
}

it('a lease reaches its data set with the packs, its checkpoint and its program, and nothing else', async () => {
  for (const blob of ['data', 'pack-1', 'pack-2', 'checkpoint']) await rights(LEASED).require('tok_1', 'fetch', blob);
  for (const blob of ['others', 'pack-3', 'another checkpoint']) {
    await assert.rejects(rights(LEASED).require('tok_1', 'fetch', blob), { code: 'BlobNotLeased', message: `no lease of this token's workers needs the blob ${blob}; a token of role viewer reads all blobs` });
  }
});

it('a worker stores while it has a lease, and what it was asked to put back', async () => {
  await rights(LEASED).require('tok_1', 'put', 'new');
  await rights(LEASED).require('tok_1', 'look', 'new');
  const idle = { ...LEASED, attempts: 0, datasets: new Set<string>(), others: new Set<string>(), restoring: (blob: string) => blob === 'lost' };
  await rights(idle).require('tok_1', 'put', 'lost');
  await assert.rejects(rights(idle).require('tok_1', 'put', 'new'), { code: 'BlobNotLeased', message: /no worker of this token has a lease, so it stores nothing/ });
  await assert.rejects(rights(idle).require('tok_1', 'fetch', 'lost'), { code: 'BlobNotLeased' });
});

it('after a change of leaders nothing is refused for good before every worker has had its time to come back', async () => {
  const asked = fc.record({ use: fc.constantFrom<BlobUse>('fetch', 'look', 'put'), token: fc.constantFrom('tok_1', 'tok_2'), blob: fc.constantFrom('data', 'pack-3', 'new'), back: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(asked, async ({ use, token, blob, back }) => {
      const said = await rights(back ? LEASED : null, false)
        .require(token, use, blob)
        .then(
          () => 'allowed',
          (error: unknown) => (error as { readonly code: string }).code,
        );
      assert.ok(said === 'allowed' || said === 'LeasesUnsettled', said);
    }),
  );
  await assert.rejects(rights(null).require('tok_1', 'fetch', 'data'), { code: 'BlobNotLeased' });
});

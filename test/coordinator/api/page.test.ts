/** How the dashboard's files are served, from a folder as the build leaves it. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import { readPage, registerPage } from '../../../coordinator/api/page.js';
import { temporaryFolder, writeTree } from '../../support/images.js';

const INDEX = '<!doctype html><script type="module" src="/assets/index-abc.js"></script>';
const SCRIPT = 'console.log("page");'.repeat(50);

function appWith(t: TestContext): FastifyInstance {
  const folder = temporaryFolder(t);
  writeTree(folder, {
    'index.html': INDEX,
    'assets/index-abc.js': SCRIPT,
    'assets/index-abc.js.br': brotliCompressSync(SCRIPT),
    'assets/index-abc.js.gz': gzipSync(SCRIPT),
    '.built': 'digest',
  });
  const app = Fastify();
  registerPage(app, readPage(folder));
  return app;
}

describe('the page', () => {
  it('sends an asset in the smallest encoding that is taken, for a browser to keep', async (t) => {
    const app = appWith(t);
    const smallest = await app.inject({ url: '/assets/index-abc.js', headers: { 'accept-encoding': 'gzip, deflate, br' } });
    assert.equal(smallest.headers['content-encoding'], 'br');
    assert.equal(brotliDecompressSync(smallest.rawPayload).toString(), SCRIPT);
    assert.equal(smallest.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(smallest.headers['content-type'], 'text/javascript; charset=utf-8');
    const older = await app.inject({ url: '/assets/index-abc.js', headers: { 'accept-encoding': 'gzip' } });
    assert.equal(gunzipSync(older.rawPayload).toString(), SCRIPT);
    const plain = await app.inject({ url: '/assets/index-abc.js' });
    assert.deepEqual([plain.body, plain.headers['content-encoding'], plain.headers.vary], [SCRIPT, undefined, 'accept-encoding']);
  });

  it('answers a browser at any view with the index, which is asked for again each time and allows nothing inline', async (t) => {
    const app = appWith(t);
    for (const url of ['/', '/index.html', '/sweeps/a%20b?sort=trial:asc', '/sweeps/v1.2', '/apiary']) {
      const { statusCode, body, headers } = await app.inject({ url, headers: { accept: 'text/html,*/*' } });
      assert.deepEqual([statusCode, body, headers['cache-control']], [200, INDEX, 'no-cache'], url);
    }
    const { headers } = await app.inject({ url: '/' });
    const again = await app.inject({ url: '/', headers: { 'if-none-match': headers.etag } });
    assert.deepEqual([again.statusCode, again.body], [304, '']);
  });

  it('answers other programs, other methods and what is no view as any address that is not there', async (t) => {
    const app = appWith(t);
    const html = { accept: 'text/html' };
    const asked = [
      app.inject({ url: '/sweeps/x', headers: { accept: 'application/json' } }),
      app.inject({ method: 'POST', url: '/', headers: html }),
      app.inject({ url: '/api/v1/nothing', headers: html }),
      app.inject({ url: '/assets/index-old.js', headers: html }),
      app.inject({ url: '/.built' }),
      app.inject({ url: '/../package.json' }),
      app.inject({ url: '/assets/%2e%2e/%2e%2e/package.json' }),
    ];
    for (const { statusCode, body } of await Promise.all(asked)) {
      assert.equal(statusCode, 404);
      assert.equal((JSON.parse(body) as { code: string }).code, 'NoSuchRoute');
    }
  });

  it('says how to make the page where it was not built', (t) => {
    assert.throws(() => readPage(temporaryFolder(t)), /found no index\.html in .*; npm run build makes it/);
  });
});

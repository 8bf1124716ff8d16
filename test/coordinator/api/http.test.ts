import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { FolderBlobStore } from '../../../blob/folder.js';
import { SweepNotFound } from '../../../coordinator/api/errors.js';
import { httpServer, listen } from '../../../coordinator/api/http.js';
import type { RequestedState, SubmitRequest, SweepService } from '../../../coordinator/api/views.js';

const token = 'a-token-of-the-test';
const authorised = { authorization: `Bearer ${token}` };

/** Remembers what it was asked; answers nothing of interest. */
class RecordingService implements Partial<SweepService> {
  readonly submitted: SubmitRequest[] = [];
  readonly states: [string, RequestedState][] = [];
  health = async () => ({ status: 'ok' as const, version: '0', pid: 1, leading: true });
  submit = async (request: SubmitRequest) => {
    this.submitted.push(request);
    return { id: 'swp_1', revision: 1, change: 'created' as const };
  };
  sweep = async (name: string): Promise<never> => {
    throw new SweepNotFound(name);
  };
  sweeps = async (): Promise<never> => {
    throw new TypeError('a defect');
  };
  setState = async (name: string, state: RequestedState) => {
    this.states.push([name, state]);
  };
}

describe('the HTTP API', () => {
  let folder: string;
  let app: FastifyInstance;
  const service = new RecordingService();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trawl-http-'));
    app = await httpServer({
      service: service as unknown as SweepService,
      token,
      logger: pino({ level: 'silent' }),
      blobs: new FolderBlobStore(folder),
      blobUsed: async () => undefined,
    });
  });
  after(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  it('answers health without a token and nothing else', async () => {
    assert.equal((await app.inject({ url: '/api/v1/health' })).statusCode, 200);
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${token}` }]) {
      const answer = await app.inject({ url: '/api/v1/sweeps', headers });
      assert.equal(answer.statusCode, 401);
      assert.equal(answer.json<{ code: string }>().code, 'Unauthorized');
    }
    assert.equal((await app.inject({ url: `/api/v1/blobs/${'0'.repeat(64)}` })).statusCode, 401);
  });

  it('refuses a submission that is not whole, and says which field', async () => {
    const answer = await app.inject({ method: 'POST', url: '/api/v1/sweeps', headers: authorised, payload: { source: { name: 'a.yaml' }, sharing: true, data: null, numerics: 'none' } });
    assert.equal(answer.statusCode, 400);
    assert.match(answer.json<{ message: string }>().message, /source\.text/);
    assert.equal(service.submitted.length, 0);
  });

  it('passes a whole submission on as it is', async () => {
    const payload = { source: { name: 'a.yaml', text: 'name: a' }, sharing: true, data: null, numerics: 'none' };
    const answer = await app.inject({ method: 'POST', url: '/api/v1/sweeps', headers: authorised, payload });
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(service.submitted, [payload]);
  });

  it('gives an error of ours its code and status, and a defect none of its inside', async () => {
    const missing = await app.inject({ url: '/api/v1/sweeps/none', headers: authorised });
    assert.deepEqual([missing.statusCode, missing.json<{ code: string }>().code], [404, 'SweepNotFound']);
    const defect = await app.inject({ url: '/api/v1/sweeps', headers: authorised });
    assert.deepEqual([defect.statusCode, defect.json<{ code: string }>().code], [500, 'InternalError']);
  });

  it('takes only the states that a person may ask for', async () => {
    const ask = async (state: string) => (await app.inject({ method: 'POST', url: '/api/v1/sweeps/s%2F1/state', headers: authorised, payload: { state } })).statusCode;
    assert.equal(await ask('completed'), 400);
    assert.equal(await ask('paused'), 200);
    assert.deepEqual(service.states, [['s/1', 'paused']]);
  });

  it('waits for a port that its former process still holds', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    assert.ok(address !== null && typeof address === 'object');
    let refusals = 0;
    const listening = listen(app, '127.0.0.1', address.port, 10_000, () => {
      refusals += 1;
      holder.close();
    });
    assert.equal(await listening, address.port);
    assert.ok(refusals >= 1);
    assert.equal((await fetch(`http://127.0.0.1:${address.port}/api/v1/health`)).status, 200);
  });
});

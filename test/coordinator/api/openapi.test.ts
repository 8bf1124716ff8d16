import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { FolderBlobStore } from '../../../blob/folder.js';
import { httpServer } from '../../../coordinator/api/http.js';
import { accessBy, ALL_BLOBS, NO_PICTURES, pageParts } from '../../support/access.js';
import { newPath, sweepOf } from '../store/facts.js';
import { answersAsDescribed, type OpenApi } from './described.js';
import { loneService, type LoneService } from './lone-service.js';

const token = 'a-token-of-the-test';

let lone: LoneService;
let folder: string;
let app: FastifyInstance;
let document: OpenApi;

before(async () => {
  lone = await loneService();
  folder = await mkdtemp(join(tmpdir(), 'trawl-openapi-'));
  app = await httpServer({
    serviceFor: (actor) => lone.service.as(actor),
    access: accessBy(token),
    blobRights: ALL_BLOBS,
    ...pageParts(),
    logger: pino({ level: 'silent' }),
    blobs: new FolderBlobStore(folder),
    usingBlob: async () => undefined,
    blobUsed: async () => undefined,
    picture: NO_PICTURES,
    leading: async () => undefined,
    metrics: async () => ({ contentType: 'text/plain', text: '' }), page: new Map(),
  });
  document = (await app.inject({ url: '/api/openapi.json' })).json<OpenApi>();
});
after(async () => {
  await app.close();
  await lone.close();
  await rm(folder, { recursive: true });
});

it('describes every operation of the server, under a name of its own, to whoever has no token', () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const { path, method, operation } of operations) {
    assert.ok(app.hasRoute({ method: method.toUpperCase(), url: `/api/v1${path.replace(/\{(\w+)\}/g, ':$1')}` }), `${method} ${path}`);
    assert.deepEqual(operation.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name), [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]), path);
  }
  assert.equal(document.openapi, '3.1.0');
  assert.ok(ids.includes('getSweepsSweepProgress'));
});

it('refers to no schema that is not there', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1] ?? '');
  assert.ok(references.length > 50);
  for (const reference of references) assert.ok((/^#\/components\/schemas\/(.+)$/.exec(reference)?.[1] ?? '') in document.components.schemas, reference);
});

it('describes bodies and queries as the server takes them', () => {
  const state = document.paths['/sweeps/{sweep}/state']?.post?.requestBody?.content['application/json'].schema;
  assert.deepEqual(state, { type: 'object', properties: { state: { type: 'string', enum: ['running', 'paused', 'stopped'] }, now: { default: false, type: 'boolean' } }, required: ['state'], additionalProperties: false });
  const since = document.paths['/sweeps/{sweep}/recorded']?.get?.parameters.find(({ name }) => name === 'since');
  assert.deepEqual([since?.in, since?.required, since?.schema.type], ['query', true, 'integer']);
});

it('gives answers that are what it describes', async () => {
  await lone.store.submit(sweepOf('described', [newPath(2), newPath(3)]), await lone.leader.epoch());
  const ask = answersAsDescribed(app, document, token);
  for (const url of ['/health', '/sweeps', '/sweeps/described', '/sweeps/described/progress', '/sweeps/described/trials', '/sweeps/described/cost', '/sweeps/described/recorded?since=0', '/recordings', '/trials/described%2F1', '/datasets', '/queue', '/timeline', '/comparison?sweeps=described&sweeps=described', '/sweeps/described/timeline', '/workers', '/tokens', '/me', '/sweeps/described/events']) await ask(url);
});

it('compares sweeps with commas in their names, and one alone', async () => {
  await lone.store.submit(sweepOf('lr, batch, and all', [newPath(1)]), await lone.leader.epoch());
  const ask = answersAsDescribed(app, document, token);
  const named = async (query: string): Promise<readonly string[]> => (await ask<{ sweeps: { name: string }[] }>(`/comparison?${query}`)).sweeps.map(({ name }) => name);
  assert.deepEqual(await named(`sweeps=${encodeURIComponent('lr, batch, and all')}&sweeps=described`), ['lr, batch, and all', 'described']);
  assert.deepEqual(await named(`sweeps=${encodeURIComponent('lr, batch, and all')}`), ['lr, batch, and all']);
  const parameter = document.paths['/comparison']?.get?.parameters.find(({ name }) => name === 'sweeps');
  assert.deepEqual([parameter?.required, parameter?.schema.type], [true, 'array']);
  const none = await app.inject({ url: '/api/v1/comparison', headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual([none.statusCode, none.json<{ message: string }>().message], [400, 'sweeps: Invalid input: expected array, received undefined']);
});

it('refuses what does not fit with the field and what was expected, under a code', async () => {
  const refused = await app.inject({ url: '/api/v1/sweeps/described/trials?limit=none&test=2', headers: { authorization: `Bearer ${token}` } });
  assert.equal(refused.statusCode, 400);
  const { code, message } = refused.json<{ code: string; message: string }>();
  assert.equal(code, 'BadRequest');
  assert.match(message, /test: Invalid option: expected one of "0"\|"1"; limit: /);
});

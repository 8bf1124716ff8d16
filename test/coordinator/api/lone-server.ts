/** The HTTP API over a service of its own, for a test that asks it as its description says. */
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { FolderBlobStore } from '../../../blob/folder.js';
import { httpServer, type HttpOptions } from '../../../coordinator/api/http.js';
import { accessBy, ALL_BLOBS, NO_PICTURES, pageParts } from '../../support/access.js';
import { answersAsDescribed, type OpenApi } from './described.js';
import type { LoneService } from './lone-service.js';

export interface LoneServer {
  readonly app: FastifyInstance;
  readonly ask: <Answer>(url: string) => Promise<Answer>;
}

/** What a server needs beside its service and its pages, and says nothing of itself. `folder`: of its blobs. */
export function quietParts(folder: string): Pick<HttpOptions, 'blobRights' | 'page' | 'picture' | 'logger' | 'blobs' | 'usingBlob' | 'blobUsed' | 'leading' | 'metrics'> {
  return {
    blobRights: ALL_BLOBS,
    page: new Map(),
    picture: NO_PICTURES,
    logger: pino({ level: 'silent' }),
    blobs: new FolderBlobStore(folder),
    usingBlob: async () => undefined,
    blobUsed: async () => undefined,
    leading: async () => undefined,
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  };
}

/** `folder`: of its blobs. `parts`: what the test puts in the place of what answers nothing. */
export async function loneServer(lone: LoneService, token: string, folder: string, parts: Partial<ReturnType<typeof pageParts>> = {}): Promise<LoneServer> {
  const app = await httpServer({
    serviceFor: (actor) => lone.service.as(actor),
    access: accessBy(token),
    ...quietParts(folder),
    ...pageParts(),
    ...parts,
  });
  return { app, ask: answersAsDescribed(app, (await app.inject({ url: '/api/openapi.json' })).json<OpenApi>(), token) };
}

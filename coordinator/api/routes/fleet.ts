/** Health, workers, tokens, and blobs that nobody needs. */
import { z } from 'zod';
import { ROLES } from '../../access/roles.js';
import { route, type Route } from './route.js';

const tokenRequest = z.strictObject({ name: z.string().min(1).max(100).nullable().default(null), role: z.enum(ROLES), expiresInMs: z.number().positive().nullable().default(null) });
const garbageRequest = z.strictObject({ olderThanMs: z.number().min(3_600_000), dryRun: z.boolean().default(false) });

const limit = z.coerce.number().int().min(1).max(10_000).default(2_000).describe('The most attempts');
const timelineQuery = z.object({ minutes: z.coerce.number().int().min(1).max(1_440).default(60).describe('How far back'), limit });
const sweepTimelineQuery = z.object({ limit });

export const fleetRoutes: readonly Route[] = [
  route('GET /health', { right: null, summary: 'Whether the coordinator is there, and leads' }, (service) => service.health()),

  route('GET /workers', { right: 'read', summary: 'Workers that are connected, and those that have left within a day' }, (service) => service.workers()),
  route('GET /queue', { right: 'read', summary: 'Ready work by what it waits for' }, (service) => service.queue()),
  route('GET /timeline', { right: 'read', summary: 'What the slots of all workers were at', query: timelineQuery }, (service, { query }) => service.timeline(query)),
  route('GET /sweeps/:sweep/timeline', { right: 'read', summary: 'What slots were at on its behalf', query: sweepTimelineQuery }, (service, { params, query }) => service.timelineOf(params.sweep, query)),
  route('POST /workers/:worker/drain', { right: 'steer', summary: 'A worker, by its name or id, gives everything back and leaves' }, (service, { params }) => service.drain(params.worker)),
  route('POST /workers/:worker/release', { right: 'steer', summary: "Ends a worker's quarantine" }, (service, { params }) => service.releaseWorker(params.worker)),

  route('GET /tokens', { right: 'administer', summary: 'All tokens, in the order in which they were made' }, (service) => service.tokens()),
  route('POST /tokens', { right: 'administer', summary: 'Makes a token; its secret is answered this once', body: tokenRequest }, (service, { body }) => service.createToken(body)),
  route('DELETE /tokens/:token', { right: 'administer', summary: 'Revokes a token' }, (service, { params }) => service.revokeToken(params.token)),
  route('POST /garbage', { right: 'administer', summary: 'Deletes blobs that nothing refers to and that were not used for so long', body: garbageRequest }, (service, { body }) => service.collectGarbage(body)),
];

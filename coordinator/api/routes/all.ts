/** Every operation of /api/v1 that answers JSON; blobs have routes of their own (blob/http-server.ts). */
import { fleetRoutes } from './fleet.js';
import type { Route } from './route.js';
import { sweepRoutes } from './sweeps.js';
import { trialRoutes } from './trials.js';

export const ROUTES: readonly Route[] = [...sweepRoutes, ...trialRoutes, ...fleetRoutes];

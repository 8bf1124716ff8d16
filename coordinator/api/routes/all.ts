/** Every operation of /api/v1 that answers JSON; blobs (blob/http-server.ts) and images (image-route.ts) have routes of their own. */
import { dataRoutes } from './data.js';
import { fleetRoutes } from './fleet.js';
import type { Route } from './route.js';
import { sweepRoutes } from './sweeps.js';
import { trialRoutes } from './trials.js';

export const ROUTES: readonly Route[] = [...sweepRoutes, ...trialRoutes, ...dataRoutes, ...fleetRoutes];

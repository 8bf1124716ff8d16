/** Every operation of /api/v1; blobs (blob/http-server.ts) and images (image-route.ts) have routes of their own. */
import { dataRoutes } from './data.js';
import { eventRoutes, type EventRoutesOptions } from './events.js';
import { fleetRoutes } from './fleet.js';
import { logRoutes, type LogRoutesOptions } from './logs.js';
import { modelRoutes, type ModelRoutesOptions } from './models.js';
import type { Route } from './route.js';
import { pagesRoutes, type PagesRoutesOptions } from './pages.js';
import { sessionRoutes, type SessionRoutesOptions } from './session.js';
import { stagesRoutes, type StagesRoutesOptions } from './stages.js';
import { sweepRoutes } from './sweeps.js';
import { trialRoutes } from './trials.js';

export function allRoutes(options: SessionRoutesOptions & EventRoutesOptions & PagesRoutesOptions & StagesRoutesOptions & ModelRoutesOptions & LogRoutesOptions): readonly Route[] {
  return [...sweepRoutes, ...pagesRoutes(options), ...stagesRoutes(options), ...trialRoutes, ...logRoutes(options), ...dataRoutes, ...fleetRoutes, ...modelRoutes(options), ...sessionRoutes(options), ...eventRoutes(options)];
}

/** Single trials. */
import { route, type Route } from './route.js';
import { testQuery } from './sweeps.js';

export const trialRoutes: readonly Route[] = [
  route('GET /trials/:trial', { right: 'read', summary: 'A trial, by its id or as SWEEP/NUMBER (with the slash as %2F): settings, curves, attempts', query: testQuery }, (service, { params, query }) => service.trial(params.trial, { test: query.test === '1' })),
];

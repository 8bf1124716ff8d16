/** What pages show of many trials (pages.ts). */
import { z } from 'zod';
import type { Pages } from '../pages.js';
import { route, type Route } from './route.js';

const filter = z.string().max(2_000, 'found a longer text, expected a formula of at most 2000 characters').optional().describe("a formula over the columns, as `trawl trials --filter` takes it: val.auc > 0.9 && lr <= 0.01");
const columns = z.string().min(1).optional().describe('names of columns, with commas between; the usual ones where it is left out');
const upTo = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

const leaderboardQuery = z.object({
  ...{ filter, columns },
  sort: z.string().min(1).optional().describe('a column, the best first; NAME:asc or NAME:desc say otherwise'),
  quick: z.enum(['0', '1']).default('0').describe('1: at once, the columns those of these trials alone where no others have been read (partial); for the best first, unfiltered, with the usual columns'),
  offset: z.coerce.number().int().min(0).default(0),
  limit: upTo(1_000, 100),
});
const seriesQuery = z.object({ points: upTo(5_000, 1_000) });
const curvesQuery = z.object({ filter, metric: z.string().min(1).optional(), trials: z.string().min(1).optional().describe('numbers of trials, with commas between; the best ones where it is left out'), limit: upTo(5_000, 50) });
const pointsQuery = z.object({ ...{ filter, columns }, limit: upTo(5_000, 1_000) });
const paretoQuery = z.object({ limit: upTo(5_000, 1_000) });

export interface PagesRoutesOptions {
  readonly pages: Pages;
}

export function pagesRoutes({ pages }: PagesRoutesOptions): readonly Route[] {
  return [
    route('GET /costs', { right: 'read', summary: "What the epochs of each sweep's trials cost, and what sharing saved" }, () => pages.costs()),
    route('GET /sweeps/:sweep/leaderboard', { right: 'read', summary: 'A part of its trials, best first or sorted by a column', query: leaderboardQuery }, (_, { params, query }) => pages.leaderboard(params.sweep, { ...query, quick: query.quick === '1' })),
    route('GET /sweeps/:sweep/series', { right: 'read', summary: 'The objective over time, and each trial that was the best so far', query: seriesQuery }, (_, { params, query }) => pages.series(params.sweep, query.points)),
    route('GET /sweeps/:sweep/curves', { right: 'read', summary: 'Learning curves of some trials: one metric over epochs', query: curvesQuery }, (_, { params, query }) => pages.curves(params.sweep, query)),
    route('GET /sweeps/:sweep/points', { right: 'read', summary: 'Trials as points over hyperparameters and objectives: for parallel coordinates and slices', query: pointsQuery }, (_, { params, query }) => pages.points(params.sweep, query)),
    route('GET /sweeps/:sweep/pareto', { right: 'read', summary: 'Trials over several objectives, with the Pareto front whole', query: paretoQuery }, (_, { params, query }) => pages.pareto(params.sweep, query.limit)),
    route('GET /sweeps/:sweep/space', { right: 'read', summary: 'Its hyperparameters with their values and ranges, and the settings of the best trial' }, (_, { params }) => pages.space(params.sweep)),
    route('GET /sweeps/:sweep/failures', { right: 'read', summary: "Its failed trials by class, with an example's log", }, (_, { params }) => pages.failures(params.sweep)),
  ];
}

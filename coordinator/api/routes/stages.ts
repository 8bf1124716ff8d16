/** The tree of a sweep's stages (stages.ts). */
import { z } from 'zod';
import type { Stages } from '../stages.js';
import { BadRequest } from '../errors.js';
import { route, type Route } from './route.js';

const KEY = 'the key of an epoch, 64 hexadecimal digits';
const stagesQuery = z.object({
  parent: z.string().regex(/^[0-9a-f]{64}$/, `expected ${KEY}`).optional().describe("key of the stage on which they follow; the first stages where it is left out"),
  from: z.coerce.number().int().min(0).default(0).describe("how many epochs that makes: the parent's `to`"),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export interface StagesRoutesOptions {
  readonly stages: Stages;
}

export function stagesRoutes({ stages }: StagesRoutesOptions): readonly Route[] {
  return [
    route('GET /sweeps/:sweep/stages', { right: 'read', summary: 'What its trials share: a level of the tree of stages, those with most trials first, and which workers are at them', query: stagesQuery }, (_, { params, query }) => {
      const { parent, from, offset, limit } = query;
      if ((parent === undefined) !== (from === 0)) throw new BadRequest("from: expected the parent's `to` beside `parent`, and 0 without one");
      return stages.below(params.sweep, { parent: parent === undefined ? null : { key: parent, epochs: from }, offset, limit });
    }),
  ];
}

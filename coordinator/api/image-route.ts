/** GET /api/v1/datasets/:dataset/images/:index, for people: an image of a data set as a PNG. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ImageLook, Picture } from './data-views.js';
import { BadRequest } from './errors.js';
import { checked } from './routes/route.js';

export interface ImageRouteOptions {
  readonly picture: (dataset: string, index: number, look: ImageLook) => Promise<Picture>;
  /** Rejects with why this request may not see it. */
  readonly admit: (request: FastifyRequest) => Promise<unknown>;
}

const params = z.object({ dataset: z.string(), index: z.coerce.number().int().min(0) });
const query = z.object({
  most: z.coerce.number().int().min(16).max(1024).optional(),
  sweep: z.string().min(1).optional(),
  size: z.coerce.number().int().min(4).max(1024).optional(),
});

const DEFAULT_MOST = 512;
const FOREVER = 'private, max-age=31536000, immutable';

export function registerImageRoute(app: FastifyInstance, { picture, admit }: ImageRouteOptions): void {
  app.get('/api/v1/datasets/:dataset/images/:index', async (request, reply) => {
    await admit(request);
    const { dataset, index } = checked(params, request.params);
    const { forever, tag, png } = await picture(dataset, index, lookOf(checked(query, request.query)));
    const etag = `"${tag}"`;
    reply.headers({ 'cache-control': forever ? FOREVER : 'private, no-cache', etag, 'x-content-type-options': 'nosniff' });
    if (request.headers['if-none-match'] === etag) return reply.status(304).send();
    return reply.type('image/png').send(Buffer.from(await png()));
  });
}

function lookOf({ most, sweep, size }: z.infer<typeof query>): ImageLook {
  if (sweep === undefined && size === undefined) return { most: most ?? DEFAULT_MOST };
  if (sweep === undefined || size === undefined) throw new BadRequest(`${sweep === undefined ? 'sweep' : 'size'}: expected beside ${sweep === undefined ? 'size' : 'sweep'}: an image is seen as a sweep's networks see it, at an imageSize`);
  if (most !== undefined) throw new BadRequest('most: found beside sweep and size, expected one or the other');
  return { sweep, size };
}

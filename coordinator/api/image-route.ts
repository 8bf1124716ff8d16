/** GET /api/v1/datasets/:dataset/images/:index, for people: an image of a data set as a PNG. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ImageLook, Picture } from './data-views.js';
import { BadRequest } from './errors.js';
import { checked } from './routes/route.js';

export interface ImageRouteOptions {
  readonly picture: (dataset: string, index: number, look: ImageLook) => Promise<Picture>;
  /** Why this request may not see it; null where it may. */
  readonly refusal: (request: FastifyRequest) => Promise<{ readonly status: number; readonly code: string; readonly message: string } | null>;
}

const params = z.object({ dataset: z.string(), index: z.coerce.number().int().min(0) });
const query = z.object({
  most: z.coerce.number().int().min(16).max(1024).optional(),
  sweep: z.string().min(1).optional(),
  size: z.coerce.number().int().min(4).max(1024).optional(),
});

const DEFAULT_MOST = 512;
const FOREVER = 'private, max-age=31536000, immutable';

export function registerImageRoute(app: FastifyInstance, { picture, refusal }: ImageRouteOptions): void {
  app.get('/api/v1/datasets/:dataset/images/:index', async (request, reply) => {
    const refused = await refusal(request);
    if (refused !== null) return reply.status(refused.status).send({ code: refused.code, message: refused.message });
    const { dataset, index } = checked(params, request.params);
    const { png, forever, tag } = await picture(dataset, index, lookOf(checked(query, request.query)));
    const etag = `"${tag}"`;
    reply.headers({ 'cache-control': forever ? FOREVER : 'private, no-cache', etag, 'x-content-type-options': 'nosniff' });
    if (request.headers['if-none-match'] === etag) return reply.status(304).send();
    return reply.type('image/png').send(Buffer.from(png));
  });
}

function lookOf({ most, sweep, size }: z.infer<typeof query>): ImageLook {
  if (sweep === undefined && size === undefined) return { most: most ?? DEFAULT_MOST };
  if (sweep === undefined || size === undefined) throw new BadRequest(`${sweep === undefined ? 'sweep' : 'size'}: expected beside ${sweep === undefined ? 'size' : 'sweep'}: an image is seen as a sweep's networks see it, at an imageSize`);
  if (most !== undefined) throw new BadRequest('most: found beside sweep and size, expected one or the other');
  return { sweep, size };
}

/** Data sets; their images have a route of their own (image-route.ts), since they are no JSON. */
import { z } from 'zod';
import { PARTS } from '../../../proto/manifest.js';
import { route, type Route } from './route.js';

const imagesQuery = z.object({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(60),
  part: z.enum(PARTS).nullable().default(null).describe('Only images of this part'),
  label: z.coerce.number().int().min(0).nullable().default(null).describe('Only images of the class with this index'),
  search: z.string().max(1_000).default('').describe('Only files whose names have this in them, in capitals or not'),
});

export const dataRoutes: readonly Route[] = [
  route('GET /datasets', { right: 'read', summary: 'Data sets that sweeps train on, the one of the latest sweep first' }, (service) => service.dataSets()),
  route('GET /datasets/:dataset', { right: 'read', summary: 'A data set, by the id of its manifest: classes, parts, what was left out' }, (service, { params }) => service.dataSet(params.dataset)),
  route('GET /datasets/:dataset/sizes', { right: 'read', summary: 'How large its images are, of a sample of its files' }, (service, { params }) => service.dataSizes(params.dataset)),
  route('GET /datasets/:dataset/images', { right: 'read', summary: 'Its images, in the order of the manifest', query: imagesQuery }, (service, { params, query }) => service.dataImages(params.dataset, query)),
];

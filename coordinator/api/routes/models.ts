/** What trials' models and ensembles are and predict, for whoever looks at them. */
import { z } from 'zod';
import type { Models } from '../models.js';
import { route, type Route } from './route.js';

const partQuery = z.object({ part: z.enum(['val', 'test']).default('val') });
const comparisonQuery = z.object({ class: z.string().min(1).optional() });

/** Of an image file that is dropped on the page. */
const MOST_IMAGE_BYTES = 20_000_000;
const predictionRequest = z.strictObject({
  image: z
    .base64('expected an image file in base64')
    .min(1)
    .max(Math.ceil(MOST_IMAGE_BYTES / 3) * 4, `expected an image file of at most ${MOST_IMAGE_BYTES / 1_000_000} MB`),
});

export interface ModelRoutesOptions {
  readonly models: Models;
}

export function modelRoutes({ models }: ModelRoutesOptions): readonly Route[] {
  return [
    route('GET /trials/:trial/predictions', { right: 'read', summary: 'Probabilities of each image of a part, with its name and class, by the chosen epoch', query: partQuery }, (_, { params, query }) => models.predictions(params.trial, query.part)),
    route('GET /trials/:trial/layers', { right: 'read', summary: "Its model's layers, as `trawl model` lists them" }, (_, { params }) => models.layers(params.trial)),
    route('GET /trials/:trial/blobs', { right: 'read', summary: 'What it has stored: checkpoints and predictions' }, (_, { params }) => models.blobs(params.trial)),
    route('GET /sweeps/:sweep/ensemble/comparison', { right: 'read', summary: 'The ensemble held against its members: ROC curves, disagreement, size against score', query: comparisonQuery }, (_, { params, query }) => models.comparison(params.sweep, query.class ?? null)),
    route('GET /sweeps/:sweep/ensemble/bundle', { right: 'read', summary: 'The folder that `trawl pull` writes, as a tar file', produces: 'application/x-tar' }, (_, { params }) => models.bundle(params.sweep)),
    route('POST /sweeps/:sweep/ensemble/predictions', { right: 'read', summary: 'What the ensemble says of an image, as `trawl predict` does', body: predictionRequest }, (_, { params, body }) => models.predict(params.sweep, Buffer.from(body.image, 'base64'))),
  ];
}

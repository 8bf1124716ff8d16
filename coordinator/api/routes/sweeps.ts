/** Sweeps: looked at, made, changed and steered. */
import { z } from 'zod';
import { submitRequest } from './submission.js';
import { json, route, type Route } from './route.js';

const stateRequest = z.strictObject({ state: z.enum(['running', 'paused', 'stopped']), now: z.boolean().default(false) });
const sweepChange = z.strictObject({
  epochs: z.number().int().positive().optional(),
  trials: z.number().int().positive().optional(),
  add: z.record(z.string(), z.array(json).min(1)).optional(),
  budget: z.record(z.string(), json).optional(),
  pruner: json.optional(),
  priority: json.optional(),
  concurrency: json.optional(),
  warmStartFrom: z.array(z.string().min(1)).min(1).optional(),
});
const changeRequest = z.strictObject({ change: sweepChange, dryRun: z.boolean().default(false) });
const forkRequest = z.strictObject({ name: z.string().min(1), ...changeRequest.shape });
const retryRequest = z.strictObject({ trials: z.array(z.string()).default([]), dryRun: z.boolean().default(false) });
const enqueueRequest = z.strictObject({ trials: z.array(z.record(z.string(), json)).min(1), front: z.boolean().default(false) });
const noteRequest = z.strictObject({ text: z.string(), version: z.number().int().min(0).describe('that of the note which this one replaces; 0 where there is none') });
const tagsRequest = z.strictObject({ add: z.array(z.string()).max(100).optional(), remove: z.array(z.string()).max(100).optional() });

const textRequest = z.strictObject({ name: z.string().min(1).max(200), text: z.string().max(1_000_000, 'found a longer text, expected a sweep file of at most 1000000 characters'), replace: z.boolean().optional() });

export const testQuery = z.object({ test: z.enum(['0', '1']).default('0') });
const trialsQuery = testQuery.extend({ limit: z.coerce.number().int().min(1).optional() });
const importanceQuery = z.object({ metric: z.string().min(1).optional() });
const differencesQuery = z.object({ other: z.string().min(1) });
const comparisonQuery = z.object({ sweeps: z.array(z.string().min(1)).describe('an id or name; the parameter stands once for each, at most 8 times') });
const sinceQuery = z.object({ since: z.coerce.number().int().nonnegative() });

export const sweepRoutes: readonly Route[] = [
  route('GET /sweeps', { right: 'read', summary: 'All sweeps, in the order in which they were made' }, (service) => service.sweeps()),
  route('GET /sweeps/:sweep', { right: 'read', summary: 'A sweep, by its name or id' }, (service, { params }) => service.sweep(params.sweep)),
  route('GET /progress', { right: 'read', summary: 'How far each sweep is, in the order in which they were made' }, (service) => service.allProgress()),
  route('GET /sweeps/:sweep/progress', { right: 'read', summary: 'How far it is: trials, epochs, the best, what runs now' }, (service, { params }) => service.progress(params.sweep)),
  route('GET /sweeps/:sweep/trials', { right: 'read', summary: 'All trials with their results, best first', query: trialsQuery }, (service, { params, query }) => service.results(params.sweep, { test: query.test === '1', limit: query.limit })),
  route('GET /sweeps/:sweep/importance', { right: 'read', summary: 'Which hyperparameters matter for a metric, by default the objective', query: importanceQuery }, (service, { params, query }) => service.importance(params.sweep, query.metric ?? null)),
  route('GET /sweeps/:sweep/cost', { right: 'read', summary: 'Where its epochs went, and what sharing saved' }, (service, { params }) => service.cost(params.sweep)),
  route('GET /sweeps/:sweep/differences', { right: 'read', summary: "What sets its file apart from another's", query: differencesQuery }, (service, { params, query }) => service.differences(params.sweep, query.other)),
  route('GET /sweeps/:sweep/ensemble', { right: 'read', summary: 'The ensemble of the trials that have completed so far' }, (service, { params }) => service.ensemble(params.sweep)),
  route('GET /sweeps/:sweep/recorded', { right: 'read', summary: 'How many of its epochs were recorded since a position', query: sinceQuery }, (service, { params, query }) => service.recordedSince(params.sweep, query.since)),
  route('GET /sweeps/:sweep/file', { right: 'read', summary: 'Its file as it stands, with what commands changed' }, (service, { params }) => service.file(params.sweep)),
  route('GET /sweeps/:sweep/note', { right: 'read', summary: 'What people wrote about it' }, (service, { params }) => service.note(params.sweep)),
  route('GET /comparison', { right: 'read', summary: 'Sweeps side by side: what their files say', query: comparisonQuery }, (service, { query }) => service.compare(query.sweeps)),
  route('GET /recordings', { right: 'read', summary: "Current end of the store's sequence of recordings" }, async (service) => ({ seq: await service.recordedSeq() })),

  route('POST /sweeps/preview', { right: 'steer', summary: 'What a submission would mean, with nothing written', body: submitRequest }, (service, { body }) => service.preview(body)),
  route('POST /sweeps', { right: 'steer', summary: 'Submits a sweep file, whose data, modules and weights are blobs already', body: submitRequest }, (service, { body }) => service.submit(body)),
  route('POST /sweeps/text', { right: 'steer', summary: 'Submits a sweep file by its text alone: of a synthetic trainable, or over the data of a sweep that says the same of them', body: textRequest }, (service, { body }) => service.submitText(body)),
  route('POST /sweeps/text/preview', { right: 'steer', summary: 'What that would mean, with nothing written', body: textRequest }, (service, { body }) => service.previewText(body)),
  route('POST /sweeps/:sweep/state', { right: 'steer', summary: 'Pauses, resumes or stops it', body: stateRequest }, async (service, { params, body }) => {
    await service.setState(params.sweep, body.state, { now: body.now });
    return {};
  }),
  route('POST /sweeps/:sweep/changes', { right: 'steer', summary: 'Extends or edits it; with dryRun only says what that would mean', body: changeRequest }, (service, { params, body }) => service.change(params.sweep, body.change, { dryRun: body.dryRun })),
  route('POST /sweeps/:sweep/forks', { right: 'steer', summary: 'A new sweep of its spec and data, with a change', body: forkRequest }, (service, { params, body }) => service.fork(params.sweep, body.name, body.change, { dryRun: body.dryRun })),
  route('POST /sweeps/:sweep/retries', { right: 'steer', summary: 'Tries trials again, by number or id; none for all that failed or were cancelled; a dry run says what that would mean', body: retryRequest }, (service, { params, body }) => service.retry(params.sweep, body.trials, { dryRun: body.dryRun })),
  route('POST /sweeps/:sweep/trials', { right: 'steer', summary: 'Adds trials of given settings', body: enqueueRequest }, (service, { params, body }) => service.enqueue(params.sweep, body.trials, { front: body.front })),
  route('POST /sweeps/:sweep/note', { right: 'steer', summary: 'Writes its note, in the place of the version that was read; refused where another has come since', body: noteRequest }, (service, { params, body }) => service.writeNote(params.sweep, body)),
  route('POST /sweeps/:sweep/tags', { right: 'steer', summary: 'Adds and removes tags', body: tagsRequest }, (service, { params, body }) => service.changeTags(params.sweep, body)),
];

/**
 * The other end of `threadHost`: one sampler in a thread of its own. Messages are handled in the order
 * of their arrival, so a proposal has seen every observation that was sent before it was asked for.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { SweepSpec } from '../sweep/spec.js';
import type { Observation } from '../sampler/sampler.js';
import { samplerOf } from '../sampler/make.js';

export type ThreadRequest = { readonly kind: 'observe'; readonly observation: Observation } | { readonly kind: 'propose'; readonly number: number; readonly again: number };

const sampler = samplerOf(workerData as SweepSpec);

parentPort?.on('message', (request: ThreadRequest) => {
  if (request.kind === 'observe') sampler.observe(request.observation);
  else parentPort?.postMessage(sampler.propose(request.number, request.again));
});

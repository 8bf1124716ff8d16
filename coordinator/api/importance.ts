/**
 * Which hyperparameters matter, in a thread of its own: a forest over thousands of trials takes seconds,
 * and the coordinator has leases to renew meanwhile. How it is measured is coordinator/importance's.
 */
import { Worker, parentPort, workerData } from 'node:worker_threads';
import { below, seededGenerator } from '../sampler/random.js';
import { fanova, type Importances } from '../importance/fanova.js';
import { encode, type Encoded } from '../importance/feature.js';
import type { Axis } from '../sweep/spec.js';
import { BadRequest } from './errors.js';
import type { TrialResult } from './trial-views.js';

/** More teach a forest little, and take it longer. */
const MOST_TRIALS = 3_000;
/** Of two points any hyperparameter explains all. */
const LEAST_TRIALS = 4;
const SEED = 0;

interface Measuring {
  readonly measuring: true;
  readonly encoded: Encoded;
  readonly targets: readonly number[];
}

export interface Measured extends Importances {
  /** How many trials it was measured on, of how many that have completed with a value. */
  readonly trials: number;
  readonly of: number;
}

/** `valueOf`: the metric of a completed trial, null where it has none. Throws BadRequest where there is too little to go by. */
export async function importanceOf(trials: readonly TrialResult[], axes: readonly Axis[], metric: string, valueOf: (trial: TrialResult) => number | null): Promise<Measured> {
  const completed = trials.filter((trial) => trial.state === 'completed');
  const measured = completed.flatMap((trial) => {
    const value = valueOf(trial);
    return value === null || !Number.isFinite(value) ? [] : [{ settings: trial.settings, value }];
  });
  if (completed.length > 0 && measured.length === 0) {
    const reported = [...new Set(completed.flatMap((trial) => Object.keys(trial.metrics)))];
    throw new BadRequest(`metric: found ${metric}, which no completed trial reports, expected one of ${reported.join(', ')}`);
  }
  if (measured.length < LEAST_TRIALS) throw new BadRequest(`found ${measured.length} completed trials, expected at least ${LEAST_TRIALS}; wait for more, or extend the sweep`);
  const chosen = sampleOf(measured);
  const encoded = encode(chosen.map(({ settings }) => settings), axes);
  if (encoded.features.length === 0) throw new BadRequest('all completed trials have the same settings, expected a hyperparameter that differs');
  const found = await inThread({ measuring: true, encoded, targets: chosen.map(({ value }) => value) });
  return { ...found, trials: chosen.length, of: measured.length };
}

function sampleOf<Row>(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MOST_TRIALS) return rows;
  const random = seededGenerator(SEED);
  const left = [...rows];
  // The first places of a Fisher-Yates shuffle are a sample without replacement.
  for (let index = 0; index < MOST_TRIALS; index += 1) {
    const other = index + below(random, left.length - index);
    const [a, b] = [left[index], left[other]];
    if (a !== undefined && b !== undefined) [left[index], left[other]] = [b, a];
  }
  return left.slice(0, MOST_TRIALS);
}

function inThread(measuring: Measuring): Promise<Importances> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: measuring });
    thread.once('message', (found: Importances) => resolve(found));
    thread.once('error', reject);
    // After a message this rejects what is resolved already.
    thread.once('exit', (code) => reject(new Error(`measuring importance ended with exit code ${code}`)));
  });
}

function isMeasuring(data: unknown): data is Measuring {
  return typeof data === 'object' && data !== null && 'measuring' in data && data.measuring === true;
}

if (parentPort !== null && isMeasuring(workerData)) parentPort.postMessage(fanova(workerData.encoded, workerData.targets, SEED));

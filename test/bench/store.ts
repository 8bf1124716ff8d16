/**
 * What the store persists, through the same turns as the leader's, synchronous_commit on.
 *
 * `reports`: epoch reports of 64 workers, coalesced as the leader coalesces them: all that arrived
 * while the turn before was being committed. Here that is one report of each worker, each with its
 * lease; every report is a row that is durable when the turn returns.
 *
 * `trials-store`: the whole of a trial of 10 epochs, as far as the store sees it: grant, 10 reports, end of
 * the attempt, end of the trial, its event; 16 at once, a report of each per turn.
 *
 * `trials`: no-op trials of 10 epochs through the whole path (coordinator, gRPC, agent, child), 16 slots.
 */
import { createHash, randomBytes } from 'node:crypto';
import { newId } from '../../proto/ids.js';
import type { EpochKey } from '../../proto/work.js';
import { openStore } from '../../coordinator/store/postgres.js';
import type { Store } from '../../coordinator/store/store.js';
import type { EpochWrite, GrantWrite } from '../../coordinator/store/turn-writes.js';
import { grantOf, epochOf, sweepOf, turn } from '../coordinator/store/facts.js';
import { testDatabase } from '../support/postgres.js';
import { median, progress, repeat, timed } from './bench.js';
import type { Bench } from './bench.js';
import { LocalFleet } from './local-fleet.js';
import { measure } from './trials.js';

const workers = 64;
const epochsPerTrial = 10;
const slots = 16;

const metrics = { 'train.loss': 0.4213, 'train.accuracy': 0.8121, 'val.loss': 0.3987, 'val.accuracy': 0.8333, 'val.auc': 0.9017 };
const result = { metrics, confusion: [[412, 31], [58, 399]], diverged: false };

export const run: Bench = async ({ quick }, emit) => {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const leadership = await store.lead(new AbortController().signal, { url: null });
  try {
    const runs = quick ? 1 : 5;
    const reports = quick ? 2_000 : 20_000;
    progress(`store: ${reports} epoch reports per run, ${runs} runs`);
    const perSecond = await repeat(runs, () => reportsPerSecond(store, leadership.epoch, reports));
    emit({ case: 'reports', metric: 'perSecond', value: median(perSecond), unit: '1/s', runs, engine: null });
    const trials = quick ? 64 : 640;
    progress(`store: ${trials} trials of ${epochsPerTrial} epochs per run, ${runs} runs`);
    const trialsPerSecond = await repeat(runs, () => wholeTrials(store, leadership.epoch, trials));
    emit({ case: 'trials-store', metric: 'perSecond', value: median(trialsPerSecond), unit: '1/s', runs, engine: null });
  } finally {
    await leadership.release();
    await store.close();
    await database.close();
  }
  const runs = quick ? 1 : 5;
  const fleet = await LocalFleet.start(slots);
  try {
    const { perSecond } = await measure(fleet, 'grid', quick ? 200 : 2_000, runs);
    emit({ case: 'trials', metric: 'perSecond', value: perSecond, unit: '1/s', runs, engine: null });
  } finally {
    await fleet.stop();
  }
};

function freshPath(epochs: number): EpochKey[] {
  const salt = randomBytes(16);
  return Array.from({ length: epochs }, (_, epoch) => createHash('sha256').update(salt).update(String(epoch)).digest('hex'));
}

function report(grant: GrantWrite, epoch: number): EpochWrite {
  return epochOf(grant, epoch, { result });
}

async function reportsPerSecond(store: Store, leaderEpoch: number, reports: number): Promise<number> {
  const epochs = Math.ceil(reports / workers);
  const grants = Array.from({ length: workers }, () => grantOf(freshPath(epochs)));
  await store.commitTurn(leaderEpoch, turn({ grants }));
  const turns = Array.from({ length: epochs }, (_, epoch) => turn({ epochs: grants.map((grant) => report(grant, epoch)) }));
  const ms = await timed(async () => {
    for (const writes of turns) await store.commitTurn(leaderEpoch, writes);
  });
  const ended = grants.map(({ attempt, token }) => ({ attempt, token, outcome: 'done' as const, message: '', log: '', beganAfterMs: 0 }));
  await store.commitTurn(leaderEpoch, turn({ ended }));
  return (epochs * workers) / (ms / 1000);
}

async function wholeTrials(store: Store, leaderEpoch: number, count: number): Promise<number> {
  const paths = Array.from({ length: count }, () => freshPath(epochsPerTrial));
  const { id } = await store.submit(sweepOf(`bench ${newId('swp')}`, paths), leaderEpoch);
  const trials = await store.trialsOf(id);
  const ms = await timed(async () => {
    for (let first = 0; first < count; first += slots) {
      const batch = trials.slice(first, first + slots);
      const grants = batch.map((trial) => grantOf(trial.plan.path));
      await store.commitTurn(leaderEpoch, turn({
        grants,
        trials: batch.map((trial) => ({ id: trial.id, revision: 1, state: 'running', epochs: null, bestEpoch: null, until: null, failure: null })),
      }));
      for (let epoch = 0; epoch < epochsPerTrial; epoch += 1) await store.commitTurn(leaderEpoch, turn({ epochs: grants.map((grant) => report(grant, epoch)) }));
      await store.commitTurn(leaderEpoch, turn({
        ended: grants.map(({ attempt, token }) => ({ attempt, token, outcome: 'done', message: '', log: '', beganAfterMs: 0 })),
        trials: batch.map((trial) => ({ id: trial.id, revision: 1, state: 'completed', epochs: epochsPerTrial, bestEpoch: epochsPerTrial - 1, until: null, failure: null })),
        events: batch.map((trial) => ({ type: 'trial.completed', sweep: id, trial: trial.id, detail: { epochs: epochsPerTrial } })),
      }));
    }
  });
  return count / (ms / 1000);
}

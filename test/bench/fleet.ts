/**
 * A large fleet: one coordinator with 500 simulated workers of two slots (fleet-workers.ts) that speak the
 * real protocol, at 2,000 epoch reports a second, the slots out of step as boxes are. Time from a report to its decision, memory of the
 * coordinator, and on stderr what it takes when nothing is to be done. The load runs on the same cores, and
 * so does the nats-server of the second case.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { NatsServer } from '../support/nats.js';
import { progress, type BenchOptions, type Emit } from './bench.js';
import { Load } from './fleet-load.js';
import { LocalFleet } from './local-fleet.js';

const SLOTS = 2;
const EPOCHS = 20;
const REPORTS_PER_SECOND_AND_SLOT = 2;
/** A slot goes on when its report is answered: with 20 ms for that, it makes two epochs a second. */
const EPOCH_MS = 480;
/** Looking for the end of the sweep more often would be part of the load. */
const POLL_MS = 1_000;
const IDLE_MS = 10_000;

export async function run(options: BenchOptions, emit: Emit): Promise<void> {
  await measure('grpc', null, options, emit);
  const server = new NatsServer();
  await server.start();
  try {
    await measure('nats', `nats://${server.address}`, options, emit);
  } finally {
    await server.stop();
  }
}

async function measure(carrier: string, nats: string | null, { quick }: BenchOptions, emit: Emit): Promise<void> {
  const workers = quick ? 50 : 500;
  const seconds = quick ? 10 : 60;
  const fleet = await LocalFleet.start(0, nats);
  const load = new Load({ ...fleet.address, nats, workers, slots: SLOTS, spreadMs: EPOCHS * EPOCH_MS });
  try {
    await load.welcomed();
    progress(`fleet: ${workers} workers over ${carrier} are connected`);
    const perSecond = workers * SLOTS * REPORTS_PER_SECOND_AND_SLOT;
    // The first ten seconds fill the slots, the last ten empty them.
    const trials = Math.ceil((perSecond * (seconds + 20)) / EPOCHS);
    const sweep = fleet.run({ sampler: 'grid', trials, epochs: EPOCHS, epochMs: EPOCH_MS }, POLL_MS);
    await wait(EPOCHS * EPOCH_MS);
    await load.figures();
    await wait(seconds * 1_000);
    const { reports, seconds: took, p50Ms, p99Ms } = await load.figures();
    const { rssBytes } = fleet.coordinator();
    await sweep;
    const before = fleet.coordinator().cpuMs;
    await wait(IDLE_MS);
    progress(`fleet: idle, the coordinator takes ${(((fleet.coordinator().cpuMs - before) / IDLE_MS) * 100).toFixed(1)} % of a core; report to decision ${p50Ms.toFixed(1)} ms in the median`);
    const shared = { case: `${carrier}-${workers}`, runs: 1, engine: null };
    emit({ ...shared, metric: 'reportsPerSecond', value: Number((reports / took).toFixed(1)), unit: '1/s' });
    emit({ ...shared, metric: 'p99Ms', value: Number(p99Ms.toFixed(2)), unit: 'ms' });
    emit({ ...shared, metric: 'rssBytes', value: rssBytes, unit: 'bytes' });
  } finally {
    await load.stop();
    await fleet.stop();
  }
}

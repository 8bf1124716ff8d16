/**
 * Trials of one second on 16 slots: how much longer than 16 sleepers a sweep takes, from its first lease
 * to its end. Everything that is lost between two trials of a slot shows here.
 */
import { progress, type BenchOptions, type Emit } from './bench.js';
import { LocalFleet } from './local-fleet.js';

const SLOTS = 16;
const TRIAL_MS = 1_000;

export async function run({ quick }: BenchOptions, emit: Emit): Promise<void> {
  const trials = quick ? 64 : 1_000;
  const fleet = await LocalFleet.start(SLOTS);
  try {
    await fleet.run({ sampler: 'grid', trials: 200, epochs: 1, epochMs: 0 });
    progress(`sleep: ${trials} trials of ${TRIAL_MS / 1_000} s on ${SLOTS} slots`);
    const { id } = await fleet.run({ sampler: 'grid', trials, epochs: 1, epochMs: TRIAL_MS });
    const idealMs = Math.ceil(trials / SLOTS) * TRIAL_MS;
    const overIdeal = (await wallMs(fleet, id)) / idealMs - 1;
    emit({ case: `${trials}x1s-${SLOTS}`, metric: 'overIdeal', value: Number(overIdeal.toFixed(5)), unit: '1', runs: 1, engine: null });
  } finally {
    await fleet.stop();
  }
}

/** By the database's clock, from the first lease to the sweep's end. Trials are leased in order of their numbers. */
async function wallMs({ service }: LocalFleet, id: string): Promise<number> {
  const { sweep, trials } = await service.results(id, { test: false });
  const first = trials.toSorted((a, b) => a.number - b.number).slice(0, SLOTS);
  const details = await Promise.all(first.map((trial) => service.trial(trial.id, { test: false })));
  const leased = details.flatMap(({ attempts }) => attempts.map(({ leasedAt }) => Date.parse(leasedAt)));
  return Date.parse(sweep.finishedAt ?? '') - Math.min(...leased);
}

/**
 * No-op trials of ten epochs through the whole path: child, agent, link, leader and store, every epoch
 * a report of its own with its own decision, synchronous_commit on. The server is the embedded Postgres.
 */
import { median, progress, type BenchOptions, type Emit } from './bench.js';
import { LocalFleet, type SyntheticSweep } from './local-fleet.js';

const EPOCHS = 10;
const RUNS = 5;
const SAMPLERS = ['random', 'grid', 'tpe'] as const;

export async function run({ quick }: BenchOptions, emit: Emit): Promise<void> {
  const runs = quick ? 1 : RUNS;
  for (const slots of [1, 4, 16]) {
    const fleet = await LocalFleet.start(slots);
    try {
      for (const sampler of SAMPLERS) {
        const { perSecond, cpuMs } = await measure(fleet, sampler, trialsOf(sampler, slots, quick), runs);
        const shared = { case: `${sampler}-${slots}`, runs, engine: null };
        emit({ ...shared, metric: 'trialsPerSecond', value: Number(perSecond.toFixed(1)), unit: '1/s' });
        if (cpuMs !== null) emit({ ...shared, metric: 'cpuMsPerTrial', value: Number(cpuMs.toFixed(3)), unit: 'ms' });
      }
    } finally {
      await fleet.stop();
    }
  }
}

/** Enough for a second or two; a proposal of tpe takes longer the more trials there are, so it has 1,000. */
function trialsOf(sampler: SyntheticSweep['sampler'], slots: number, quick: boolean): number {
  if (quick) return 200;
  if (sampler === 'tpe') return 1_000;
  return slots === 1 ? 1_000 : 3_000;
}

/** Medians over `runs` sweeps of so many trials, after a warm-up. */
export async function measure(fleet: LocalFleet, sampler: SyntheticSweep['sampler'], trials: number, runs: number): Promise<{ perSecond: number; cpuMs: number | null }> {
  await fleet.run({ sampler, trials: 500, epochs: EPOCHS, epochMs: 0 });
  const rates: number[] = [];
  const costs: number[] = [];
  for (let index = 0; index < runs; index += 1) {
    const { seconds, cpu } = await fleet.run({ sampler, trials, epochs: EPOCHS, epochMs: 0 });
    const perTrial = [...cpu].map(([kind, ms]) => [kind, ms / trials] as const);
    rates.push(trials / seconds);
    if (cpu.size > 0) costs.push(perTrial.reduce((sum, [, ms]) => sum + ms, 0));
    const parts = perTrial.map(([kind, ms]) => `${kind} ${ms.toFixed(2)}`).join(', ');
    progress(`${sampler}, ${trials} trials: ${(trials / seconds).toFixed(0)} trials/s; ms of CPU per trial: ${parts}`);
  }
  return { perSecond: median(rates), cpuMs: costs.length === 0 ? null : median(costs) };
}

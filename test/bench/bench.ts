/** What every benchmark shares: its line of output, medians, warm-up. Nothing here measures. */
import { availableParallelism, loadavg } from 'node:os';
import { packageVersion } from '../../proto/package-root.js';

export interface BenchOptions {
  /** Fewer runs and smaller cases: to see that it works. */
  readonly quick: boolean;
  /** A Python with the peers to compare with; null for none. */
  readonly against: string | null;
  /** Of `engine` and `zoo`: the cases to run; empty for all. */
  readonly cases: readonly string[];
  /** How long what has no end of its own is watched; null for as long as the bench says. */
  readonly minutes: number | null;
}

export interface Measurement {
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  /** `ms`, `bytes`, `1/s`, or `1` for a ratio. */
  readonly unit: string;
  /** How many runs the value is the median of. */
  readonly runs: number;
  /** What trained: `wasm`, `keras`, …; null where nothing did. */
  readonly engine: string | null;
  /** Of what was compared with, by name. */
  readonly versions?: { readonly [name: string]: string };
}

export type Emit = (measurement: Measurement) => void;

/** A bench file exports this as `run`. */
export type Bench = (options: BenchOptions, emit: Emit) => Promise<void>;

/** Prints each measurement as one JSON line on stdout. */
export function emitter(bench: string): Emit {
  return ({ versions, ...measurement }) => {
    const line = {
      bench,
      ...measurement,
      versions: { trawl: packageVersion(), node: process.versions.node, ...versions },
      cores: availableParallelism(),
      load: Number((loadavg()[0] ?? 0).toFixed(2)),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('the median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Runs `measure` once to warm up and then `runs` times; gives what it returned each time. */
export async function repeat(runs: number, measure: () => Promise<number> | number): Promise<number[]> {
  await measure();
  const values: number[] = [];
  for (let run = 0; run < runs; run += 1) values.push(await measure());
  return values;
}

/** Wall time in milliseconds. */
export async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Progress belongs on stderr: stdout holds measurements and nothing else. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * How good what samplers find is, beside Optuna's figures in ../shared/facts/search-quality.json (same
 * functions, same numbers of trials, one after the other, seeds 0, 1, 2, …): quartiles over seeds of the
 * least value after so many trials. `mixed` is a space with a choice, its conditional settings, whole
 * numbers and a listed axis, on which Optuna was not measured. And how long a proposal takes, in CPU.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../proto/package-root.js';
import type { Space } from '../../coordinator/space/dimension.js';
import type { Sampler } from '../../coordinator/sampler/sampler.js';
import { GpSampler } from '../../coordinator/sampler/gp.js';
import { TpeSampler } from '../../coordinator/sampler/tpe.js';
import { randomSampler, sobolSampler } from '../../coordinator/sampler/uniform.js';
import { branin, completed, hartmann6, leastAfter, mixed, type Objective } from '../support/objectives.js';
import { median, progress, type BenchOptions, type Emit } from './bench.js';

interface Contender {
  readonly name: string;
  readonly make: (space: Space, seed: number) => Sampler;
  readonly seeds: number;
  /** Numbers of trials after which the least value counts. */
  readonly counts: readonly number[];
  /** Numbers of trials at which a proposal is timed. */
  readonly timedAt: readonly number[];
}

const CONTENDERS: readonly Contender[] = [
  { name: 'random', make: (space, seed) => randomSampler(space, { seed }), seeds: 20, counts: [50, 100, 200], timedAt: [] },
  { name: 'sobol', make: (space, seed) => sobolSampler(space, { seed }), seeds: 20, counts: [50, 100, 200], timedAt: [] },
  { name: 'tpe', make: (space, seed) => new TpeSampler(space, { seed }), seeds: 20, counts: [50, 100, 200], timedAt: [1_000, 10_000, 100_000] },
  { name: 'gp', make: (space, seed) => new GpSampler(space, { seed }), seeds: 4, counts: [50, 100], timedAt: [100, 500] },
];
const OBJECTIVES = [branin, hartmann6, mixed];
const PROPOSALS = 15;

interface Quartiles {
  readonly q25: number;
  readonly median: number;
  readonly q75: number;
}
type Results = { readonly [sampler: string]: { readonly [objective: string]: { readonly [count: string]: Quartiles } } };

export async function run({ quick }: BenchOptions, emit: Emit): Promise<void> {
  const peer = peerResults();
  for (const contender of CONTENDERS) {
    for (const objective of OBJECTIVES) quality(contender, objective, quick, peer, emit);
    for (const trials of contender.timedAt) if (!quick || trials <= 1_000) speed(contender, trials, emit);
  }
}

function peerResults(): Results {
  const path = join(packageRoot(), '..', 'shared', 'facts', 'search-quality.json');
  if (!existsSync(path)) {
    progress(`search: no ${path}: ours stand alone`);
    return {};
  }
  const { results } = JSON.parse(readFileSync(path, 'utf8')) as { readonly results: Results };
  return results;
}

function quality({ name, make, seeds, counts }: Contender, objective: Objective, quick: boolean, peer: Results, emit: Emit): void {
  const runs = quick ? 3 : seeds;
  progress(`search: ${name} on ${objective.name}, ${runs} seeds`);
  const leasts = Array.from({ length: runs }, (_, seed) => leastAfter(counts, objective, make(objective.space, seed)));
  counts.forEach((count, place) => {
    const ours = quartilesOf(leasts.map((least) => least[place] ?? Number.NaN));
    const shared = { case: `${name}/${objective.name}/${count}`, unit: '1', engine: null, runs };
    for (const metric of ['median', 'q25', 'q75'] as const) emit({ ...shared, metric, value: rounded(ours[metric]) });
    const theirs = peer[name]?.[objective.name]?.[`best@${count}`];
    if (theirs === undefined) return;
    for (const metric of ['median', 'q25', 'q75'] as const) emit({ ...shared, metric: `optuna.${metric}`, value: theirs[metric], versions: { optuna: '5.0.0' } });
  });
}

/** Linear between order statistics, as numpy.quantile. */
function quartilesOf(values: readonly number[]): Quartiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    return below + (place - Math.floor(place)) * ((sorted[Math.ceil(place)] ?? below) - below);
  };
  return { q25: at(0.25), median: at(0.5), q75: at(0.75) };
}

/** CPU of a rebuild from `trials` finished ones, and of a proposal where each is followed by an observation. */
function speed({ name, make }: Contender, trials: number, emit: Emit): void {
  progress(`search: ${name}, a proposal after ${trials} trials`);
  const { space } = hartmann6;
  const draws = randomSampler(space, { seed: 0 });
  const observations = Array.from({ length: trials }, (_, number) => {
    const point = draws.propose(number, 0) ?? [];
    return completed(number, point, hartmann6.valueAt(point));
  });
  const sampler = make(space, 0);
  const rebuild = cpuMsOf(() => {
    for (const observation of observations) sampler.observe(observation);
    sampler.propose(trials, 0);
  });
  const proposals = Array.from({ length: PROPOSALS }, (_, nth) => {
    const ms = cpuMsOf(() => sampler.propose(trials + nth, 0));
    const point = draws.propose(trials + nth, 0) ?? [];
    sampler.observe(completed(trials + nth, point, hartmann6.valueAt(point)));
    return ms;
  });
  const shared = { case: `${name}/propose/${trials}`, unit: 'ms', engine: null };
  emit({ ...shared, metric: 'rebuildCpuMs', value: rounded(rebuild), runs: 1 });
  emit({ ...shared, metric: 'cpuMs', value: rounded(median(proposals)), runs: PROPOSALS });
}

function cpuMsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}

/**
 * How good what samplers find is, beside Optuna's figures: quartiles over seeds of the least value after so
 * many trials, one after the other, seeds 0, 1, 2, …. Those of branin and hartmann6 are in
 * ../shared/facts/search-quality.json, those of the other functions in search-optuna.json beside this file,
 * which search-optuna.py makes; `mixed` is a space with a choice, its conditional settings, whole numbers
 * and a listed axis. Then how many epochs pruners train on the learning curves of the same facts, and how
 * good what they find is; and how long a proposal takes, in CPU.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../proto/package-root.js';
import type { Space } from '../../coordinator/space/dimension.js';
import type { Sampler } from '../../coordinator/sampler/sampler.js';
import { GpSampler } from '../../coordinator/sampler/gp.js';
import { TpeSampler } from '../../coordinator/sampler/tpe.js';
import { randomSampler, sobolSampler } from '../../coordinator/sampler/uniform.js';
import { prunerOf } from '../../coordinator/pruner/make.js';
import type { PrunerSpec } from '../../coordinator/sweep/spec.js';
import { measureCurves } from '../coordinator/pruner/learning-curves.js';
import { ackley5, branin, completed, griewank5, hartmann6, leastAfter, levy4, mixed, rosenbrock4, sphere5, type Objective } from '../support/objectives.js';
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
const OBJECTIVES = [branin, hartmann6, sphere5, rosenbrock4, ackley5, levy4, griewank5, mixed];

/** Each with the one of the facts that it is held against. */
const PRUNERS: readonly { readonly name: string; readonly spec: PrunerSpec; readonly peer: readonly [tool: string, row: string] }[] = [
  { name: 'median', spec: { kind: 'median', minEpochs: 1, minTrials: 3, every: 1 }, peer: ['optuna 5.0.0', 'median'] },
  { name: 'median_w3', spec: { kind: 'median', minEpochs: 3, minTrials: 3, every: 1 }, peer: ['optuna 5.0.0', 'median_w3'] },
  { name: 'asha', spec: { kind: 'asha', minEpochs: 1, eta: 3, brackets: 1 }, peer: ['ray 2.60.0', 'asha'] },
  { name: 'asha_brackets3', spec: { kind: 'asha', minEpochs: 1, eta: 3, brackets: 3 }, peer: ['ray 2.60.0', 'asha_brackets3'] },
  { name: 'hyperband', spec: { kind: 'hyperband', minEpochs: 1, eta: 3 }, peer: ['optuna 5.0.0', 'hyperband'] },
];
const PROPOSALS = 15;

interface Quartiles {
  readonly q25: number;
  readonly median: number;
  readonly q75: number;
}
type Results = { readonly [sampler: string]: { readonly [objective: string]: { readonly [count: string]: Quartiles } } };
interface Curves {
  readonly epochs: number;
  readonly bestTrue: number;
}
interface Facts {
  readonly results: Results;
  readonly learningCurves: { readonly results: { readonly [tool: string]: { readonly [row: string]: Curves } } };
}

export async function run({ quick }: BenchOptions, emit: Emit): Promise<void> {
  const facts = peerFacts();
  const own = JSON.parse(readFileSync(join(packageRoot(), 'test', 'bench', 'search-optuna.json'), 'utf8')) as { readonly results: Results };
  const peer: Results = Object.fromEntries(CONTENDERS.map(({ name }) => [name, { ...facts?.results[name], ...own.results[name] }]));
  for (const pruner of PRUNERS) for (const inFlight of [1, 8]) curves(pruner, inFlight, facts, emit);
  for (const contender of CONTENDERS) {
    for (const objective of OBJECTIVES) quality(contender, objective, quick, peer, emit);
    for (const trials of contender.timedAt) if (!quick || trials <= 1_000) for (const objective of [hartmann6, mixed]) speed(contender, objective, trials, emit);
  }
}

function peerFacts(): Facts | null {
  const path = join(packageRoot(), '..', 'shared', 'facts', 'search-quality.json');
  if (!existsSync(path)) {
    progress(`search: no ${path}: ours stand alone`);
    return null;
  }
  return JSON.parse(readFileSync(path, 'utf8')) as Facts;
}

/** Medians over 20 orders of arrival. */
function curves({ name, spec, peer: [tool, row] }: (typeof PRUNERS)[number], inFlight: number, facts: Facts | null, emit: Emit): void {
  progress(`search: ${name} on the learning curves, ${inFlight} in flight`);
  const ours = measureCurves(() => prunerOf(spec), inFlight);
  const theirs = facts?.learningCurves.results[tool]?.[`${row}/W${inFlight}`];
  const shared = { case: `${name}/curves/${inFlight}`, unit: '1', engine: null, runs: 20 };
  for (const metric of ['epochs', 'bestTrue'] as const) {
    // To the digits of the facts.
    emit({ ...shared, metric, value: Number(ours[metric].toFixed(5)) });
    const [peer = '', version = ''] = tool.split(' ');
    if (theirs !== undefined) emit({ ...shared, metric: `${peer}.${metric}`, value: theirs[metric], versions: { [peer]: version } });
  }
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
function speed({ name, make }: Contender, objective: Objective, trials: number, emit: Emit): void {
  const { name: on, space } = objective;
  progress(`search: ${name} on ${on}, a proposal after ${trials} trials`);
  const draws = randomSampler(space, { seed: 0 });
  const observations = Array.from({ length: trials }, (_, number) => {
    const point = draws.propose(number, 0) ?? [];
    return completed(number, point, objective.valueAt(point));
  });
  const sampler = make(space, 0);
  const rebuild = cpuMsOf(() => {
    for (const observation of observations) sampler.observe(observation);
    sampler.propose(trials, 0);
  });
  const proposals = Array.from({ length: PROPOSALS }, (_, nth) => {
    const ms = cpuMsOf(() => sampler.propose(trials + nth, 0));
    const point = draws.propose(trials + nth, 0) ?? [];
    sampler.observe(completed(trials + nth, point, objective.valueAt(point)));
    return ms;
  });
  const shared = { case: `${name}/propose${on === hartmann6.name ? '' : `-${on}`}/${trials}`, unit: 'ms', engine: null };
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

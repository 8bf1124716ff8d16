/**
 * `npm run chaos [-- --minutes 10 --seed 1 --carrier grpc]`: sweeps over 8 workers while processes are
 * killed and frozen, lines are cut, spoilt and slowed, clocks jump and blobs rot; then all heals, and what
 * the store holds is compared with what a calm run of the same sweeps came to. The last line says it all.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { generator } from '../simulation/sweeps.js';
import { inject } from './faults.js';
import { scheduleOf, type Fault } from './schedule.js';
import { submitAll, unfinished, writeSweeps } from './sweeps.js';
import { differences, examine, otherEpochs, type Finding } from './verdict.js';
import { World, WORKERS } from './world.js';

const CARRIERS = ['grpc', 'nats'] as const;
type Carrier = (typeof CARRIERS)[number];

/** Between two faults, on the average. */
const EVERY_MS = 1_500;
/** A run in which more than one of so many faults came to nothing has shown too little. */
const MISSED_SHARE = 5;
/** After the last fault everything must come to its end within this. */
const HEALING_MS = 180_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Options {
  readonly seed: number;
  readonly durationMs: number;
  readonly carriers: readonly Carrier[];
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, minutes: { type: 'string', default: '10' }, carrier: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  const seed = Number(values.seed);
  const minutes = Number(values.minutes);
  const carriers = values.carrier === undefined ? CARRIERS : CARRIERS.filter((carrier) => carrier === values.carrier);
  if (values.help || !Number.isSafeInteger(seed) || !(minutes > 0) || carriers.length === 0) return null;
  return { seed, durationMs: (minutes * 60_000) / carriers.length, carriers };
}

interface Outcome {
  readonly finding: Finding;
  /** Why the sweeps had not ended in time; null where they had. */
  readonly open: string | null;
  readonly faults: number;
  /** Faults that found nothing to hit. */
  readonly missed: number;
}

/** Runs the sweeps to their end, with faults for `faultsMs` from their beginning on. */
async function runOf(folder: string, files: readonly string[], carrier: Carrier, seed: number, faultsMs: number): Promise<Outcome> {
  const random = generator(seed);
  const world = await World.start({ folder, carrier, random });
  try {
    await submitAll(world, files);
    const faults = scheduleOf({ seed, workers: WORKERS, carrier, durationMs: faultsMs, everyMs: EVERY_MS });
    const hit = await injectAll(world, faults, carrier, random);
    const open = await unfinished(world, files, HEALING_MS);
    return { finding: await examine(world.databaseUrl), open, faults: hit, missed: faults.length - hit };
  } finally {
    await world.stop();
  }
}

/** How many found something to hit. */
async function injectAll(world: World, faults: readonly Fault[], carrier: Carrier, random: () => number): Promise<number> {
  const startedAt = performance.now();
  const healing: Promise<boolean>[] = [];
  for (const fault of faults) {
    await wait(Math.max(0, fault.atMs - (performance.now() - startedAt)));
    const on = fault.target === 'worker' || fault.target === 'child' ? ` ${fault.worker}` : '';
    const span = fault.forMs > 0 ? ` for ${(fault.forMs / 1_000).toFixed(1)} s` : '';
    const told = (hit: boolean): boolean => {
      process.stderr.write(`chaos ${carrier}: ${(fault.atMs / 1_000).toFixed(1)} s: ${fault.kind} ${fault.target}${on}${span}${hit ? '' : ' (nothing there to hit)'}\n`);
      return hit;
    };
    healing.push(inject(world, fault, random).then(told));
  }
  return (await Promise.all(healing)).filter((hit) => hit).length;
}

/** One line, and whether all is as it should be. */
function told(calm: Outcome, chaos: Outcome): { readonly line: string; readonly good: boolean } {
  const { trials, epochs, lost, doubled, orphaned } = chaos.finding;
  const different = differences(calm.finding, chaos.finding);
  const other = otherEpochs(calm.finding, chaos.finding);
  const short = [
    orphaned === 0 ? null : `${orphaned} orphaned`,
    calm.open === null ? null : `the calm run has ${calm.open}`,
    chaos.open,
    other === 0 ? null : `${other} epochs recorded in one run alone`,
    chaos.missed * MISSED_SHARE < chaos.faults ? null : `${chaos.missed} faults found nothing to hit`,
    different.length === 0 ? null : `leaderboard differs in ${different.length} (${different[0]})`,
  ].filter((part) => part !== null);
  const good = short.length === 0 && lost === 0 && doubled === 0 && calm.finding.lost === 0;
  return { line: `${trials} trials, ${epochs} epochs, ${lost} lost, ${doubled} doubled, ${short.length === 0 ? 'leaderboard equal' : short.join('; ')}`, good };
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    process.stderr.write('chaos: expected npm run chaos [-- --minutes N --seed WHOLE-NUMBER --carrier grpc|nats]\n');
    return 2;
  }
  const { seed, carriers, durationMs } = options;
  const folder = mkdtempSync(join(tmpdir(), 'trawl-chaos-'));
  const totals = { trials: 0, epochs: 0, lost: 0, doubled: 0, short: [] as string[] };
  const files = await writeSweeps(folder, durationMs / 60_000);
  for (const carrier of carriers) {
    const calm = await runOf(join(folder, `${carrier}-calm`), files, carrier, seed, 0);
    const chaos = await runOf(join(folder, `${carrier}-chaos`), files, carrier, seed, durationMs);
    const { line, good } = told(calm, chaos);
    say(`chaos ${carrier}: ${chaos.faults} faults, seed ${seed}: ${line}`);
    for (const loss of [...calm.finding.losses, ...chaos.finding.losses]) process.stderr.write(`chaos ${carrier}: ${loss}\n`);
    totals.trials += chaos.finding.trials;
    totals.epochs += chaos.finding.epochs;
    totals.lost += chaos.finding.lost;
    totals.doubled += chaos.finding.doubled;
    if (!good) totals.short.push(`${carrier} fell short`);
  }
  const good = totals.short.length === 0;
  if (good) rmSync(folder, { recursive: true, force: true });
  else process.stderr.write(`chaos: logs and data are kept in ${folder}\n`);
  say(`chaos: ${totals.trials} trials, ${totals.epochs} epochs, ${totals.lost} lost, ${totals.doubled} doubled, ${good ? 'leaderboard equal' : totals.short.join(', ')}`);
  return good ? 0 : 1;
}

process.exitCode = await main();

/**
 * No-op trials of ten epochs through the whole path: child, agent, link, leader and store, every epoch
 * a report of its own with its own decision, synchronous_commit on. The server is the embedded Postgres.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { homeAt } from '../../cli/home.js';
import { connect, type Connection } from '../../cli/host/connect.js';
import { median, progress, type BenchOptions, type Emit } from './bench.js';

const EPOCHS = 10;
const RUNS = 5;
/** Clock ticks of /proc/PID/stat per second: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export async function run({ quick }: BenchOptions, emit: Emit): Promise<void> {
  for (const slots of [1, 4, 16]) {
    const trials = quick ? 100 : slots === 1 ? 500 : 2_000;
    const { perSecond, cpuMs } = await measure(slots, trials, quick ? 1 : RUNS);
    const shared = { case: `grid-${slots}`, runs: quick ? 1 : RUNS, engine: null };
    emit({ ...shared, metric: 'trialsPerSecond', value: Number(perSecond.toFixed(1)), unit: '1/s' });
    if (cpuMs !== null) emit({ ...shared, metric: 'cpuMsPerTrial', value: Number(cpuMs.toFixed(3)), unit: 'ms' });
  }
}

/** Medians over `runs` sweeps of so many trials, after a warm-up. */
export async function measure(slots: number, trials: number, runs: number): Promise<{ perSecond: number; cpuMs: number | null }> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
  const abort = new AbortController();
  const connection = await connect({ home: homeAt(folder), databaseUrl: null, leaseMs: null, onNotice: progress, signal: abort.signal });
  try {
    connection.host?.startWorker({ slots, slotMemoryBytes: null });
    await sweep(connection, 0, slots * 20);
    const rates: number[] = [];
    const cpu: number[] = [];
    for (let index = 0; index < runs; index += 1) {
      const cpuBefore = cpuMsOfFamily();
      const startedAt = performance.now();
      await sweep(connection, index + 1, trials);
      const seconds = (performance.now() - startedAt) / 1_000;
      rates.push(trials / seconds);
      if (cpuBefore !== null) cpu.push(((cpuMsOfFamily() ?? cpuBefore) - cpuBefore) / trials);
      progress(`${slots} slots, ${trials} trials: ${(trials / seconds).toFixed(0)} trials/s`);
    }
    return { perSecond: median(rates), cpuMs: cpu.length === 0 ? null : median(cpu) };
  } finally {
    await connection.host?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the submission of a sweep to its completion. Each has a formula of its own, or it would share the epochs of the one before. */
async function sweep({ service }: Connection, number: number, trials: number): Promise<void> {
  const name = `run-${number}`;
  const text = [
    `name: ${name}`,
    `trainable: {synthetic: {epochMs: 0, metrics: {val.loss: "x / (epoch + 1) + ${number}"}}}`,
    `space: {x: [{from: 1, to: ${trials}, step: 1}], epochs: ${EPOCHS}}`,
    'objective: {minimize: val.loss}',
    `budget: {trials: ${trials}}`,
  ].join('\n');
  const { id } = await service.submit({ source: { name: `${name}.yaml`, text }, sharing: true, data: null, numerics: 'none' });
  for (;;) {
    const { state } = await service.sweep(id);
    if (state === 'completed') return;
    if (state === 'failed') throw new Error(`the sweep ${name} failed`);
    await wait(25);
  }
}

/** CPU time of this process' descendants so far; null where /proc does not tell. Ended ones count in their parent. */
function cpuMsOfFamily(): number | null {
  if (process.platform !== 'linux') return null;
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const family = new Set([process.pid]);
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const [pid, parent] of pairs) if (pid !== undefined && parent !== undefined && family.has(parent)) family.add(pid);
  }
  family.delete(process.pid);
  let ticks = 0;
  for (const pid of family) ticks += ticksOf(pid);
  return (ticks * 1_000) / TICKS_PER_SECOND;
}

/** User, system, and those of its ended children; 0 for a process that ended meanwhile. */
function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  } catch {
    return 0;
  }
}

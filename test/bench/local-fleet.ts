/**
 * A whole trawl on this machine, as `trawl run` has it: embedded Postgres, coordinator, worker, children.
 * Runs synthetic sweeps and says how long they took and what they cost each kind of process. No bench
 * by itself.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { homeAt } from '../../cli/home.js';
import { connect, type Connection } from '../../cli/host/connect.js';
import { progress } from './bench.js';

/** Clock ticks of /proc/PID/stat per second: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const POLL_MS = 25;

export interface SyntheticSweep {
  readonly sampler: 'grid' | 'random' | 'tpe';
  readonly trials: number;
  readonly epochs: number;
  /** How long the trainable sleeps in each epoch. */
  readonly epochMs: number;
}

/** Processor time in ms of each kind of process, ended children included; empty where /proc does not tell. */
export type CpuByKind = ReadonlyMap<string, number>;

export interface RunOf {
  readonly id: string;
  /** From its submission to its completion. */
  readonly seconds: number;
  readonly cpu: CpuByKind;
}

/** By a part of the command line; the first that fits. */
const KINDS = [
  ['Postgres', 'postgres'],
  ['coordinator', join('coordinator', 'main', 'main.js')],
  ['worker', join('worker', 'main', 'main.js')],
  ['children', join('train', 'child-main.js')],
] as const;

export class LocalFleet {
  readonly #folder: string;
  readonly #connection: Connection;
  #sweeps = 0;

  private constructor(folder: string, connection: Connection) {
    this.#folder = folder;
    this.#connection = connection;
  }

  /** With no slots there is no worker; `nats` is a server that takes workers too. */
  static async start(slots: number, nats: string | null = null): Promise<LocalFleet> {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-bench-'));
    const home = homeAt(folder);
    const connection = await connect({ home, databaseUrl: null, blobs: home.blobs, leaseMs: null, ...(nats === null ? {} : { nats: { url: nats } }), onNotice: progress, signal: new AbortController().signal });
    if (slots > 0) connection.host?.startWorker({ slots, slotMemoryBytes: null, cacheBytes: null });
    return new LocalFleet(folder, connection);
  }

  get service(): Connection['service'] {
    return this.#connection.service;
  }

  /** For workers from elsewhere. */
  get address(): { readonly address: string; readonly token: string } {
    const { host } = this.#connection;
    if (host === null) throw new Error('somebody else hosts the home');
    return { address: host.workerAddress, token: host.token };
  }

  /** For pages and requests. */
  get web(): { readonly url: string; readonly token: string } {
    const { host } = this.#connection;
    if (host === null) throw new Error('somebody else hosts the home');
    return { url: host.url, token: host.token };
  }

  /** Of the coordinator's process, as Linux tells. */
  coordinator(): { readonly cpuMs: number; readonly rssBytes: number } {
    const pid = family().find(({ command }) => command.includes(KINDS[1][1]))?.pid;
    if (pid === undefined) throw new Error('the coordinator is not found among the processes');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { cpuMs: (ticksOf(pid) * 1_000) / TICKS_PER_SECOND, rssBytes: Number(kilobytes) * 1_024 };
  }

  /** Each sweep has a formula of its own, or it would share the epochs of the one before. */
  async run({ sampler, trials, epochs, epochMs }: SyntheticSweep, pollMs = POLL_MS): Promise<RunOf> {
    const number = (this.#sweeps += 1);
    const text = [
      `name: run-${number}`,
      `trainable: {synthetic: {epochMs: ${epochMs}, metrics: {val.loss: "x / (epoch + 1) + ${number}"}}}`,
      `space: {x: ${sampler === 'grid' ? `[{from: 1, to: ${trials}, step: 1}]` : '{min: 0, max: 1}'}, epochs: ${epochs}}`,
      `sampler: ${sampler}`,
      'objective: {minimize: val.loss}',
      `budget: {trials: ${trials}}`,
    ].join('\n');
    const before = cpuOfFamily();
    const startedAt = performance.now();
    const { id } = await this.service.submit({ source: { name: `run-${number}.yaml`, text }, sharing: true, data: null, numerics: 'none' });
    for (;;) {
      const { state } = await this.service.sweep(id);
      if (state === 'completed') break;
      if (state === 'failed') throw new Error(`the sweep run-${number} failed`);
      await wait(pollMs);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const cpu = new Map([...cpuOfFamily()].map(([kind, ms]) => [kind, ms - (before.get(kind) ?? 0)] as const));
    return { id, seconds, cpu };
  }

  async stop(): Promise<void> {
    await this.#connection.host?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** This process' descendants; the bench itself is left out. */
function family(): readonly { readonly pid: number; readonly command: string }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n');
  const all = lines.flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
  const members = new Set([process.pid]);
  for (let size = 0; size !== members.size; ) {
    size = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  members.delete(process.pid);
  return all.filter(({ pid }) => members.has(pid));
}

function cpuOfFamily(): CpuByKind {
  const cpu = new Map<string, number>();
  if (process.platform !== 'linux') return cpu;
  for (const { pid, command } of family()) {
    const kind = KINDS.find(([, part]) => command.includes(part))?.[0] ?? 'others';
    cpu.set(kind, (cpu.get(kind) ?? 0) + (ticksOf(pid) * 1_000) / TICKS_PER_SECOND);
  }
  return cpu;
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

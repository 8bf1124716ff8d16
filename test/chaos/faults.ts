/** Makes a fault of the schedule happen in a world, and heals it after its time. */
import { openSync, readdirSync, readFileSync, writeSync, closeSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TcpProxy } from '../contract/tcp-proxy.js';
import { processes } from '../fault/run.js';
import type { Fault } from './schedule.js';
import type { World } from './world.js';

const LATENCY_MS = 500;
/** Longer than a takeover. */
const LOOK_FOR_MS = 6_000;
const LOOK_AGAIN_MS = 100;
const LOSS = 0.1;

/** Settles when it has healed. False where there was nothing to hit at that moment. */
export async function inject(world: World, fault: Fault, random: () => number): Promise<boolean> {
  switch (fault.kind) {
    case 'kill':
      return kill(world, fault);
    case 'freeze':
      if (fault.target !== 'nats') return freeze(fault.target === 'postgres' ? world.postgresProcesses() : await victims(world, fault), fault.forMs);
      await world.freezeNats(fault.forMs);
      return true;
    case 'clock':
      return jump(await victims(world, fault), fault.forMs);
    case 'corrupt-blob':
      return corruptBlob(world.blobFolder, random);
    default:
      return disturb(waysOf(world, fault), fault);
  }
}

async function kill(world: World, fault: Fault): Promise<boolean> {
  if (fault.target === 'nats') return world.killNats();
  // The postmaster stands first; its processes end when it is gone.
  const hit = fault.target === 'postgres' ? world.postgresProcesses().slice(0, 1) : await victims(world, fault);
  for (const pid of hit) signal(pid, 'SIGKILL');
  return hit.length > 0;
}

/** While what is to be hit is just being started again, it is waited for. */
async function victims(world: World, fault: Fault): Promise<number[]> {
  const giveUpAt = performance.now() + LOOK_FOR_MS;
  for (;;) {
    const found = await victimNow(world, fault);
    if (found !== null) return [found];
    if (performance.now() > giveUpAt) return [];
    await wait(LOOK_AGAIN_MS);
  }
}

/** A process id: of a worker the agent, whose children end with it; a child of that worker, or of the next one that has any. */
async function victimNow(world: World, { target, worker }: Fault): Promise<number | null> {
  if (target === 'worker') return world.workers[worker]?.pid ?? null;
  if (target === 'active' || target === 'standby') return (await world.coordinatorThat(target === 'active'))?.pid ?? null;
  const agents = world.workers.map((_, index) => world.workers[(worker + index) % world.workers.length]?.pid ?? null);
  const children = processes().filter(({ command }) => command.includes('child-main.js'));
  return agents.map((agent) => children.find(({ parent }) => parent === agent)?.pid ?? null).find((pid) => pid !== null) ?? null;
}

async function freeze(pids: readonly number[], forMs: number): Promise<boolean> {
  for (const pid of pids) signal(pid, 'SIGSTOP');
  await wait(forMs);
  for (const pid of pids) signal(pid, 'SIGCONT');
  return pids.length > 0;
}

async function jump(pids: readonly number[], forMs: number): Promise<boolean> {
  for (const pid of pids) signal(pid, 'SIGUSR2');
  await wait(forMs);
  for (const pid of pids) signal(pid, 'SIGUSR2');
  return pids.length > 0;
}

function waysOf(world: World, { worker }: Fault): TcpProxy[] {
  const ways = world.ways[worker];
  return ways === undefined ? [] : [...ways.grpc, ...ways.http, ...ways.nats];
}

async function disturb(proxies: readonly TcpProxy[], { kind, forMs }: Fault): Promise<boolean> {
  for (const proxy of proxies) {
    if (kind === 'partition') {
      proxy.accepting = false;
      proxy.cut();
    } else if (kind === 'latency') proxy.delayMs = LATENCY_MS;
    else if (kind === 'loss') proxy.loss = LOSS;
    else proxy.spoil();
  }
  await wait(forMs);
  for (const proxy of proxies) Object.assign(proxy, { accepting: true, delayMs: 0, loss: 0 });
  return proxies.length > 0;
}

/** One byte in the middle of a stored blob, whatever it is. */
function corruptBlob(folder: string, random: () => number): boolean {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /^[0-9a-f]{2}.[0-9a-f]{2}.[0-9a-f]{64}$/.test(name));
  const file = files[Math.floor(random() * files.length)];
  if (file === undefined) return false;
  const path = join(folder, file);
  const bytes = readFileSync(path);
  const opened = openSync(path, 'r+');
  try {
    const place = Math.floor(fstatSync(opened).size / 2);
    writeSync(opened, Uint8Array.of((bytes[place] ?? 0) ^ 0xff), 0, 1, place);
  } finally {
    closeSync(opened);
  }
  return true;
}

/** It may have ended by itself. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * What goes wrong in a chaos run, and when: a pure function of a seed, so that a run that fell short can
 * be had again. Every fault heals by itself after `forMs`; what was killed is started again by those who
 * run it (the world, here in the place of systemd).
 */
import { generator } from '../simulation/sweeps.js';

/** How the fault is made; who it hits stands in `target`. */
export type FaultKind =
  | 'kill' // SIGKILL
  | 'freeze' // SIGSTOP, then SIGCONT
  | 'partition' // nothing passes between a worker and any coordinator, and what stands is reset
  | 'latency' // half a second each way
  | 'loss' // connections break in the middle of what they carry
  | 'garbage' // bytes that nobody sent
  | 'clock' // an hour forth or back
  | 'corrupt-blob'; // bytes of a stored blob change

export type Target = 'child' | 'worker' | 'active' | 'standby' | 'postgres' | 'nats';

export interface Fault {
  /** From the beginning of the run. */
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly target: Target;
  /** Which worker, where one is hit. */
  readonly worker: number;
  readonly forMs: number;
}

interface Choice {
  readonly kind: FaultKind;
  readonly target: Target;
  readonly weight: number;
  readonly shortestMs: number;
  readonly longestMs: number;
}

const CHOICES: readonly Choice[] = [
  { kind: 'kill', target: 'child', weight: 4, shortestMs: 0, longestMs: 0 },
  { kind: 'kill', target: 'worker', weight: 3, shortestMs: 0, longestMs: 0 },
  { kind: 'kill', target: 'active', weight: 2, shortestMs: 0, longestMs: 0 },
  { kind: 'kill', target: 'standby', weight: 1, shortestMs: 0, longestMs: 0 },
  { kind: 'kill', target: 'postgres', weight: 1, shortestMs: 0, longestMs: 0 },
  { kind: 'kill', target: 'nats', weight: 1, shortestMs: 0, longestMs: 0 },
  { kind: 'freeze', target: 'child', weight: 1, shortestMs: 500, longestMs: 3_000 },
  { kind: 'freeze', target: 'worker', weight: 2, shortestMs: 500, longestMs: 6_000 },
  { kind: 'freeze', target: 'active', weight: 2, shortestMs: 500, longestMs: 8_000 },
  { kind: 'freeze', target: 'standby', weight: 1, shortestMs: 500, longestMs: 8_000 },
  { kind: 'freeze', target: 'postgres', weight: 1, shortestMs: 500, longestMs: 4_000 },
  { kind: 'freeze', target: 'nats', weight: 1, shortestMs: 500, longestMs: 4_000 },
  { kind: 'partition', target: 'worker', weight: 3, shortestMs: 500, longestMs: 8_000 },
  { kind: 'latency', target: 'worker', weight: 2, shortestMs: 2_000, longestMs: 8_000 },
  { kind: 'loss', target: 'worker', weight: 2, shortestMs: 1_000, longestMs: 5_000 },
  { kind: 'garbage', target: 'worker', weight: 2, shortestMs: 0, longestMs: 0 },
  { kind: 'clock', target: 'active', weight: 1, shortestMs: 3_000, longestMs: 8_000 },
  { kind: 'clock', target: 'worker', weight: 1, shortestMs: 3_000, longestMs: 8_000 },
  { kind: 'corrupt-blob', target: 'worker', weight: 1, shortestMs: 0, longestMs: 0 },
];

export interface ScheduleOptions {
  readonly seed: number;
  readonly workers: number;
  readonly carrier: 'grpc' | 'nats';
  /** The last fault has healed by then. */
  readonly durationMs: number;
  /** Mean time between two faults. */
  readonly everyMs: number;
}

/** In order of time. Each choice that fits the carrier comes at least once where there is time for it. */
export function scheduleOf({ seed, workers, carrier, durationMs, everyMs }: ScheduleOptions): Fault[] {
  const random = generator(seed);
  const choices = CHOICES.filter(({ target }) => target !== 'nats' || carrier === 'nats');
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  const first = shuffled(choices, random);
  const faults: Fault[] = [];
  // Times of a Poisson process: gaps are exponential, so that faults come in pairs as well as alone.
  for (let atMs = gap(everyMs, random); ; atMs += gap(everyMs, random)) {
    const choice = first.pop() ?? drawn(choices, total, random);
    const forMs = Math.round(choice.shortestMs + random() * (choice.longestMs - choice.shortestMs));
    if (atMs + forMs > durationMs) return faults;
    faults.push({ atMs: Math.round(atMs), kind: choice.kind, target: choice.target, worker: Math.floor(random() * workers), forMs });
  }
}

function gap(meanMs: number, random: () => number): number {
  return -Math.log(1 - random()) * meanMs;
}

function drawn(choices: readonly Choice[], total: number, random: () => number): Choice {
  let left = random() * total;
  for (const choice of choices) {
    left -= choice.weight;
    if (left < 0) return choice;
  }
  return choices.at(-1)!;
}

function shuffled(choices: readonly Choice[], random: () => number): Choice[] {
  const list = [...choices];
  for (let end = list.length - 1; end > 0; end -= 1) {
    const other = Math.floor(random() * (end + 1));
    [list[end], list[other]] = [list[other]!, list[end]!];
  }
  return list;
}

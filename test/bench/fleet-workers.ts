/**
 * The load of `fleet`: a process with hundreds of simulated workers. Each has a session of its own over a
 * real link, takes offers of synthetic stages into its slots, and reports every epoch when its time is up;
 * only the training children are missing. Forked; told and asked over IPC.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, Cancel, Offer, ReliableMessage } from '../../proto/messages.js';
import { readNatsSettings } from '../../proto/nats/settings.js';
import { grpcLink } from '../../worker/link/grpc.js';
import type { Link } from '../../worker/link/link.js';
import { natsLink } from '../../worker/link/nats.js';
import { WorkerSession, type SessionHandler } from '../../worker/link/session.js';
import { SyntheticTrainer } from '../../worker/train/synthetic.js';

export interface FleetLoad {
  /** Where a NATS server is taken in place of the coordinator's gRPC. */
  readonly nats: string | null;
  readonly address: string;
  readonly token: string;
  readonly workers: number;
  readonly slots: number;
  /** Slots begin their first stages spread over this time: boxes are not in step. */
  readonly spreadMs: number;
}

/** What was answered since the last question. */
export interface FleetFigures {
  readonly reports: number;
  readonly seconds: number;
  /** From the report to its answer, in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly welcomed: number;
}

const MEMORY_BYTES = 64 * 2 ** 30;
const DONE = { class: 'done', message: '', neededBytes: null } as const;
const RELEASED = { class: 'released', message: '', neededBytes: null } as const;

let latencies: number[] = [];
let since = performance.now();
let welcomed = 0;

class SimulatedWorker implements SessionHandler {
  readonly #session: WorkerSession;
  readonly #slots: number;
  /** Of the slots that have not begun yet. */
  readonly #firstWaitsMs: number[];
  #waiting: Offer[] = [];
  readonly #running = new Map<string, Offer>();
  readonly #cancelled = new Set<string>();
  /** When each unanswered epoch was reported, and who waits for the answer. */
  readonly #reported = new Map<number, number>();
  readonly #awaiting = new Map<number, (answer: Answer) => void>();
  #seq = 0;

  constructor(number: number, load: FleetLoad) {
    const { slots, workers, spreadMs } = load;
    this.#slots = slots;
    this.#firstWaitsMs = Array.from({ length: slots }, (_, slot) => ((number * slots + slot) * spreadMs) / (workers * slots));
    const id = `wrk_simulated${number}`;
    this.#session = new WorkerSession({
      link: linkOf(load, id),
      hello: () => ({
        ...{ features: [], worker: id, name: `simulated-${number}`, slots, memoryBytes: MEMORY_BYTES, slotMemoryBytes: MEMORY_BYTES / slots, numerics: [], node: process.version },
        leases: [...this.#running.values(), ...this.#waiting].map(({ attempt, token: lease }) => ({ attempt, token: lease })),
        waiting: this.#waiting.map(({ attempt }) => attempt),
      }),
      handler: this,
    });
  }

  start(): void {
    this.#session.start();
  }

  stop(): Promise<void> {
    return this.#session.stop();
  }

  welcome(): void {
    welcomed += 1;
  }

  offer(offer: Offer): void {
    if (this.#running.has(offer.attempt) || this.#waiting.some(({ attempt }) => attempt === offer.attempt)) return;
    this.#waiting.push(offer);
    this.#begin();
  }

  answer(answer: Answer, message: ReliableMessage): void {
    const reportedAt = this.#reported.get(message.seq);
    if (reportedAt === undefined) return;
    this.#reported.delete(message.seq);
    latencies.push(performance.now() - reportedAt);
    if (answer.verdict === 'stale' || answer.next === 'stop') this.#cancelled.add(message.attempt);
    this.#awaiting.get(message.seq)?.(answer);
    this.#awaiting.delete(message.seq);
  }

  keep(): void {
    // Synthetic epochs have no checkpoints.
  }

  restore(): void {
    // It has no data.
  }

  follow(): void {
    // It prints nothing.
  }

  /** It stays: nobody drains a bench. */
  askedToDrain(): void {
    return;
  }

  cancel({ attempt }: Cancel): void {
    const waiting = this.#waiting.find((offer) => offer.attempt === attempt);
    if (waiting === undefined) {
      this.#cancelled.add(attempt);
      return;
    }
    this.#waiting = this.#waiting.filter((offer) => offer !== waiting);
    this.#report({ kind: 'finished', attempt, token: waiting.token, outcome: RELEASED, log: '' });
  }

  refused({ message }: { readonly message: string }): void {
    process.stderr.write(`a simulated worker was refused: ${message}\n`);
  }

  connection(): void {
    // Counted by its welcome.
  }

  #begin(): void {
    while (this.#running.size < this.#slots) {
      const offer = this.#waiting.shift();
      if (offer === undefined) return;
      this.#running.set(offer.attempt, offer);
      void this.#train(offer);
    }
  }

  async #train({ attempt, token, work }: Offer): Promise<void> {
    if (work.kind !== 'train' || work.trajectory.trainable !== 'synthetic') throw new TypeError('simulated workers know synthetic stages alone');
    const firstWaitMs = this.#firstWaitsMs.shift();
    if (firstWaitMs !== undefined) await wait(firstWaitMs);
    this.#session.mention({ kind: 'progress', attempt, epoch: work.from, step: 0, steps: 0, loss: Number.NaN });
    const trainer = new SyntheticTrainer(work.trajectory);
    const never = new Promise<void>(() => undefined);
    const watch = { interrupted: () => false, interruption: never, release: never, step: () => undefined };
    for (const [index, key] of work.keys.entries()) {
      const epoch = work.from + index;
      const trained = await trainer.train(epoch, work.epochs[index]!, watch);
      if (trained === null || this.#cancelled.has(attempt)) break;
      const seq = this.#report({ kind: 'epoch', attempt, token, epoch, key, ...trained });
      this.#reported.set(seq, performance.now());
      if (epoch >= work.awaitFrom) await new Promise<Answer>((resolve) => this.#awaiting.set(seq, resolve));
      if (this.#cancelled.has(attempt)) break;
    }
    this.#cancelled.delete(attempt);
    this.#running.delete(attempt);
    this.#report({ kind: 'finished', attempt, token, outcome: DONE, log: '' });
    this.#begin();
  }

  /** The number that the session gives it: it counts as this does. */
  #report(report: Parameters<WorkerSession['report']>[0]): number {
    this.#session.report(report);
    return (this.#seq += 1);
  }
}

function linkOf({ nats, address, token }: FleetLoad, worker: string): Link {
  if (nats === null) return grpcLink({ address, token });
  const place = readNatsSettings({ url: nats });
  if (!('address' in place)) throw new TypeError(`${nats} is no address of a NATS server`);
  return natsLink({ ...place, worker, token });
}

function figures(): FleetFigures {
  const sorted = Float64Array.from(latencies).sort();
  const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const now = performance.now();
  const told = { reports: sorted.length, seconds: (now - since) / 1_000, p50Ms: quantile(0.5), p99Ms: quantile(0.99), welcomed };
  latencies = [];
  since = now;
  return told;
}

let workers: SimulatedWorker[] = [];

process.on('message', (message: { readonly kind: 'start'; readonly load: FleetLoad } | { readonly kind: 'figures' } | { readonly kind: 'stop' }) => {
  if (message.kind === 'start') {
    workers = Array.from({ length: message.load.workers }, (_, number) => new SimulatedWorker(number, message.load));
    for (const worker of workers) worker.start();
  } else if (message.kind === 'figures') process.send?.(figures());
  else void Promise.all(workers.map((worker) => worker.stop())).then(() => process.exit(0));
});
process.once('disconnect', () => process.exit(0));

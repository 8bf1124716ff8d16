/** A worker at a leader, without a carrier between: it says what a test has it say, and knows what it was told. */
import type { Leader } from '../../../coordinator/leader/leader.js';
import { FEATURE_LOG, PROTOCOL_VERSION, type CoordinatorMessage, type LeaseRef, type Offer, type WorkerMessage } from '../../../proto/messages.js';
import type { EpochKey, EpochResult } from '../../../proto/work.js';

type Told<Kind extends CoordinatorMessage['kind']> = Extract<CoordinatorMessage, { kind: Kind }>;

export class ScriptedWorker {
  readonly #leader: Leader;
  readonly #told: CoordinatorMessage[] = [];
  readonly #peer = { id: 'session', carrier: 'grpc', openedBy: null, send: (message: CoordinatorMessage) => this.#tell(message), close: () => undefined } as const;
  #react: (message: CoordinatorMessage) => void = () => undefined;
  #wake = (): void => undefined;
  #seq = 0;

  constructor(leader: Leader) {
    this.#leader = leader;
  }

  /** Comes with these leases, and is welcome. */
  async hello(leases: readonly LeaseRef[] = [], slots = 1): Promise<void> {
    this.#leader.opened(this.#peer);
    this.say({ kind: 'hello', protocol: PROTOCOL_VERSION, features: [FEATURE_LOG], worker: 'wrk_box', name: 'box', slots, memoryBytes: 1e9, slotMemoryBytes: 1e9, numerics: ['none'], node: 'v20', leases, waiting: [] });
    await this.told('welcome');
  }

  say(message: WorkerMessage): void {
    this.#leader.received(this.#peer, message);
  }

  /** The first message of this kind. */
  async told<Kind extends CoordinatorMessage['kind']>(kind: Kind): Promise<Told<Kind>> {
    let found: CoordinatorMessage | undefined;
    await this.until(() => (found = this.#told.find((message) => message.kind === kind)) !== undefined);
    return found as Told<Kind>;
  }

  /** Looks again with each message. */
  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (;;) {
      // Before the look: what comes meanwhile is not missed.
      const more = new Promise<void>((resolve) => (this.#wake = resolve));
      if (await holds()) return;
      await more;
    }
  }

  begins({ attempt }: Offer): void {
    this.say({ kind: 'progress', attempt, epoch: 0, step: 1, steps: 2, loss: 1 });
  }

  prints({ attempt, token }: LeaseRef, from: number, text: string): void {
    this.say({ kind: 'log', attempt, token, from, text: Buffer.from(text) });
  }

  /** From now on it trains what it is offered, at once. */
  trains(resultOf: (key: EpochKey) => EpochResult): void {
    this.#react = (message) => {
      if (message.kind === 'offer') this.#train(message, resultOf);
    };
  }

  #train({ attempt, token, work }: Offer, resultOf: (key: EpochKey) => EpochResult): void {
    if (work.kind !== 'train') throw new Error('only stages are trained here');
    for (const [index, key] of work.keys.entries()) {
      const cost = { seconds: 0.125 * (work.from + index + 1), steps: 1, params: 7, msPerImage: 0.25 };
      this.say({ kind: 'epoch', seq: (this.#seq += 1), attempt, token, epoch: work.from + index, key, result: resultOf(key), cost });
    }
    this.say({ kind: 'finished', seq: (this.#seq += 1), attempt, token, outcome: { class: 'done', message: '', neededBytes: null }, log: '' });
  }

  #tell(message: CoordinatorMessage): void {
    this.#told.push(message);
    this.#react(message);
    this.#wake();
  }
}

import type { EpochAnswer, KeepEpoch, ReleaseOrder } from './protocol.js';

/** What the world has said about the stage in progress, for its loop to look at between steps. */
export class StageControl {
  /** Settles when nobody wants the epoch in progress. */
  readonly interruption: Promise<void>;
  /** Settles when the stage is to end at the next epoch end. */
  readonly release: Promise<void>;
  readonly #interrupt: () => void;
  readonly #tellReleased: () => void;
  readonly #answers = new Map<number, EpochAnswer>();
  readonly #awaiting = new Map<number, (answer: EpochAnswer) => void>();
  readonly #kept: Set<number>;
  readonly #awaitFrom: number;
  #interrupted = false;
  #released = false;

  constructor(awaitFrom: number, kept: readonly number[]) {
    this.#awaitFrom = awaitFrom;
    this.#kept = new Set(kept);
    [this.interruption, this.#interrupt] = signal();
    [this.release, this.#tellReleased] = signal();
  }

  receive(message: EpochAnswer | KeepEpoch | ReleaseOrder): void {
    switch (message.kind) {
      case 'keep':
        this.#kept.add(message.epoch);
        return;
      case 'release':
        this.#released = true;
        this.#tellReleased();
        return;
      case 'answer':
        this.#answered(message);
    }
  }

  /** True once an epoch that was not awaited was answered with stop: what came after it is not wanted. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  get released(): boolean {
    return this.#released;
  }

  keeps(epoch: number): boolean {
    return this.#kept.has(epoch);
  }

  awaits(epoch: number): boolean {
    return epoch >= this.#awaitFrom;
  }

  /** The answer to an awaited epoch's report, however long it takes: a lost connection only delays it. */
  answerTo(epoch: number): Promise<EpochAnswer> {
    const answer = this.#answers.get(epoch);
    if (answer !== undefined) return Promise.resolve(answer);
    return new Promise((resolve) => this.#awaiting.set(epoch, resolve));
  }

  #answered(answer: EpochAnswer): void {
    if (this.awaits(answer.epoch)) {
      this.#answers.set(answer.epoch, answer);
      this.#awaiting.get(answer.epoch)?.(answer);
      this.#awaiting.delete(answer.epoch);
    } else if (answer.next === 'stop') {
      this.#interrupted = true;
      this.#interrupt();
    }
  }
}

/** A promise, and what settles it. */
function signal(): [Promise<void>, () => void] {
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return [settled, settle];
}

/** Whether this coordinator leads, another one does, or that is not settled yet; and those who wait to know. */
import { CodedError } from '../../proto/coded-error.js';

/** This coordinator does not lead. */
export class NotLeading extends CodedError {
  readonly code = 'NotLeader';
  /** Where the one that leads is reached; null where that is not known. */
  readonly leader: string | null;
  constructor(leader: string | null) {
    super(leader === null ? 'this coordinator does not lead now; try again in a moment' : `this coordinator is a standby; the one that leads is at ${leader}`);
    this.leader = leader;
  }
}

export class Candidacy {
  #now: 'unsettled' | 'leads' | 'standby' = 'unsettled';
  readonly #waiting = new Set<() => void>();

  get leads(): boolean {
    return this.#now === 'leads';
  }

  get isStandby(): boolean {
    return this.#now === 'standby';
  }

  set(now: 'unsettled' | 'leads' | 'standby'): void {
    this.#now = now;
    if (now === 'unsettled') return;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Until it is settled, or for so long. */
  async settled(atMostMs: number): Promise<void> {
    if (this.#now !== 'unsettled') return;
    await new Promise<void>((resolve) => {
      const timer = Number.isFinite(atMostMs) ? setTimeout(() => wake(), atMostMs) : undefined;
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }
}

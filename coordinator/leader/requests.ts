/** What people ask of the leader: it is done in the next turn, or refused with its reign. */
import type { Dispatcher } from './dispatcher.js';

interface Request {
  /** Whether sweeps changed in the store. */
  readonly reload: boolean;
  readonly act: (dispatcher: Dispatcher) => void;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export class Requests {
  #waiting: Request[] = [];

  get count(): number {
    return this.#waiting.length;
  }

  /** Settles once it is done and committed. `reload`: sweeps changed in the store. Rejects with what `act` throws. */
  ask(reload: boolean, act: Request['act']): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ reload, act, resolve, reject }));
  }

  /** Those that wait, for the turn at hand. */
  take(): TurnRequests {
    return new TurnRequests(this.#waiting.splice(0));
  }
}

/** Of one turn. */
export class TurnRequests {
  readonly #requests: readonly Request[];
  #done: readonly Request[] = [];

  constructor(requests: readonly Request[]) {
    this.#requests = requests;
  }

  get reload(): boolean {
    return this.#requests.some(({ reload }) => reload);
  }

  /** Whoever asked for what cannot be done is told why, and nobody else is the worse for it. */
  act(dispatcher: Dispatcher): void {
    this.#done = this.#requests.filter((request) => isDone(request, dispatcher));
  }

  committed(): void {
    for (const { resolve } of this.#done) resolve();
  }

  failed(error: Error): void {
    for (const { reject } of this.#requests) reject(error);
  }
}

function isDone({ act, reject }: Request, dispatcher: Dispatcher): boolean {
  try {
    act(dispatcher);
    return true;
  } catch (error) {
    reject(error instanceof Error ? error : new Error(String(error)));
    return false;
  }
}

/** How often a child's memory is looked at while it works. */
const LOOK_EVERY_MS = 250;

export interface MemoryWatchOptions {
  readonly limitBytes: number;
  /** Resident bytes now; null when the process is gone. */
  readonly measure: () => Promise<number | null>;
  readonly exceeded: (bytes: number) => void;
  readonly everyMs?: number;
}

/** Looks at a child's resident memory until it is stopped, and tells once when it is over the limit. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #looking = false;
  #stopped = false;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), options.everyMs ?? LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const bytes = await this.#options.measure();
    this.#looking = false;
    if (this.#stopped || bytes === null || bytes <= this.#options.limitBytes) return;
    this.stop();
    this.#options.exceeded(bytes);
  }
}

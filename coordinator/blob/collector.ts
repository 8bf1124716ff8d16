/** Deletes what nothing has referred to for a day, where this coordinator leads: at its start, since many live for minutes, and each hour. */
import { Garbage, type GarbageOptions } from './garbage.js';

export interface CollectorOptions extends GarbageOptions {
  /** Whether this coordinator leads: one collects. */
  readonly leads: () => boolean;
  readonly logger: { info(detail: object, message: string): void; warn(detail: object, message: string): void };
  readonly intervalMs?: number;
}

const defaultIntervalMs = 3_600_000;
export const unreferencedForMs = 86_400_000;

export class BlobCollector {
  readonly #options: CollectorOptions;
  readonly #garbage: Garbage;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#garbage = new Garbage(options);
  }

  /** Collects now, and then at intervals. Idempotent. */
  start(): void {
    if (this.#timer !== null) return;
    const collect = (): void => {
      this.#running = this.runOnce(new Date()).catch((error: unknown) => {
        this.#options.logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'blobs were not collected this time');
      });
    };
    this.#timer = setInterval(collect, this.#options.intervalMs ?? defaultIntervalMs).unref();
    collect();
  }

  /** Idempotent; a run under way is awaited. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /** Number of blobs deleted. */
  async runOnce(now: Date): Promise<number> {
    if (!this.#options.leads()) return 0;
    const { deleted } = await this.#garbage.collect(new Date(now.getTime() - unreferencedForMs));
    if (deleted.length > 0) this.#options.logger.info({ deleted: deleted.length, bytes: deleted.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) }, 'deleted blobs that nothing referred to for a day');
    return deleted.length;
  }
}

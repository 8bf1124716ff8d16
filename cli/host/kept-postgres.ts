/** The embedded Postgres of a home, started again when it ends by itself. It does not outlive this process (coordinator/store/embedded.ts). */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbedded, type EmbeddedPostgres } from '../../coordinator/store/embedded.js';
import type { Home } from '../home.js';

export interface KeptPostgresOptions {
  readonly home: Home;
  /** Each time it is ready; after a restart the address may be another. */
  readonly onReady: (url: string) => void;
  readonly onNotice: (line: string) => void;
}

export class KeptPostgres {
  readonly #options: KeptPostgresOptions;
  /** Rejects when it cannot be started. */
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  #running: EmbeddedPostgres | null = null;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: KeptPostgresOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    // Whoever waits sees it; that nobody may be waiting yet is no defect.
    this.failed.catch(() => undefined);
  }

  /** Idempotent. */
  start(): void {
    this.#loop ??= this.#keep().catch((error: unknown) => this.#fail(error));
  }

  /** Idempotent: fast shutdown, awaited. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.stop();
    await this.#loop;
  }

  async #keep(): Promise<void> {
    const { home } = this.#options;
    const logFile = join(home.logs, 'postgres.log');
    const onLog = (line: string): void => appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const postgres = await startEmbedded({ dataDir: home.postgresData, runDir: home.postgresRun, onLog });
      this.#running = postgres;
      if (isAborted(signal)) await postgres.stop();
      else this.#options.onReady(postgres.url);
      const how = await postgres.exited;
      this.#running = null;
      if (!isAborted(signal)) this.#options.onNotice(`the database ${how}; it is started again`);
    }
  }
}

/** A function, since the compiler takes for granted that what it saw false before an await still is. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

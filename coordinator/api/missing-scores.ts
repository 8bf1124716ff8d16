/**
 * Scores of completed trials that the store does not know: those of before there were scores, where the objective is worked out
 * of what was reported (floors, a class' recall), and those of a revision that goes by another objective. Until they
 * are known, each first look at such a sweep reads all of its trials. Nothing else waits for this.
 */
import { setImmediate as breath } from 'node:timers/promises';
import type { Store } from '../store/store.js';
import { storedScore } from '../trial/rank.js';
import { rowScore } from './results.js';

export interface MissingScoresOptions {
  readonly store: Pick<Store, 'unscoredTrials' | 'scoreTrials'>;
  readonly leader: { readonly leads: boolean; readonly epoch: number };
  readonly logger: { warn(detail: object, message: string): void };
}

/** One statement where there is nothing to do. */
const EVERY_MS = 15_000;
/** Trials at a time: the coordinator has more to do. */
const STRETCH = 1_000;

export class MissingScores {
  readonly #options: MissingScoresOptions;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> | null = null;
  #stopped = false;

  constructor(options: MissingScoresOptions) {
    this.#options = options;
  }

  /** Looks now, and then at intervals. Idempotent. */
  start(): void {
    if (this.#timer !== null) return;
    const look = (): void => {
      this.#running ??= this.runOnce()
        .catch((error: unknown) => this.#options.logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'scores of trials were not filled in this time'))
        .finally(() => (this.#running = null));
    };
    this.#timer = setInterval(look, EVERY_MS).unref();
    look();
  }

  /** Idempotent; a look under way is awaited. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#running;
  }

  /** Fills in all that are missing, where this coordinator leads. How many there were. */
  async runOnce(): Promise<number> {
    const { store, leader } = this.#options;
    let filled = 0;
    while (leader.leads && !this.#stopped) {
      const found = await store.unscoredTrials(STRETCH);
      if (found === null) break;
      const { sweep, rows } = found;
      const scores = rows.map((row) => ({ id: row.id, ...storedScore(rowScore(sweep, row), sweep.spec.objective) }));
      // None where a person changed the sweep meanwhile: the next look is in its time.
      const written = await store.scoreTrials(sweep, scores, leader.epoch);
      if (written === 0) break;
      filled += written;
      await breath();
    }
    return filled;
  }
}

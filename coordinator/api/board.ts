/**
 * Leaderboards in memory, for pages: all trials of a sweep, ranked, of which a request takes a part. Read whole
 * once, and after that what has changed since, at most so often that a tenth of the time goes into it.
 */
import { setImmediate as breath } from 'node:timers/promises';
import type { BoardRow, SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { trialColumns, type TrialColumn } from './columns.js';
import { goodUntil, isOver, isSame } from './kept-sweeps.js';
import { leaderboard, sweepView, trialResult } from './results.js';
import type { TrialResult } from './trial-views.js';
import type { SweepView } from './views.js';

export interface Board {
  readonly record: SweepRecord;
  readonly sweep: SweepView;
  /** Best first, as leaderboards have them; without means over epochs, and without test numbers. */
  readonly trials: readonly TrialResult[];
  readonly rows: ReadonlyMap<string, BoardRow>;
  /** What there is to show, sort and filter by. */
  readonly columns: readonly TrialColumn[];
}

interface Kept {
  readonly board: Board;
  /** By the database's clock. */
  readonly asOf: Date;
  /** On this process' monotonic clock: it is as good as new till then. */
  readonly goodUntilMs: number;
}

/** Trials of all boards that are kept; the longest unasked go. About 1 KB each. */
const MOST_TRIALS = 400_000;
/** A row's time is that of the beginning of its transaction, which may end so much later. */
const OVERLAP_MS = 30_000;
/** So many rows at a stretch; the coordinator has more to do. */
const STRETCH = 2_000;

export class Boards {
  readonly #store: Pick<Store, 'boardRows'>;
  /** By sweep; the longest unasked first. */
  readonly #kept = new Map<string, Kept>();
  readonly #reading = new Map<string, Promise<Board>>();

  constructor(store: Pick<Store, 'boardRows'>) {
    this.#store = store;
  }

  /** Of the sweep as it is now, or was a moment ago. */
  async of(record: SweepRecord): Promise<Board> {
    const kept = this.#kept.get(record.id);
    if (kept !== undefined && isSame(kept.board.record, record) && (performance.now() < kept.goodUntilMs || isOver(record))) {
      this.#keep(kept);
      return kept.board;
    }
    // Whoever asks in the same moment waits for the same.
    const reading = this.#reading.get(record.id) ?? this.#read(record, kept).finally(() => this.#reading.delete(record.id));
    this.#reading.set(record.id, reading);
    return reading;
  }

  /** Whether it was read whole before. */
  knows(record: SweepRecord): boolean {
    const kept = this.#kept.get(record.id);
    return kept !== undefined && isSame({ ...kept.board.record, state: record.state }, record);
  }

  async #read(record: SweepRecord, kept: Kept | undefined): Promise<Board> {
    const startedMs = performance.now();
    const before = kept !== undefined && isSame({ ...kept.board.record, state: record.state }, record) ? kept : null;
    const { asOf, rows } = await this.#store.boardRows(record.id, before === null ? null : new Date(before.asOf.getTime() - OVERLAP_MS));
    const board = await boardOf(record, rows, before?.board ?? null);
    this.#keep({ board, asOf, goodUntilMs: goodUntil(startedMs, performance.now()) });
    return board;
  }

  #keep(kept: Kept): void {
    this.#kept.delete(kept.board.record.id);
    this.#kept.set(kept.board.record.id, kept);
    let trials = 0;
    for (const [id, { board }] of [...this.#kept].reverse()) {
      trials += board.trials.length;
      if (trials > MOST_TRIALS && id !== kept.board.record.id) this.#kept.delete(id);
    }
  }
}

/** Of the rows that have changed, and what is kept of the others. */
export async function boardOf(record: SweepRecord, changed: readonly BoardRow[], before: Board | null): Promise<Board> {
  const rows = new Map(before?.rows);
  for (const row of changed) rows.set(row.id, row);
  const fresh = new Set(changed.map(({ id }) => id));
  const trials: TrialResult[] = before === null ? [] : before.trials.filter(({ id }) => !fresh.has(id)).map((trial) => ({ ...trial, rank: null, mean: null, spread: null }));
  for (const [index, row] of changed.entries()) {
    trials.push(trialResult(record, row, null, new Map()));
    if (index % STRETCH === STRETCH - 1) await breath();
  }
  const sweep = sweepView(record);
  const ranked = leaderboard(record, trials);
  await breath();
  return { record, sweep, trials: ranked, rows, columns: trialColumns({ sweep, trials: ranked }).filter(({ name }) => !name.startsWith('test.')) };
}

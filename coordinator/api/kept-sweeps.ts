/**
 * How long what was read of a whole sweep counts: of one that is over for good, of another until nine times what
 * the reading took has passed.
 */
import type { SweepRecord } from '../store/records.js';
import { Kept } from './kept.js';

const LEAST_REST_MS = 1_000;
/** So many times what a reading took passes before the next: a tenth of the time goes into it. */
const REST = 9;

/** On the clock of its arguments, this process' monotonic one. */
export function goodUntil(startedMs: number, endedMs: number): number {
  return endedMs + Math.max(LEAST_REST_MS, REST * (endedMs - startedMs));
}

/** Whether nobody has changed or steered it in between. */
export function isSame(a: SweepRecord, b: SweepRecord): boolean {
  return a.revision === b.revision && a.changes === b.changes && a.state === b.state;
}

/** Nothing of it changes any more, unless a person changes the sweep. Of one that was stopped, the epochs in progress are still to come. */
export function isOver({ state }: SweepRecord): boolean {
  return state === 'completed' || state === 'failed';
}

/** Answers about whole sweeps, each worked out once however many ask at the same time. */
export class KeptOfSweeps<Value> {
  readonly #kept: Kept<Value>;

  /** `most`: of answers that are kept; 1 or more. */
  constructor(most: number) {
    this.#kept = new Kept(most);
  }

  /** `question`: what is asked of the sweep. Rejects as `work` does, and then it is worked out anew for whoever asks next. */
  of(record: SweepRecord, question: string, work: () => Promise<Value>): Promise<Value> {
    const { id, revision, changes, state } = record;
    return this.#kept.of(JSON.stringify([id, revision, changes, state, question]), work, ({ startedMs, endedMs }) => isOver(record) || performance.now() < goodUntil(startedMs, endedMs));
  }

  /** The same of several sweeps, in their order: what is not known of them is worked out together. */
  ofAll(records: readonly SweepRecord[], question: string, work: (records: readonly SweepRecord[]) => Promise<ReadonlyMap<string, Value>>): Promise<Value[]> {
    const missing: SweepRecord[] = [];
    // Begun once it is known which are missing.
    const together = Promise.resolve().then(() => (missing.length === 0 ? new Map<string, Value>() : work(missing)));
    const one = async (record: SweepRecord): Promise<Value> => {
      missing.push(record);
      const value = (await together).get(record.id);
      if (value === undefined) throw new Error(`nothing was found of the sweep ${record.id}`);
      return value;
    };
    return Promise.all(records.map((record) => this.of(record, question, () => one(record))));
  }
}

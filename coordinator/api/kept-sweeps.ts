/**
 * How long what was read of a whole sweep counts: of one that is over for good, of another until nine times what
 * the reading took has passed.
 */
import type { SweepRecord } from '../store/records.js';

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

interface KeptAnswer<Value> {
  readonly answer: Promise<Value>;
  readonly record: SweepRecord;
  /** On this process' monotonic clock; without end while it is worked out. */
  goodUntilMs: number;
}

/** Answers about whole sweeps, each worked out once however many ask at the same time. */
export class KeptOfSweeps<Value> {
  readonly #most: number;
  /** By sweep and question; the longest unasked first. */
  readonly #kept = new Map<string, KeptAnswer<Value>>();

  /** `most`: of answers that are kept; 1 or more. */
  constructor(most: number) {
    this.#most = most;
  }

  /** `question`: what is asked of the sweep. Rejects as `work` does, and then it is worked out anew for whoever asks next. */
  of(record: SweepRecord, question: string, work: () => Promise<Value>): Promise<Value> {
    const key = `${record.id} ${question}`;
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    const kept = known !== undefined && isGood(known, record) ? known : this.#workedOut(key, record, work);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#most && oldest !== undefined) this.#kept.delete(oldest);
    return kept.answer;
  }

  #workedOut(key: string, record: SweepRecord, work: () => Promise<Value>): KeptAnswer<Value> {
    const startedMs = performance.now();
    const kept: KeptAnswer<Value> = { answer: work(), record, goodUntilMs: Number.POSITIVE_INFINITY };
    kept.answer.then(
      () => {
        kept.goodUntilMs = goodUntil(startedMs, performance.now());
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept;
  }
}

function isGood({ record: kept, goodUntilMs }: Pick<KeptAnswer<unknown>, 'record' | 'goodUntilMs'>, record: SweepRecord): boolean {
  return isSame(kept, record) && (isOver(record) || performance.now() < goodUntilMs);
}

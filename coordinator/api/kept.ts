/**
 * Answers that take long and are asked for again: the last few, each worked out once however many ask at the
 * same time. What it depends on stands in its key. One that fails is not kept. How answers are kept everywhere but in
 * Boards (board.ts), which bring theirs up to date with what has changed instead of working them out anew.
 */
interface KeptAnswer<Value> {
  readonly answer: Promise<Value>;
  readonly startedMs: number;
  /** On this process' monotonic clock, as when it was begun; null while it is worked out. */
  endedMs: number | null;
}

/** Of an answer that was worked out. */
export type WorkTime = { readonly startedMs: number; readonly endedMs: number };

export class Kept<Value> {
  readonly #most: number;
  /** The longest unasked first. */
  readonly #kept = new Map<string, KeptAnswer<Value>>();

  /** `most`: of answers that are kept; 1 or more. */
  constructor(most: number) {
    this.#most = most;
  }

  /** `isGood`: whether one that was worked out at that time still counts. Rejects as `work` does. */
  of(key: string, work: () => Promise<Value>, isGood: (time: WorkTime) => boolean = () => true): Promise<Value> {
    const known = this.#kept.get(key);
    const kept = known !== undefined && (known.endedMs === null || isGood({ ...known, endedMs: known.endedMs })) ? known : this.#begun(key, work);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#most && oldest !== undefined) this.#kept.delete(oldest);
    return kept.answer;
  }

  #begun(key: string, work: () => Promise<Value>): KeptAnswer<Value> {
    const kept: KeptAnswer<Value> = { startedMs: performance.now(), answer: work(), endedMs: null };
    kept.answer.then(
      () => {
        kept.endedMs = performance.now();
      },
      () => {
        if (this.#kept.get(key) === kept) this.#kept.delete(key);
      },
    );
    return kept;
  }
}

/**
 * Answers that take long and are asked for again: the last few, each worked out once however many ask at the
 * same time. What it depends on stands in its key. One that fails is not kept.
 */
export class Kept<Value> {
  readonly #most: number;
  /** The longest unasked first. */
  readonly #values = new Map<string, Promise<Value>>();

  /** `most`: of answers that are kept; 1 or more. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Rejects as `work` does. */
  of(key: string, work: () => Promise<Value>): Promise<Value> {
    const value = this.#values.get(key) ?? work();
    this.#values.delete(key);
    this.#values.set(key, value);
    value.catch(() => {
      if (this.#values.get(key) === value) this.#values.delete(key);
    });
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#most && oldest !== undefined) this.#values.delete(oldest);
    return value;
  }
}

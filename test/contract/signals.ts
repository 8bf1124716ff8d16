/** A list that can be waited on: tests wait for what they expect, never for a time. */
export class Recorder<T> {
  readonly items: T[] = [];
  #waiting: { readonly holds: (items: readonly T[]) => boolean; readonly resolve: () => void }[] = [];

  push(item: T): void {
    this.items.push(item);
    this.#waiting = this.#waiting.filter(({ holds, resolve }) => {
      if (!holds(this.items)) return true;
      resolve();
      return false;
    });
  }

  until(holds: (items: readonly T[]) => boolean): Promise<void> {
    if (holds(this.items)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  /** The first item that matches, now or later. */
  async first<S extends T>(matches: (item: T) => item is S): Promise<S> {
    await this.until((items) => items.some(matches));
    return this.items.find(matches)!;
  }

  async count(least: number): Promise<void> {
    await this.until((items) => items.length >= least);
  }
}

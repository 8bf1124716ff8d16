/**
 * What decides from reported values which trials go on. A pruner is a pure decider without a clock; it
 * counts in epochs of a trial's own path (1-based: `epochs` = how many are done), so what is shared or
 * remembered counts as if it had just been trained. It is rebuilt from the store by being told of every
 * trial again in the order of numbers: `enter`, `report` for each judged point, `restore`.
 *
 * Pausing costs nothing: a paused trial holds no slot, and promotion is the next stage from its last
 * checkpoint. No epoch is trained twice.
 */
export type Judgement =
  /** Goes on to `until` epochs and is judged again there; `until` = its length: to its end. */
  | { readonly kind: 'continue'; readonly until: number }
  /** Waits; `promote` may name it later. */
  | { readonly kind: 'pause' }
  | { readonly kind: 'stop' };

export interface Promotion {
  readonly number: number;
  readonly until: number;
}

export interface Pruner {
  /** A new trial of `length` epochs. Returns after how many it is judged first: 1..length; `length` for never. */
  enter(number: number, length: number): number;
  /**
   * The value (smaller is better; null where the epoch reported none) of a trial after `epochs` epochs,
   * told for every epoch of its path in order, up to the point where it was to be judged.
   * Between judged points the answer is `continue` with the same `until`.
   */
  report(number: number, epochs: number, value: number | null): Judgement;
  /** The paused trial that deserves a free slot most, now taken off the paused ones; null for none. Asked before new trials start. */
  promote(): Promotion | null;
  /** After a restart, between `enter` and the reports: it had been let go on to `until` epochs, so it is not judged before. */
  restore(number: number, until: number): void;
  /** The trial has ended, however: it is no candidate any more. */
  leave(number: number, completed: boolean): void;
  /** No trial will enter any more: rungs that wait to be filled are judged with those that are there. */
  close(): void;
}

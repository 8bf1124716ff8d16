/** What the leader tells of itself, to whoever counts or measures. */
import type { TurnWrites } from '../store/turn-writes.js';
import type { TurnNotes } from './notes.js';

/** What a turn did, once it is done. */
export interface ObservedTurn {
  readonly writes: TurnWrites;
  readonly notes: TurnNotes;
  /** How long its transaction took; null where there was nothing to write. */
  readonly commitMs: number | null;
  /** Of each report that it answered: from its arrival until its answer went out. */
  readonly reportMs: readonly number[];
}

/** Told of what the leader has done; it changes nothing. */
export interface LeaderObserver {
  /** It leads from now on. */
  led(epoch: number): void;
  turn(turn: ObservedTurn): void;
  /** Its leadership ended, with the code of the error that ended it; null where it was given up in peace. */
  ended(code: string | null): void;
}

/** What trials' attempts print, as it is told while they run (trial-logs.ts). */

/** An attempt that is at a trial's epochs: told when it is first seen, and when its state changes. */
export interface LogAttempt {
  readonly attempt: string;
  /** Id of the worker, and its name. */
  readonly worker: string;
  readonly name: string;
  readonly kind: 'train' | 'evaluate';
  /** Epochs [from, to). */
  readonly from: number;
  readonly to: number;
  /** `live`: texts follow; `ended`: none do any more; `untold`: its worker is of a version that cannot tell; `crowded`: too many others are read now. */
  readonly state: 'live' | 'untold' | 'crowded' | 'ended';
}

/** Of what an attempt printed. What lies between two of them, or before the first, was left out. */
export interface LogText {
  readonly attempt: string;
  /** Bytes that were printed before the first and up to the last of these. */
  readonly from: number;
  readonly to: number;
  /** As it came, with all its control characters; bytes that are no UTF-8 read as U+FFFD. */
  readonly text: string;
}

/** What the stream of a trial's log tells: the data of one type of message each. */
export interface LogMessages {
  readonly attempt: LogAttempt;
  readonly text: LogText;
  /** Where nothing else happens. */
  readonly beat: { readonly at: string };
  /** The trial has ended: nothing follows, and the end of what its attempts printed is told by `GET /trials/:trial`. */
  readonly over: { readonly at: string };
}

export type LogMessage = LogMessages[keyof LogMessages];

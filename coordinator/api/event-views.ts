/** What happened, as it is answered and told (event-feed.ts). */

export interface EventView {
  /** Gapless, in order of commit. */
  readonly id: number;
  readonly at: string;
  /** Who caused it. */
  readonly actor: string;
  /** `sweep.paused`, `trial.completed`, `worker.draining`, ... */
  readonly type: string;
  readonly sweep: string | null;
  readonly trial: string | null;
  readonly detail: { readonly [field: string]: unknown };
}

/** A page of the event log. */
export interface EventPage {
  /** Oldest first. */
  readonly events: readonly EventView[];
  /** `after` of the next page; null where there is none. */
  readonly next: number | null;
}

/** How many epochs were recorded since the message before. */
export interface EpochsMessage {
  /** Position of the last of them. */
  readonly seq: number;
  readonly sweeps: readonly {
    /** Its id; null for epochs that no sweep wants any more. */
    readonly sweep: string | null;
    readonly trained: number;
    /** Trained again to restore a state. */
    readonly retrained: number;
  }[];
}

/** What the stream of events tells: the data of one type of message each. */
export interface StreamMessages {
  readonly log: readonly EventView[];
  readonly epochs: EpochsMessage;
  /** Where nothing else happens. */
  readonly beat: { readonly at: string };
}

export type StreamMessage = StreamMessages[keyof StreamMessages];

/** Timers, so that tests can own time. */
export interface LinkClock {
  /** Calls `act` once after `ms`; the returned function prevents it. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: LinkClock = {
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/** Time as it passes here; tests bring one of their own. */
export interface Clock {
  /** From some moment on. */
  readonly nowMs: () => number;
  /** Returns what gives it up. */
  readonly after: (ms: number, then: () => void) => () => void;
}

export const CLOCK: Clock = {
  nowMs: () => performance.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

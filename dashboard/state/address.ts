/**
 * What is written into the browser's address bar. Browsers take a limited number of changes (Chromium 200 in ten
 * seconds, Safari 100 in thirty) and drop or refuse the rest. What is chosen or typed is written at once; a slider that
 * is dragged writes where it is a few times a second, and at last where it was left. Pure.
 */
import type { Clock } from './clock.js';

/** What of the browser's History is used. */
export interface Bar {
  readonly push: (href: string) => void;
  readonly replace: (href: string) => void;
}

/** Between two changes of many, in the long run. */
const REST_MS = 400;
/** So many may come at once: 10 and 75 in thirty seconds. */
const BURST = 10;

export class Address {
  readonly #bar: Bar;
  readonly #clock: Clock;
  /** When all that was written has had its rest. */
  #restedAtMs = Number.NEGATIVE_INFINITY;
  /** Not written yet. */
  #latest: string | null = null;
  #cancel: (() => void) | null = null;

  constructor(bar: Bar, clock: Clock) {
    this.#bar = bar;
    this.#clock = clock;
  }

  /** One step back leads to what was there. */
  push(href: string): void {
    this.flush();
    this.#bar.push(href);
  }

  /** In the place of what is there; of several in a short time the last is written. */
  replace(href: string): void {
    this.#latest = href;
    if (this.#cancel !== null) return;
    const restMs = this.#restedAtMs - (BURST - 1) * REST_MS - this.#clock.nowMs();
    if (restMs <= 0) this.flush();
    else this.#cancel = this.#clock.after(restMs, () => this.flush());
  }

  /** Writes what waits. */
  flush(): void {
    const href = this.#latest;
    this.drop();
    if (href === null) return;
    this.#restedAtMs = Math.max(this.#restedAtMs, this.#clock.nowMs()) + REST_MS;
    this.#bar.replace(href);
  }

  /** Forgets what waits: the viewer has gone elsewhere. */
  drop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#latest = null;
  }
}

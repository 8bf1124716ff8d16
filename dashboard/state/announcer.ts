/**
 * What is said aloud, to who hears the page, of lines that come on: a few as they are, of more how many, and
 * nothing more for some seconds. A log that speaks every line of a flood keeps who listens from all else. Pure.
 */
import { count } from '../text/format.js';
import type { Clock } from './clock.js';

const REST_MS = 5_000;
/** More are counted. */
const MOST_LINES = 3;
const LONGEST_LINE = 300;

export class Announcer {
  readonly #say: (text: string) => void;
  readonly #clock: Clock;
  /** Since it last spoke: the latest of them, and how many. */
  #latest: readonly string[] = [];
  #came = 0;
  #cancel: (() => void) | null = null;

  constructor(say: (text: string) => void, clock: Clock) {
    this.#say = say;
    this.#clock = clock;
  }

  came(lines: readonly string[]): void {
    this.#came += lines.length;
    this.#latest = [...this.#latest, ...lines.slice(-MOST_LINES)].slice(-MOST_LINES);
    if (this.#cancel === null) this.#speak();
  }

  /** Forgets what waits. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#latest = [];
    this.#came = 0;
  }

  #speak(): void {
    if (this.#came === 0) return;
    const text = this.#came <= MOST_LINES ? this.#latest.map((line) => line.slice(0, LONGEST_LINE)).join('\n') : `${count(this.#came, 'line')} came`;
    this.stop();
    this.#cancel = this.#clock.after(REST_MS, () => {
      this.#cancel = null;
      this.#speak();
    });
    this.#say(text);
  }
}

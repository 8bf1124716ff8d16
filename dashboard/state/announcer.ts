/**
 * What is said aloud, to who hears the page, of lines that come on: a few as they are, of more how many, and
 * nothing more for some seconds. A log that speaks every line of a flood keeps who listens from all else. Pure.
 */
import { count } from '../text/format.js';
import { shownLine } from '../text/log-text.js';
import type { Clock } from './clock.js';

const REST_MS = 5_000;
/** More are counted. */
const MOST_LINES = 3;
const LONGEST_LINE = 300;
/** Of no width: what is said again ends with it, since a text that stays the same is not spoken. */
const AGAIN = '\u200b';

export class Announcer {
  readonly #say: (text: string) => void;
  readonly #clock: Clock;
  /** Since it last spoke: the latest of them, and how many. */
  #latest: readonly string[] = [];
  #came = 0;
  #said = '';
  #cancel: (() => void) | null = null;

  constructor(say: (text: string) => void, clock: Clock) {
    this.#say = say;
    this.#clock = clock;
  }

  /** `lines`: as they were printed. */
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
    const text = this.#came <= MOST_LINES ? this.#latest.map((line) => shownLine(line).slice(0, LONGEST_LINE)).join('\n') : `${count(this.#came, 'line')} came`;
    this.stop();
    this.#cancel = this.#clock.after(REST_MS, () => {
      this.#cancel = null;
      this.#speak();
    });
    this.#said = text === this.#said ? `${text}${AGAIN}` : text;
    this.#say(this.#said);
  }
}

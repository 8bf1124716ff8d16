/**
 * Where progress goes: redrawn in place on a terminal, plain lines when piped. Everything is written to
 * stderr; stdout belongs to results.
 */
import type { ProgressView } from '../../coordinator/api/views.js';
import { EpochRate, progressLine, progressPanel } from './progress-text.js';

/** Plain lines come when a trial has ended, and else no more often than this. */
const PLAIN_EVERY_MS = 5_000;
const PLAIN_AT_MOST_EVERY_MS = 1_000;
/** What passes is redrawn no more often than an eye follows. */
const PASSING_EVERY_MS = 50;

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export class Display {
  readonly #output: Output;
  readonly #now: () => number;
  readonly #rate = new EpochRate();
  #drawn = 0;
  #passedAt = Number.NEGATIVE_INFINITY;
  #lastLineAt = Number.NEGATIVE_INFINITY;
  #lastEnded = -1;
  #lastLine = '';

  /** `now` gives monotonic milliseconds. */
  constructor(output: Output = process.stderr, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
  }

  get #isTerminal(): boolean {
    return this.#output.isTTY === true;
  }

  /** A line that stays. */
  say(line: string): void {
    this.#erase();
    this.#output.write(`${line}\n`);
  }

  /** A line that the next one replaces; on a pipe it is left out. */
  passing(line: string): void {
    const now = this.#now();
    if (!this.#isTerminal || (this.#drawn > 0 && now - this.#passedAt < PASSING_EVERY_MS)) return;
    this.#passedAt = now;
    this.#draw([line]);
  }

  progress(view: ProgressView): void {
    const now = this.#now();
    this.#rate.add(now, view.epochs.recorded);
    if (this.#isTerminal) this.#draw(progressPanel(view, this.#rate.perSecond, this.#output.columns ?? 80));
    else this.#plain(view, now);
  }

  /** Takes away what was drawn in place. */
  clear(): void {
    this.#erase();
  }

  #plain(view: ProgressView, now: number): void {
    const ended = view.trials.done + view.trials.failed + view.trials.infeasible + view.trials.cancelled;
    const since = now - this.#lastLineAt;
    if (since < (ended === this.#lastEnded ? PLAIN_EVERY_MS : PLAIN_AT_MOST_EVERY_MS)) return;
    const line = progressLine(view, this.#rate.perSecond);
    if (line === this.#lastLine) return;
    this.#lastLine = line;
    this.#lastEnded = ended;
    this.#lastLineAt = now;
    this.#output.write(`${line}${view.notice === null ? '' : ` (${view.notice})`}\n`);
  }

  #draw(lines: readonly string[]): void {
    this.#erase();
    this.#output.write(lines.map((line) => `${line}\n`).join(''));
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#output.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }
}

/**
 * What an attempt printed, as lines for a person to read. Whatever stands in it is text: control characters, which
 * would turn, colour or hide what follows on a terminal, are shown as signs of their own. Pure.
 */

export interface LogLine {
  /** Of this log, from 0. */
  readonly number: number;
  /** As it came, without its end. */
  readonly raw: string;
  /** A note of ours in the place of so many bytes; null for a line that was printed. */
  readonly leftOut: number | null;
}

export interface LogLines {
  /** The newest ones, the last of which may go on. */
  readonly lines: readonly LogLine[];
  /** Bytes that were printed so far, as far as is known. */
  readonly end: number;
  /** Lines that were here and are not kept. */
  readonly dropped: number;
}

export const NO_LINES: LogLines = { lines: [], end: 0, dropped: 0 };

/** Kept of one log, and of one line. */
export const MOST_LINES = 5_000;
const LONGEST_LINE = 4_000;

/** A text by its place: so many bytes were printed before its first and up to its last. */
export interface PlacedText {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The log with what came next; what was left out before it is noted, and what came before is not taken twice. */
export function withText(log: LogLines, placed: PlacedText): LogLines {
  const { from, to } = placed;
  if (to <= log.end) return log;
  const text = from < log.end ? endOf(placed, to - log.end) : placed.text;
  const lines = [...log.lines];
  let next = (lines.at(-1)?.number ?? log.dropped - 1) + 1;
  const add = (raw: string, leftOut: number | null = null): void => {
    lines.push({ number: next, raw, leftOut });
    next += 1;
  };
  const isGap = from > log.end;
  if (isGap) {
    // A line that nothing was added to yet.
    if (lines.at(-1)?.raw === '' && lines.at(-1)?.leftOut === null) next = lines.pop()?.number ?? next;
    add('', from - log.end);
  }
  const [first = '', ...others] = text.split('\n');
  const last = lines.at(-1);
  if (last === undefined || last.leftOut !== null) add(first);
  else lines[lines.length - 1] = { ...last, raw: last.raw + first };
  for (const line of others) add(line);
  const bounded = lines.map((line) => (line.raw.length > LONGEST_LINE * 4 ? { ...line, raw: `${line.raw.slice(0, LONGEST_LINE)}…${line.raw.slice(-LONGEST_LINE)}` } : line));
  const surplus = Math.max(0, bounded.length - MOST_LINES);
  return { lines: bounded.slice(surplus), end: to, dropped: log.dropped + surplus };
}

/** What stands in the last so many bytes of a text. */
function endOf({ from, to, text }: PlacedText, bytes: number): string {
  // What was no UTF-8 reads as U+FFFD, which then stands for a byte.
  const isExact = new TextEncoder().encode(text).length === to - from;
  const signs = Array.from(text);
  let left = bytes;
  let first = signs.length;
  while (first > 0 && left > 0) {
    first -= 1;
    const sign = signs[first] ?? '';
    left -= sign === '\ufffd' && !isExact ? 1 : new TextEncoder().encode(sign).length;
  }
  return signs.slice(first).join('');
}

/** Lines that ended between an earlier log and this one of the same attempt; those that were left out are none. */
export function endedSince(before: LogLines, log: LogLines): readonly LogLine[] {
  const [first] = log.lines;
  const from = before.lines.at(-1)?.number ?? 0;
  // The last one may go on.
  return first === undefined ? [] : log.lines.slice(Math.max(0, from - first.number), -1).filter(({ leftOut }) => leftOut === null);
}

/** Of a text that is kept: where it stood among all that was printed is not known. */
export function linesOf(text: string): LogLines {
  return text === '' ? NO_LINES : withText(NO_LINES, { from: 0, to: text.length, text });
}

/** Those that say something: not the empty one after the last end of a line. */
export function saying({ lines }: LogLines): readonly LogLine[] {
  const last = lines.at(-1);
  return last !== undefined && last.raw === '' && last.leftOut === null ? lines.slice(0, -1) : lines;
}

/** One line as it is shown. As on a terminal, a carriage return begins it anew: of a progress bar its last state is there. */
export function shownLine(raw: string): string {
  const whole = raw.replace(/\r+$/, '');
  const last = whole.slice(whole.lastIndexOf('\r') + 1);
  const signs = last.replaceAll(/[^\P{Cc}\t]/gu, controlPicture).replaceAll(/[\p{Bidi_Control}\u2028\u2029]/gu, (sign) => `<U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`);
  return signs.length <= LONGEST_LINE ? signs : `${signs.slice(0, LONGEST_LINE)}…`;
}

/** All of a short log, as it is shown. */
export function shownLog(text: string): string {
  return saying(linesOf(text)).map(({ raw }) => shownLine(raw)).join('\n');
}

/** Unicode's pictures of control codes (block U+2400); U+FFFD for those of the upper half, which have none. */
function controlPicture(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}

export interface Piece {
  readonly text: string;
  readonly isFound: boolean;
}

/** A shown line cut where a text stands in it, whatever the case; null where it does not. Of no text, the line. */
export function foundIn(line: string, wanted: string): readonly Piece[] | null {
  if (wanted === '') return [{ text: line, isFound: false }];
  const [lowLine, lowWanted] = [line.toLowerCase(), wanted.toLowerCase()];
  // Where a letter's other case is longer, places do not fit: found, and not marked.
  if (lowLine.length !== line.length) return lowLine.includes(lowWanted) ? [{ text: line, isFound: false }] : null;
  const pieces: Piece[] = [];
  let at = 0;
  for (let found = lowLine.indexOf(lowWanted); found >= 0; found = lowLine.indexOf(lowWanted, at)) {
    if (found > at) pieces.push({ text: line.slice(at, found), isFound: false });
    at = found + lowWanted.length;
    pieces.push({ text: line.slice(found, at), isFound: true });
  }
  if (pieces.length === 0) return null;
  if (at < line.length) pieces.push({ text: line.slice(at), isFound: false });
  return pieces;
}

export interface FoundLine {
  readonly line: LogLine;
  readonly pieces: readonly Piece[];
}

/** The lines that a text stands in. A line is looked through once, however often its log has grown since. */
export class LineFinder {
  readonly #wanted: string;
  readonly #known = new WeakMap<LogLine, FoundLine | null>();

  constructor(wanted: string) {
    this.#wanted = wanted;
  }

  in(log: LogLines): readonly FoundLine[] {
    return saying(log).flatMap((line) => {
      const known = this.#known.get(line);
      const found = known === undefined ? this.#look(line) : known;
      return found === null ? [] : [found];
    });
  }

  #look(line: LogLine): FoundLine | null {
    const pieces = foundIn(line.leftOut === null ? shownLine(line.raw) : leftOutText(line.leftOut), this.#wanted);
    const found = pieces === null ? null : { line, pieces };
    this.#known.set(line, found);
    return found;
  }
}

/** As a file: what was left out is said, all else is as it came. */
export function fileText(log: LogLines): string {
  const lines = saying(log).map(({ raw, leftOut }) => (leftOut === null ? raw : leftOutText(leftOut)));
  const before = log.dropped === 0 ? [] : [`[${log.dropped} lines before these are not kept by this page]`];
  return [...before, ...lines, ''].join('\n');
}

export function leftOutText(bytes: number): string {
  return `[${bytes.toLocaleString('en-US')} bytes left out]`;
}

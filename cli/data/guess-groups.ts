/**
 * Which part of the file names tells patients (or other subjects) apart. A guess, so it is only made
 * where it changes something: a pattern must put several files into one group, and must not put most
 * of the data into one. Pure.
 */
import { basename } from 'node:path/posix';
import { groupOf, groupPattern } from './groups.js';

export interface GroupGuess {
  /** For `groupBy`: a regular expression with one capture. */
  readonly pattern: string;
  readonly groups: number;
  /** Files that it matches, of `files`. */
  readonly matched: number;
  readonly files: number;
}

/** Words that stand before the number of a subject, longest first. */
const SUBJECT_WORD = /(?<![a-z])(patient|subject|person|participant|study|series|scan|case|subj|pat|sub|pid|IM|pt)([-_ ]?)(?:id[-_ ]?)?\d+/i;
/** An id at the beginning, before a second one: 327d82ca_add529f3.jpeg, 00012345_001.png. */
const LEADING_ID = /^(?:[0-9a-f]{6,}|\d{3,})(?=[-_].*[0-9a-f])/i;
/** No subject has so large a share of a data set that can be split. */
const LARGEST_SHARE = 0.2;

/** Null where no pattern groups several files. `names` are relative to the data folder. */
export function guessGroups(names: readonly string[]): GroupGuess | null {
  const bases = names.map((name) => basename(name).normalize('NFC'));
  const useful = candidates(bases).filter((candidate) => groupsSeveral(bases, candidate));
  if (useful.length === 0) return null;
  const pattern = `(${useful.join('|')})`;
  const sizes = groupSizes(bases, pattern);
  const matched = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { pattern, groups: sizes.size, matched, files: names.length };
}

/** Patterns of subject words as they are written in the names, most frequent first, then leading ids. */
function candidates(bases: readonly string[]): string[] {
  const seen = new Map<string, number>();
  let leading = 0;
  for (const base of bases) {
    const match = SUBJECT_WORD.exec(base);
    const word = match?.[1];
    if (match !== null && word !== undefined) {
      const pattern = `${match[0].replace(/\d+$/, '').replace(/[^A-Za-z0-9_ -]/g, '\\$&')}\\d+`;
      seen.set(pattern, (seen.get(pattern) ?? 0) + 1);
    } else if (LEADING_ID.test(base)) leading += 1;
  }
  const words = [...seen].sort((a, b) => b[1] - a[1]).map(([pattern]) => pattern);
  return leading > 1 ? [...words, '^[0-9A-Fa-f]{3,}(?=[-_])'] : words;
}

function groupsSeveral(bases: readonly string[], candidate: string): boolean {
  const sizes = [...groupSizes(bases, `(${candidate})`).values()];
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  return largest > 1 && sizes.length > 1 && largest <= Math.max(2, LARGEST_SHARE * bases.length);
}

function groupSizes(bases: readonly string[], pattern: string): Map<string, number> {
  const expression = groupPattern(pattern);
  const sizes = new Map<string, number>();
  for (const base of bases) {
    const group = groupOf(base, expression);
    if (group !== null) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  return sizes;
}

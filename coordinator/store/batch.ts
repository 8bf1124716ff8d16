/**
 * A family's part of a turn: one prepared statement over all its rows, each column an array that the
 * statement unnests. Building one is pure; the turn runs them all in one transaction, pipelined, and
 * compares the rows they matched with what was expected.
 */
import type { EpochKey } from '../../proto/work.js';

export interface Batch {
  /** For the message when rows did not match. */
  readonly what: string;
  /** Of the prepared statement, among batches: one text per name. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Rows that must be matched; null where any number is right. */
  readonly expected: number | null;
  /** The statement answers with their number, as `matched`, in place of the rows: a turn looks at thousands that it needs nothing of. */
  readonly counts?: true;
}

/** Keys as the literal of a bytea[]: the driver would look for what must be escaped in each of them, and has no arrays within an array of rows. */
export function byteaArray(keys: readonly (EpochKey | null)[]): string {
  return `{${keys.map((key) => (key === null ? 'null' : `"\\\\x${key}"`)).join(',')}}`;
}

/** Text as Postgres takes it: no zero byte. */
export function plainText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/** JSON as jsonb takes it: no zero byte and no half of a surrogate pair in strings. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_name, field: unknown) => (typeof field === 'string' ? field.replace(/[\0\p{Surrogate}]/gu, '\uFFFD') : field));
}

/** The last of the items with each id, at the place of the first. */
export function lastById<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}

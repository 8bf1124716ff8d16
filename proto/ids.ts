/** Public ids: what a thing is stands before its random part, as in swp_4k2v9w0c6x1m8r3t. */
import { randomBytes } from 'node:crypto';

export type IdPrefix =
  /** sweep */
  | 'swp'
  /** trial */
  | 'trl'
  /** stage */
  | 'stg'
  /** attempt */
  | 'att'
  /** worker */
  | 'wrk';

/** Crockford's base 32: no letter that is mistaken for a digit. */
const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const length = 16;

/** A new id of 80 random bits. */
export function newId(prefix: IdPrefix): string {
  // 256 is a multiple of 32, so the low five bits of a random byte are uniform.
  return `${prefix}_${Array.from(randomBytes(length), (byte) => digits[byte % digits.length]).join('')}`;
}

export function isId(prefix: IdPrefix, text: string): boolean {
  return new RegExp(`^${prefix}_[${digits}]{${length}}$`).test(text);
}

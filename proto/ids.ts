/** Public ids: what a thing is stands before its random part, as in swp_4k2v9w0c6x1m8r3t. */
import { customAlphabet } from 'nanoid';

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
  | 'wrk'
  /** token */
  | 'tok';

/** Crockford's base 32: no letter that is mistaken for a digit. */
const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const length = 16;

const random = customAlphabet(digits, length);

/** A new id of 80 random bits. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${random()}`;
}

export function isId(prefix: IdPrefix, text: string): boolean {
  return new RegExp(`^${prefix}_[${digits}]{${length}}$`).test(text);
}

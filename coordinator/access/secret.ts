/**
 * Secrets of tokens: `tok_….` and 32 random bytes. The id stands in the secret, so that a token is found
 * by its id and its hash compared in constant time. With 256 random bits there is nothing to guess, so one
 * round of SHA-256 is as good at rest as a slow hash would be for a password.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isId, newId } from '../../proto/ids.js';

const SECRET_BYTES = 32;

export interface NewSecret {
  readonly id: string;
  /** What its owner keeps. */
  readonly secret: string;
  /** SHA-256 of the secret, as hex: what the store keeps. */
  readonly hash: string;
}

export function newSecret(): NewSecret {
  const id = newId('tok');
  const secret = `${id}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { id, secret, hash: hashOf(secret) };
}

/** The id in what was sent; null where it is no secret of this form. */
export function idIn(sent: string): string | null {
  const id = sent.slice(0, Math.max(0, sent.indexOf('.')));
  return isId('tok', id) ? id : null;
}

/** In constant time, whatever the lengths. */
export function isSecretOf(sent: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(sent), 'hex'), Buffer.from(hash, 'hex'));
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/**
 * How a worker shows on NATS that it has a token without saying it, for others may listen there: a code
 * over the session that it was granted and its own id, with the token's SHA-256 as key. A session is
 * granted once, so a proof that was overheard proves nothing.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isId } from '../ids.js';

export interface SessionProof {
  /** Of the token (tok_…); null for one without, a home's own. */
  readonly token: string | null;
  readonly session: string;
  readonly worker: string;
  readonly code: string;
}

export function proveSession(secret: string, session: string, worker: string): SessionProof {
  const id = secret.slice(0, Math.max(0, secret.indexOf('.')));
  const key = createHash('sha256').update(secret).digest();
  return { token: isId('tok', id) ? id : null, session, worker, code: codeOf(key, session, worker).toString('base64url') };
}

/** `hash`: the SHA-256 of the token, as hex. In constant time. */
export function isProof({ session, worker, code }: SessionProof, hash: string): boolean {
  const expected = codeOf(Buffer.from(hash, 'hex'), session, worker);
  const found = Buffer.from(code, 'base64url');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** As it stands in a header. */
export function proofText({ token, code }: SessionProof): string {
  return `${token ?? ''}:${code}`;
}

/** Null for what is no proof. */
export function readProofText(text: string, session: string, worker: string): SessionProof | null {
  const [, token = '', code = ''] = /^(tok_[0-9a-z]+)?:([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return code === '' ? null : { token: token === '' ? null : token, session, worker, code };
}

function codeOf(key: Uint8Array, session: string, worker: string): Buffer {
  return createHmac('sha256', key).update(`trawl session ${session} of ${worker}`).digest();
}

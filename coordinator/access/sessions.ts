/**
 * Sessions of browsers: what a page shows in place of a token. The cookie holds the token, sealed (AES-256-GCM)
 * under a key that is derived from the home's own, so no session is kept here: it lives through a restart of
 * the coordinator, and the token in it is looked at with every request, so that the session ends when the token is
 * revoked or expires. A cookie that leaks gives no token away. Cookies know no ports, so the port stands in the name:
 * two homes on one machine do not sign each other's pages out.
 *
 * A login code stands for the token of whoever asked for it, once and for minutes: `trawl run` prints it in a
 * URL, behind the `#`, which browsers send to nobody.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { LoginCodeUnknown } from './errors.js';
import { hashOf } from './secret.js';

export interface SessionOptions {
  /** The home's own: what the key is derived from. */
  readonly homeToken: string;
  /** Milliseconds of the day. */
  readonly now?: () => number;
}

/** A session that nobody ends is over then, however long its page stays open. */
export const SESSION_MS = 7 * 24 * 3_600_000;
export const LOGIN_CODE_MS = 10 * 60_000;
/** Of codes that nobody used yet; the oldest give way. */
const MOST_CODES = 1_000;
const [IV_BYTES, TAG_BYTES] = [12, 16];

interface Sealed {
  readonly id: string;
  readonly token: string;
  readonly endsAt: number;
}

export class Sessions {
  readonly #key: Buffer;
  readonly #now: () => number;
  /** By the code's hash. */
  readonly #codes = new Map<string, { readonly token: string; readonly endsAt: number }>();
  /** Signed out before their time, by id, until when they would have lasted. */
  readonly #ended = new Map<string, number>();

  constructor({ homeToken, now = Date.now }: SessionOptions) {
    this.#key = Buffer.from(hkdfSync('sha256', homeToken, '', 'trawl session cookie 1', 32));
    this.#now = now;
  }

  /** A session of the token, which is good: a value for the cookie. */
  open(token: string): string {
    const sealed: Sealed = { id: randomBytes(16).toString('base64url'), token, endsAt: this.#now() + SESSION_MS };
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const text = Buffer.concat([cipher.update(JSON.stringify(sealed), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** The token of a session; null where the cookie is none of ours, or its session is over. */
  tokenOf(cookie: string): string | null {
    const sealed = this.#unseal(cookie);
    return sealed === null || sealed.endsAt <= this.#now() || this.#ended.has(sealed.id) ? null : sealed.token;
  }

  /** Nobody opens anything with the cookie any more. Idempotent. */
  end(cookie: string): void {
    const now = this.#now();
    for (const [id, endsAt] of this.#ended) if (endsAt <= now) this.#ended.delete(id);
    const sealed = this.#unseal(cookie);
    if (sealed !== null) this.#ended.set(sealed.id, sealed.endsAt);
  }

  /** Stands for the token until it is used, or for minutes. */
  code(token: string): string {
    const now = this.#now();
    for (const [hash, { endsAt }] of this.#codes) if (endsAt <= now || this.#codes.size >= MOST_CODES) this.#codes.delete(hash);
    const code = randomBytes(16).toString('base64url');
    this.#codes.set(hashOf(code), { token, endsAt: now + LOGIN_CODE_MS });
    return code;
  }

  /** The token that a code stands for; it stands for nothing afterwards. Throws LoginCodeUnknown. */
  redeem(code: string): string {
    const hash = hashOf(code);
    const known = this.#codes.get(hash);
    this.#codes.delete(hash);
    if (known === undefined || known.endsAt <= this.#now()) throw new LoginCodeUnknown();
    return known.token;
  }

  #unseal(cookie: string): Sealed | null {
    const bytes = Buffer.from(cookie, 'base64url');
    if (bytes.length <= IV_BYTES + TAG_BYTES) return null;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8')) as Sealed;
    } catch {
      // Not sealed by us, or damaged on the way.
      return null;
    }
  }
}

/**
 * Sessions of browsers: what a page shows in place of a token. The cookie holds the token, sealed (AES-256-GCM)
 * under a key that is derived from the home's own, so no session is kept here: it lives through a restart of
 * the coordinator, and the token in it is looked at with every request, so that the session ends when the token is
 * revoked or expires. Kept, in the store, are those that were signed out before their time. A cookie that leaks
 * gives no token away. Cookies know no ports, so the port stands in the name: two homes on one machine do not
 * sign each other's pages out.
 *
 * A login code stands for the token of whoever asked for it, once and for minutes: `trawl run` prints it in a
 * URL, behind the `#`, which browsers send to nobody. One that was asked for in a session opens none that lasts
 * longer than that.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Store } from '../store/store.js';
import { LoginCodeUnknown, SignOutNotKept } from './errors.js';
import { hashOf } from './secret.js';

export interface SessionOptions {
  readonly store: Pick<Store, 'endedSessions' | 'endSession'>;
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

/** A browser's, for as long as nobody ends it. */
export interface Session {
  readonly id: string;
  readonly token: string;
  /** Milliseconds of the day. */
  readonly endsAt: number;
}

/** What a session is opened for. */
export interface Granted {
  readonly token: string;
  /** When the session is over at the latest; null for as long as any. */
  readonly until: number | null;
}

interface Code extends Granted {
  readonly endsAt: number;
}

export class Sessions {
  readonly #store: SessionOptions['store'];
  readonly #key: Buffer;
  readonly #now: () => number;
  /** By the code's hash. */
  readonly #codes = new Map<string, Code>();
  /** Signed out before their time, by id, until when they would have lasted. */
  readonly #ended = new Map<string, number>();

  constructor({ store, homeToken, now = Date.now }: SessionOptions) {
    this.#store = store;
    this.#key = Buffer.from(hkdfSync('sha256', homeToken, '', 'trawl session cookie 1', 32));
    this.#now = now;
  }

  /** Reads which sessions were ended before this process began. Throws the store's errors. */
  async start(): Promise<void> {
    for (const { id, endsAt } of await this.#store.endedSessions()) this.#ended.set(id, endsAt.getTime());
  }

  /** A session of a token that is good: a value for the cookie. */
  open({ token, until }: Granted): string {
    const sealed: Session = { id: randomBytes(16).toString('base64url'), token, endsAt: Math.min(this.#now() + SESSION_MS, until ?? Number.POSITIVE_INFINITY) };
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const text = Buffer.concat([cipher.update(JSON.stringify(sealed), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** Null where the cookie is none of ours, or its session is over. */
  sessionOf(cookie: string): Session | null {
    const sealed = this.#unseal(cookie);
    return sealed === null || this.isOver(sealed) ? null : sealed;
  }

  isOver({ id, endsAt }: Session): boolean {
    return endsAt <= this.#now() || this.#ended.has(id);
  }

  /** Nobody opens anything with the cookie any more. Idempotent. Throws SignOutNotKept where that holds till a restart only. */
  async end(cookie: string): Promise<void> {
    const now = this.#now();
    for (const [id, endsAt] of this.#ended) if (endsAt <= now) this.#ended.delete(id);
    const sealed = this.#unseal(cookie);
    if (sealed === null || sealed.endsAt <= now) return;
    this.#ended.set(sealed.id, sealed.endsAt);
    await this.#store.endSession(sealed.id, new Date(sealed.endsAt)).catch((error: unknown) => {
      throw new SignOutNotKept({ cause: error });
    });
  }

  /** Stands for what is granted until it is used, or for minutes. */
  code(granted: Granted): string {
    const now = this.#now();
    for (const [hash, { endsAt }] of this.#codes) if (endsAt <= now || this.#codes.size >= MOST_CODES) this.#codes.delete(hash);
    const code = randomBytes(16).toString('base64url');
    this.#codes.set(hashOf(code), { ...granted, endsAt: now + LOGIN_CODE_MS });
    return code;
  }

  /** What a code stands for, and goes on to. Throws LoginCodeUnknown. */
  behind(code: string): Granted {
    const known = this.#codes.get(hashOf(code));
    if (known === undefined || known.endsAt <= this.#now()) throw new LoginCodeUnknown();
    return known;
  }

  /** What a code stands for; it stands for nothing afterwards. Throws LoginCodeUnknown. */
  redeem(code: string): Granted {
    const granted = this.behind(code);
    this.#codes.delete(hashOf(code));
    return granted;
  }

  #unseal(cookie: string): Session | null {
    const bytes = Buffer.from(cookie, 'base64url');
    if (bytes.length <= IV_BYTES + TAG_BYTES) return null;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8')) as Session;
    } catch {
      // Not sealed by us, or damaged on the way.
      return null;
    }
  }
}

/**
 * Sessions of browsers: what a page shows in place of a token. The cookie holds 32 random bytes; the store keeps
 * their hash, and by its id the token that opened the session, or that it was a home's own, which each start of a
 * host makes anew. So a session lives through a restart, holds at every coordinator over the store, and is ended
 * for all of them; the token is looked at with every request, so that the session ends when that is revoked or
 * expires. Neither a cookie that leaks nor a copy of the store gives a token away. What is known of a session counts
 * for seconds. Cookies know no ports, so the port stands in the name: two homes on one machine do not sign each
 * other's pages out.
 *
 * A login code stands for whoever asked for it, once and for minutes: `trawl run` prints it in a
 * URL, behind the `#`, which browsers send to nobody. One that was asked for in a session opens none that lasts
 * longer than that.
 */
import { randomBytes } from 'node:crypto';
import type { BrowserSession } from '../store/records.js';
import type { Store } from '../store/store.js';
import { LoginCodeUnknown, SignOutNotKept, TokensUnavailable } from './errors.js';
import { RateLimit } from './rate-limit.js';
import { hashOf } from './secret.js';

export interface SessionOptions {
  readonly store: Pick<Store, 'openBrowserSession' | 'endBrowserSession' | 'findBrowserSession'>;
  readonly logger: { warn(detail: object, message: string): void };
  /** Milliseconds of the day, which sessions and codes end by. */
  readonly now?: () => number;
  /** Monotonic milliseconds. */
  readonly monotonic?: () => number;
}

/** A session that nobody ends is over then, however long its page stays open. */
export const SESSION_MS = 7 * 24 * 3_600_000;
export const LOGIN_CODE_MS = 10 * 60_000;
/** How long what is known of a session counts: so much later one that was ended at another coordinator is refused. */
const FRESH_MS = 2_000;
/** Of codes that nobody used yet, and of sessions that were asked for, or ended; the oldest give way. */
const [MOST_CODES, MOST_KNOWN] = [1_000, 10_000];
const SECRET_BYTES = 32;
/** Cookies from one peer that open nothing: each is a look at the store. */
const GUESSES = { burst: 30, perSecond: 1 };

/** Who a session is opened for. */
export interface Granted {
  /** The id of the token that they have shown; null for a home's own. */
  readonly token: string | null;
  /** When the session is over at the latest; null for as long as any. */
  readonly until: Date | null;
}

interface Code extends Granted {
  /** Milliseconds of the day. */
  readonly endsAt: number;
}

interface Known {
  readonly session: BrowserSession;
  /** Monotonic. */
  readonly at: number;
}

export class Sessions {
  readonly #store: SessionOptions['store'];
  readonly #logger: SessionOptions['logger'];
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #guesses: RateLimit;
  /** By the code's hash. */
  readonly #codes = new Map<string, Code>();
  /** By the session's hash. */
  readonly #known = new Map<string, Known>();
  /** What the store is being asked for, by hash: a page that comes with many requests at once has its session looked up once. */
  readonly #looking = new Map<string, Promise<BrowserSession | null>>();
  /** Known to be ended before their time, by hash, until when they may have lasted: what was being looked up meanwhile counts no more. */
  readonly #ended = new Map<string, number>();

  constructor({ store, logger, now = Date.now, monotonic = () => performance.now() }: SessionOptions) {
    this.#store = store;
    this.#logger = logger;
    this.#now = now;
    this.#monotonic = monotonic;
    this.#guesses = new RateLimit({ ...GUESSES, now: monotonic });
  }

  /** A value for the cookie of a new session. Throws TokensUnavailable. */
  async open({ token, until }: Granted): Promise<string> {
    const now = this.#now();
    const cookie = randomBytes(SECRET_BYTES).toString('base64url');
    const session = { hash: hashOf(cookie), token, endsAt: new Date(Math.min(now + SESSION_MS, until?.getTime() ?? Number.POSITIVE_INFINITY)) };
    await this.#store.openBrowserSession(session).catch((error: unknown) => this.#unavailable(error));
    return cookie;
  }

  /** Null where the cookie is none of ours, or its session is over. `from`: the peer whose guesses are limited. Throws TokensUnavailable, TooManyRequests. */
  async sessionOf(cookie: string, from: string): Promise<BrowserSession | null> {
    const session = await this.#find(cookie, from);
    return session === null || this.isOver(session) ? null : session;
  }

  /** Of one that is asked about again and again, as a stream does, also where it was ended at another coordinator, seconds later. */
  isOver({ hash, endsAt }: BrowserSession): boolean {
    if (endsAt.getTime() <= this.#now() || this.#ended.has(hash)) return true;
    if (this.#fresh(hash) === null) {
      this.#looked(hash).then(
        (session) => {
          if (session === null) this.#markEnded(hash, endsAt.getTime());
        },
        // The next question makes up for it: a session that cannot be looked up goes on.
        () => undefined,
      );
    }
    return false;
  }

  /** Nobody opens anything with the cookie any more. Idempotent. Throws TooManyRequests, and nothing has changed; SignOutNotKept where that holds here, till a restart, only. */
  async end(cookie: string, from: string): Promise<void> {
    if (!isCookie(cookie)) return;
    const hash = hashOf(cookie);
    const known = this.#known.get(hash)?.session;
    // Strangers' cookies cost a look as well.
    if (known === undefined) this.#guesses.take(from);
    // Before the store is asked: here it is over, whatever that says.
    this.#markEnded(hash, known?.endsAt.getTime() ?? this.#now() + SESSION_MS);
    await this.#store.endBrowserSession(hash).catch((error: unknown) => {
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
    return this.#behind(hashOf(code));
  }

  /** A value for the cookie of a new session; the code stands for nothing afterwards. Throws LoginCodeUnknown; TokensUnavailable, and the code goes on. */
  async redeem(code: string): Promise<string> {
    const hash = hashOf(code);
    const granted = this.#behind(hash);
    // Before anything is awaited: of two at once one is let in.
    this.#codes.delete(hash);
    return this.open(granted).catch((error: unknown) => {
      this.#codes.set(hash, granted);
      throw error;
    });
  }

  /** `endsAt`: when its session may have lasted until, in milliseconds of the day. */
  #markEnded(hash: string, endsAt: number): void {
    const now = this.#now();
    if (this.#ended.size >= MOST_KNOWN) for (const [other, until] of this.#ended) if (until <= now) this.#ended.delete(other);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size >= MOST_KNOWN && oldest !== undefined && !this.#ended.has(hash)) this.#ended.delete(oldest);
    this.#ended.set(hash, endsAt);
  }

  #behind(hash: string): Code {
    const known = this.#codes.get(hash);
    if (known === undefined || known.endsAt <= this.#now()) throw new LoginCodeUnknown();
    return known;
  }

  async #find(cookie: string, from: string): Promise<BrowserSession | null> {
    if (!isCookie(cookie)) return null;
    const hash = hashOf(cookie);
    const fresh = this.#fresh(hash);
    if (fresh !== null) return fresh;
    // Others' guesses from the same address keep nobody out whose session is known, nor whoever waits for the same look.
    const isLimited = !this.#known.has(hash) && !this.#looking.has(hash);
    if (isLimited) this.#guesses.take(from);
    const session = await this.#looked(hash).catch((error: unknown) => {
      if (isLimited) this.#guesses.giveBack(from);
      return this.#unavailable(error);
    });
    if (isLimited && session !== null) this.#guesses.giveBack(from);
    return session;
  }

  /** What is known and counts still; null where it must be looked up. */
  #fresh(hash: string): BrowserSession | null {
    const known = this.#known.get(hash);
    return known !== undefined && this.#monotonic() - known.at <= FRESH_MS ? known.session : null;
  }

  #looked(hash: string): Promise<BrowserSession | null> {
    const looking = this.#looking.get(hash) ?? this.#look(hash).finally(() => this.#looking.delete(hash));
    this.#looking.set(hash, looking);
    return looking;
  }

  async #look(hash: string): Promise<BrowserSession | null> {
    const at = this.#monotonic();
    const session = await this.#store.findBrowserSession(hash);
    this.#known.delete(hash);
    if (session === null) return null;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(hash, { session, at });
    return session;
  }

  #unavailable(error: unknown): never {
    this.#logger.warn({ error: error instanceof Error ? error.message : String(error) }, "a browser's session could not be looked at");
    throw new TokensUnavailable({ cause: error });
  }
}

function isCookie(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/**
 * Who asks, and what they may. Every request and session brings a token: the home's own, which is kept in
 * memory and is an admin's, or one that an admin made, which the store knows by its hash. What is known of a
 * token is looked at again every few seconds, so a token that is revoked or expires is refused from then on,
 * and the sessions that it opened end.
 */
import { isProof, type SessionProof } from '../../proto/nats/session-proof.js';
import type { TokenRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Admission, Doorkeeper } from '../dispatch/carrier.js';
import { Forbidden, TokenExpired, TokenRevoked, TokensUnavailable, Unauthorized } from './errors.js';
import { mayDo, type Right, type Role } from './roles.js';
import { RateLimit } from './rate-limit.js';
import { hashOf, idIn, isSecretOf } from './secret.js';

export interface Identity {
  /** Of the token (tok_…); null for the home's own. */
  readonly token: string | null;
  readonly role: Role;
  /** Stands on events. */
  readonly actor: string;
}

export interface AccessOptions {
  readonly store: Pick<Store, 'findTokens' | 'noteTokens'>;
  /** The home's own. */
  readonly homeToken: string;
  /** Who holds that. */
  readonly homeActor: string;
  readonly logger: { warn(detail: object, message: string): void };
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** How long what is known of a token counts: so much later a revoked one is refused. */
const FRESH_MS = 2_000;
/** So long after its last look a token is still told from a guess without one. */
const REMEMBERED_MS = 3_600_000;
/** Tokens from one peer that are none of those that are known. With 256 random bits this keeps nobody from guessing right: it spares the store. */
const GUESSES = { burst: 30, perSecond: 1 };

interface Known {
  readonly record: TokenRecord;
  readonly at: number;
}

export class Access implements Doorkeeper {
  readonly #options: AccessOptions;
  readonly #homeHash: string;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  /** What the store is being asked for, by the token's id: a fleet that comes at once, with one token, has it looked at once. */
  readonly #looking = new Map<string, Promise<TokenRecord | null>>();
  /** By whom they come from: an address, or a worker on NATS. */
  readonly #guesses: RateLimit;
  /** Of open sessions, by token. */
  readonly #watched = new Map<string, Set<(why: Error) => void>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#homeHash = hashOf(options.homeToken);
    this.#now = options.now ?? (() => performance.now());
    this.#guesses = new RateLimit({ ...GUESSES, now: this.#now });
  }

  /** Idempotent. */
  start(): void {
    this.#timer ??= setInterval(() => void this.runOnce(), FRESH_MS);
  }

  /** Idempotent. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /**
   * `authorization`: as HTTP has it, `Bearer SECRET`; `from`: the peer whose guesses are limited; null where others see to
   * that. Throws Unauthorized, TokenExpired, TokenRevoked, Forbidden, TokensUnavailable, TooManyRequests.
   */
  async require(authorization: string | undefined, right: Right, from: string | null = null): Promise<Identity> {
    const sent = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    if (sent === undefined) throw new Unauthorized();
    return allowed(await this.#identify(idIn(sent), (hash) => isSecretOf(sent, hash), from), right);
  }

  /** For a session that a token has opened: `token` is its id, null for a home's own. Throws TokenExpired, TokenRevoked, Forbidden, TokensUnavailable, Unauthorized. */
  async requireOpened(token: string | null, right: Right): Promise<Identity> {
    return allowed(token === null ? this.#home() : identityOf(await this.#lookedUp(token)), right);
  }

  /** For the carriers of workers' sessions. Throws as `require` does. */
  async admit(authorization: string | undefined, from: string): Promise<Admission> {
    return this.#admission(await this.require(authorization, 'work', from));
  }

  /** Throws as `require` does. */
  async admitProof(proof: SessionProof, from: string): Promise<Admission> {
    return this.#admission(allowed(await this.#identify(proof.token, (hash) => isProof(proof, hash), from), 'work'));
  }

  /** Tells once when the token of an open session is good no more; the returned function ends that. */
  watch({ token }: Identity, ended: (why: Error) => void): () => void {
    if (token === null) return () => undefined;
    const watching = this.#watched.get(token) ?? new Set();
    this.#watched.set(token, watching.add(ended));
    return () => {
      watching.delete(ended);
      if (watching.size === 0) this.#watched.delete(token);
    };
  }

  /** Looks at the tokens of open sessions, and notes which tokens were used. */
  async runOnce(): Promise<void> {
    const now = this.#now();
    for (const [id, { at }] of this.#known) if (now - at > REMEMBERED_MS) this.#known.delete(id);
    if (this.#watched.size === 0) return;
    try {
      const records = await this.#options.store.findTokens([...this.#watched.keys()]);
      for (const record of records) {
        const why = refusal(record);
        if (why === null) continue;
        for (const ended of this.#watched.get(record.id) ?? []) ended(why);
      }
      await this.#options.store.noteTokens(records.map(({ id }) => id));
    } catch (error) {
      // The next look makes up for it; a session of a token that cannot be asked about goes on.
      this.#notLookedAt(error);
    }
  }

  #notLookedAt(error: unknown): void {
    this.#warn(error, 'tokens could not be looked at');
  }

  #warn(error: unknown, message: string): void {
    this.#options.logger.warn({ error: error instanceof Error ? error.message : String(error) }, message);
  }

  #admission(identity: Identity): Admission {
    return { token: identity.token, watch: (ended) => this.watch(identity, ended) };
  }

  /** `fits`: whether what was sent is the token of this hash. */
  async #identify(id: string | null, fits: (hash: string) => boolean, from: string | null): Promise<Identity> {
    if (fits(this.#homeHash)) return this.#home();
    // What is wrong with the store is told to each, once it has asked by itself.
    await (id === null ? undefined : this.#looking.get(id))?.catch(() => undefined);
    const known = id === null ? undefined : this.#known.get(id);
    // Others' guesses from the same address keep nobody out whose token is known to be one.
    const limited = from === null || (known !== undefined && fits(known.record.hash)) ? null : from;
    if (limited !== null) this.#guesses.take(limited);
    const record = id === null ? null : await this.#lookedUp(id).catch((error: unknown) => {
      if (limited !== null) this.#guesses.giveBack(limited);
      throw error;
    });
    if (record === null || !fits(record.hash)) throw new Unauthorized();
    if (limited !== null) this.#guesses.giveBack(limited);
    return identityOf(record);
  }

  #home(): Identity {
    return { token: null, role: 'admin', actor: this.#options.homeActor };
  }

  /** Throws TokensUnavailable. */
  async #lookedUp(id: string): Promise<TokenRecord | null> {
    return this.#recordOf(id).catch((error: unknown) => {
      this.#notLookedAt(error);
      throw new TokensUnavailable({ cause: error });
    });
  }

  async #recordOf(id: string): Promise<TokenRecord | null> {
    const known = this.#known.get(id);
    if (known !== undefined && this.#now() - known.at <= FRESH_MS) return known.record;
    const looking = this.#looking.get(id) ?? this.#look(id).finally(() => this.#looking.delete(id));
    this.#looking.set(id, looking);
    return looking;
  }

  async #look(id: string): Promise<TokenRecord | null> {
    const at = this.#now();
    const [record] = await this.#options.store.findTokens([id]);
    if (record === undefined) return null;
    this.#known.set(id, { record, at });
    // A note that cannot be written, on a full disk say, keeps nobody out.
    await this.#options.store.noteTokens([id]).catch((error: unknown) => this.#warn(error, 'the use of a token could not be noted'));
    return record;
  }
}

/** Throws Forbidden. */
function allowed(identity: Identity, right: Right): Identity {
  if (!mayDo(identity.role, right)) throw new Forbidden(identity.actor, identity.role, right);
  return identity;
}

/** Why a token that is known opens nothing; null where it does. */
function refusal({ id, name, state, expiresAt, revokedAt }: TokenRecord): Error | null {
  const who = `${id} ("${name}")`;
  if (state === 'revoked' && revokedAt !== null) return new TokenRevoked(who, revokedAt);
  if (state === 'expired' && expiresAt !== null) return new TokenExpired(who, expiresAt);
  return null;
}

/** Throws Unauthorized for none, TokenExpired and TokenRevoked. */
function identityOf(record: TokenRecord | null): Identity {
  if (record === null) throw new Unauthorized();
  const why = refusal(record);
  if (why !== null) throw why;
  return { token: record.id, role: record.role, actor: actorOf(record) };
}

export function actorOf({ id, name }: Pick<TokenRecord, 'id' | 'name'>): string {
  return `${name} (${id})`;
}

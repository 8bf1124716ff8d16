/** What an admin asks of tokens. */
import { newSecret } from '../access/secret.js';
import type { TokenRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { TokenNotFound } from './errors.js';
import type { Leading } from './leading.js';
import type { MadeToken, TokenRequest, TokenView } from './fleet-views.js';

export interface TokenOptions {
  readonly store: Store;
  readonly leader: Leading;
  readonly project: string;
  readonly actor: string;
}

export class Tokens {
  readonly #options: TokenOptions;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  async list(): Promise<TokenView[]> {
    return (await this.#options.store.tokens(this.#options.project)).map(tokenView);
  }

  async create({ name, role, expiresInMs }: TokenRequest): Promise<MadeToken> {
    const { store, leader, project, actor } = this.#options;
    const { id, secret, hash } = newSecret();
    await store.createToken({ id, project, name: name ?? role, role, hash, expiresInMs }, actor, await leader.epoch());
    return { token: await this.#find(id), secret };
  }

  async revoke(id: string): Promise<TokenView> {
    const { store, leader, project, actor } = this.#options;
    const token = await this.#find(id);
    if (token.state === 'revoked') return token;
    await store.revokeToken(project, id, actor, await leader.epoch());
    return this.#find(id);
  }

  async #find(id: string): Promise<TokenView> {
    const found = (await this.list()).find((token) => token.id === id);
    if (found === undefined) throw new TokenNotFound(id);
    return found;
  }
}

function tokenView({ id, name, role, state, createdAt, createdBy, expiresAt, revokedAt, lastUsed }: TokenRecord): TokenView {
  const shown = (time: Date | null): string | null => time?.toISOString() ?? null;
  return { id, name, role, state, createdAt: createdAt.toISOString(), createdBy, expiresAt: shown(expiresAt), revokedAt: shown(revokedAt), lastUsed: shown(lastUsed) };
}

import type { ClientBase } from 'pg';
import { plainText } from './batch.js';
import type { Batch } from './batch.js';
import type { TokenRecord } from './records.js';
import type { NewToken } from './turn-writes.js';

/** So often is written down that a token was used. */
const NOTED_EVERY = '1 minute';

const columns = `id, name, role, encode(hash, 'hex') as hash, created_at as "createdAt", created_by as "createdBy", expires_at as "expiresAt", revoked_at as "revokedAt", last_used as "lastUsed",
  case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'valid' end as state`;

export function newTokenBatch({ id, project, name, role, hash, expiresInMs }: NewToken, actor: string): Batch {
  return {
    what: 'the token',
    name: 'new-token',
    text: `insert into token (id, project, name, role, hash, created_by, expires_at)
      values ($1, $2, $3, $4, decode($5, 'hex'), $6, now() + $7::double precision * interval '1 millisecond')`,
    values: [id, project, plainText(name), role, hash, plainText(actor), expiresInMs],
    expected: 1,
  };
}

/** A token that is not there, or revoked already, is not matched. */
export function revokeBatch(project: string, id: string): Batch {
  return {
    what: 'tokens that are not revoked yet',
    name: 'revoke-token',
    text: 'update token set revoked_at = now() where project = $1 and id = $2 and revoked_at is null',
    values: [project, id],
    expected: 1,
  };
}

export async function readTokens(client: ClientBase, project: string): Promise<TokenRecord[]> {
  const { rows } = await client.query<TokenRecord>({ name: 'tokens', text: `select ${columns} from token where project = $1 order by created_at, id`, values: [project] });
  return rows;
}

export async function findTokens(client: ClientBase, ids: readonly string[]): Promise<TokenRecord[]> {
  const { rows } = await client.query<TokenRecord>({ name: 'find-tokens', text: `select ${columns} from token where id = any($1::text[])`, values: [ids] });
  return rows;
}

export async function noteTokens(client: ClientBase, ids: readonly string[]): Promise<void> {
  await client.query({
    name: 'note-tokens',
    text: `update token set last_used = now() where id = any($1::text[]) and (last_used is null or last_used < now() - interval '${NOTED_EVERY}')`,
    values: [ids],
  });
}

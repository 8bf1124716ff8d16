import type { ClientBase } from 'pg';
import type { BrowserSession } from './records.js';

/** Those whose time is over are forgotten. */
export async function writeBrowserSession(client: ClientBase, { hash, token, endsAt }: BrowserSession): Promise<void> {
  await client.query({
    name: 'open-browser-session',
    text: `with over as (delete from browser_session where ends_at <= now())
      insert into browser_session (hash, token, ends_at) values (decode($1, 'hex'), $2, $3)`,
    values: [hash, token, endsAt],
  });
}

/** One that is not there changes nothing. */
export async function deleteBrowserSession(client: ClientBase, hash: string): Promise<void> {
  await client.query({ name: 'end-browser-session', text: `delete from browser_session where hash = decode($1, 'hex')`, values: [hash] });
}

export async function findBrowserSession(client: ClientBase, hash: string): Promise<BrowserSession | null> {
  const { rows } = await client.query<BrowserSession>({
    name: 'find-browser-session',
    text: `select encode(hash, 'hex') as hash, token, ends_at as "endsAt" from browser_session where hash = decode($1, 'hex') and ends_at > now()`,
    values: [hash],
  });
  return rows[0] ?? null;
}

/** Where NATS servers are and how one logs in there, from one URL. What may be shown is kept apart from what is secret. */

export type NatsLogin = { readonly user: string; readonly password: string } | { readonly token: string };

export interface NatsAddress {
  /** HOST:PORT each; any of them will do. */
  readonly servers: readonly string[];
  /** Without TLS there is no connection. */
  readonly tls: boolean;
  readonly login: NatsLogin | null;
  /** For logs and errors: the URL without the login. */
  readonly shown: string;
}

export const NATS_URL_FORM = 'nats://[USER:PASSWORD@]HOST:PORT, or tls://… (several with commas between them)';

const DEFAULT_PORT = 4222;

/** Null where it is no such URL. Of several servers, the first login counts for all. */
export function parseNatsUrl(text: string): NatsAddress | null {
  const parts = text.split(',').map((part) => partOf(part.trim()));
  const read = parts.filter((part) => part !== null);
  if (read.length < parts.length) return null;
  const tls = read.some((part) => part.tls);
  const servers = read.map(({ server }) => server);
  return { servers, tls, login: read.find(({ login }) => login !== null)?.login ?? null, shown: servers.map((server) => `${tls ? 'tls' : 'nats'}://${server}`).join(',') };
}

function partOf(text: string): { readonly server: string; readonly tls: boolean; readonly login: NatsLogin | null } | null {
  if (!/^(nats|tls):\/\/[^/?#\s]+\/?$/.test(text)) return null;
  try {
    const { hostname, port, protocol, username, password } = new URL(text);
    if (hostname === '') return null;
    return { server: `${hostname}:${port === '' ? DEFAULT_PORT : port}`, tls: protocol === 'tls:', login: loginOf(decodeURIComponent(username), decodeURIComponent(password)) };
  } catch {
    // No URL, or one whose % signs mean nothing.
    return null;
  }
}

function loginOf(user: string, password: string): NatsLogin | null {
  if (user === '') return null;
  return password === '' ? { token: user } : { user, password };
}

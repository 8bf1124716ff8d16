/** How both sides connect, and what they say of a server that will not have them. No client's types: those stop at the edge. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { CodedError } from '../coded-error.js';
import { oneLine } from '../one-line.js';
import type { NatsAddress } from './address.js';
import { LEAST_PAYLOAD_BYTES } from './pieces.js';

export interface NatsAccess {
  readonly address: NatsAddress;
  /** A credentials file (JWT and seed), read anew at each connection; null for the login in the address. */
  readonly credentialsFile: string | null;
}

/** A connection that is gone without a word is noticed within PING_MS * (MAX_PINGS + 1). */
const PING_MS = 5_000;
const MAX_PINGS = 2;
const CONNECT_MS = 5_000;

export interface PlainConnectionOptions {
  servers: string[];
  name: string;
  timeout: number;
  pingInterval: number;
  maxPingOut: number;
  noAsyncTraces: boolean;
  /** Whatever Node's own tls.connect takes goes on to it, beside the options of the client. */
  tls?: { rejectUnauthorized: true; checkServerIdentity: typeof checkServerIdentity };
  user?: string;
  pass?: string;
  token?: string;
}

export function connectionOptions({ address }: NatsAccess, name: string): PlainConnectionOptions {
  const { servers, login, tls } = address;
  return {
    ...{ servers: [...servers], name, timeout: CONNECT_MS, pingInterval: PING_MS, maxPingOut: MAX_PINGS, noAsyncTraces: true },
    ...(tls ? { tls: { rejectUnauthorized: true as const, checkServerIdentity: identityOf(servers) } } : {}),
    ...(login === null ? {} : 'token' in login ? { token: login.token } : { user: login.user, pass: login.password }),
  };
}

/**
 * Of a server named by its IP address: the client hands Node no name then, and Node would ask the certificate for
 * `localhost`. Which of several addresses it is, is not known here: the certificate must be for one of them.
 */
function identityOf(servers: readonly string[]): typeof checkServerIdentity {
  const addresses = servers.map((server) => server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')).filter((host) => isIP(host) !== 0);
  const isNamed = (host: string): boolean => servers.some((server) => server.startsWith(`${host}:`));
  return (host, certificate) => {
    if (addresses.length === 0 || isNamed(host)) return checkServerIdentity(host, certificate);
    const problems = addresses.map((address) => checkServerIdentity(address, certificate));
    return problems.includes(undefined) ? undefined : problems[0];
  };
}

/** `denied`: the server will not have these credentials; nothing but other ones helps. */
export interface NatsTrouble {
  readonly kind: 'denied' | 'trouble';
  /** One line for a person, without secrets. */
  readonly message: string;
}

/** Throws Error with one line when the file is none. */
export function readCredentials(file: string): Uint8Array {
  let text: Buffer;
  try {
    text = readFileSync(file);
  } catch (error) {
    throw new CredentialsUnreadable(`the NATS credentials ${file} cannot be read: ${(error as Error).message}`);
  }
  const sections = text.toString('utf8').match(/^-{3,}BEGIN [^\n]+-{3,}$/gm) ?? [];
  if (sections.length < 2) throw new CredentialsUnreadable(`${file} is no file of NATS credentials: expected a user's JWT and its seed, as nsc writes them`);
  return text;
}

export class CredentialsUnreadable extends CodedError {
  readonly code = 'NatsCredentials';
}

/** How Node words a certificate that no CA it knows has issued. */
const CERTIFICATE = /unable to (verify|get)|self[- ]signed certificate/;

/** What a client's error means; `shown` is the address without secrets, `worker` the id of the worker that meets it. */
export function natsTrouble(error: unknown, shown: string, worker: string | null = null): NatsTrouble {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  switch (name) {
    case 'AuthorizationError':
    case 'UserAuthenticationExpiredError':
      return { kind: 'denied', message: `the NATS server at ${shown} refused the user, password, token or credentials file (${message.toLowerCase()}); give those of the fleet's account` };
    case 'PermissionViolationError':
      return { kind: 'denied', message: `the NATS server at ${shown} does not allow this: ${message}; ${remedyFor(worker)}` };
    case 'CredentialsUnreadable':
      return { kind: 'denied', message };
    case 'ConnectionError':
      return { kind: 'trouble', message: `no NATS server answers at ${shown}: ${message}; is that its address, and does it run?` };
    case 'TimeoutError':
      return { kind: 'trouble', message: `the NATS server at ${shown} does not answer in time` };
    case 'JetStreamNotEnabled':
      return { kind: 'trouble', message: `the NATS server at ${shown} has no stream for this fleet` };
    default:
      return { kind: 'trouble', message: `the NATS server at ${shown} says: ${oneLine(message)}${CERTIFICATE.test(message) ? '; where a CA of your own has issued its certificate, name that in NODE_EXTRA_CA_CERTS=FILE' : ''}` };
  }
}

/** A home without worker.json gives its worker a new id, of which credentials that were made before know nothing. */
function remedyFor(worker: string | null): string {
  if (worker === null) return "the user needs the permissions of the fleet's subjects";
  return `this worker's id is ${worker}, and its user needs the permissions of that id's subjects: copy the worker.json that was made with its credentials (NAME.worker.json) into its home, or make credentials for ${worker}`;
}

/** Null where the server takes messages that are large enough. */
export function payloadProblem(maxPayload: number, shown: string): string | null {
  if (maxPayload >= LEAST_PAYLOAD_BYTES) return null;
  return `the NATS server at ${shown} takes messages of ${maxPayload} bytes at most; raise its max_payload to ${LEAST_PAYLOAD_BYTES} or more`;
}

/** The client swallows what a callback throws: a defect must end the process as it would anywhere else. */
export function guarded(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

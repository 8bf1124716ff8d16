/** Where a coordinator listens: for this machine's own always, on loopback; for others where a person says so, with TLS or with their word for it. */
import { isIP } from 'node:net';
import type { ServerTlsFiles } from '../../coordinator/access/tls.js';
import { readCertificate, readPair } from '../certs/inspect.js';
import { BadInput } from '../exit.js';
import { plainMistake } from '../plain.js';

export interface ListenOptions {
  readonly listen?: string;
  readonly grpcPort?: number;
  readonly httpPort?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly insecure?: boolean;
  readonly advertise?: string;
  readonly proxy?: string;
}

export interface Ports {
  /** 0 for any that is free. */
  readonly grpcPort: number;
  readonly httpPort: number;
}

export interface Listening {
  readonly loopback: Ports;
  /** Null for nobody beyond this machine's own. */
  readonly outer: (Ports & { readonly host: string; readonly tls: ServerTlsFiles | null; readonly advertise: string | null; readonly proxies: readonly string[] }) | null;
}

export const LOOPBACK_ONLY: Listening = { loopback: { grpcPort: 0, httpPort: 0 }, outer: null };

const GRPC_PORT = 7077;
const HTTP_PORT = 8080;

/** Throws BadInput with a line per mistake. `warn` is told of certificates that end soon. */
export function listeningOf(options: ListenOptions, warn: (line: string) => void, now = new Date()): Listening {
  const { listen, grpcPort, httpPort, tlsCert, tlsKey, tlsCa = null, insecure = false, advertise, proxy } = options;
  const mistakes: string[] = [];
  if (listen === '') mistakes.push('--listen: found "", expected an address of this machine, such as 0.0.0.0');
  if ((tlsCert === undefined) !== (tlsKey === undefined)) mistakes.push(tlsCert === undefined ? '--tls-cert: found nothing beside --tls-key, expected the certificate of that key' : '--tls-key: found nothing beside --tls-cert, expected the key of that certificate');
  if (tlsCa !== null && tlsCert === undefined) mistakes.push('--tls-ca: found without --tls-cert and --tls-key, expected both: workers show certificates over TLS alone');
  if (tlsCert !== undefined && tlsKey !== undefined) {
    const inspected = [readPair({ file: tlsCert, option: '--tls-cert' }, { file: tlsKey, option: '--tls-key' }, now), ...(tlsCa === null ? [] : [readCertificate(tlsCa, '--tls-ca', now)])];
    for (const { problem, warning } of inspected) {
      if (problem !== null) mistakes.push(problem);
      else if (warning !== null) warn(warning);
    }
  } else if (listen !== undefined && listen !== '' && !insecure && tlsCa === null && tlsCert === undefined && tlsKey === undefined) {
    const plain = plainMistake('--listen', listen, [listen], 'give --tls-cert FILE --tls-key FILE (trawl certs makes them)');
    if (plain !== null) mistakes.push(plain);
  }
  const advertised = advertise === undefined ? null : originOf(advertise);
  if (advertise !== undefined && advertised === null) mistakes.push(`--advertise: found ${JSON.stringify(advertise)}, expected the URL at which others reach this coordinator, such as https://box1.example.org:8080`);
  else if (advertise !== undefined && listen === undefined && tlsCert === undefined && tlsKey === undefined) mistakes.push('--advertise: found without --listen, expected both: nobody else reaches a coordinator that listens on this machine only');
  const proxies = proxy?.split(',').map((address) => address.trim()) ?? [];
  for (const address of proxies) if (!isNetwork(address)) mistakes.push(`--proxy: found ${JSON.stringify(address)}, expected the IP address of a reverse proxy, or a network such as 10.0.0.0/8`);
  if (proxy !== undefined && listen === undefined && tlsCert === undefined && tlsKey === undefined) mistakes.push('--proxy: found without --listen, expected both: a coordinator that listens on this machine only answers to no proxy');
  if (mistakes.length > 0) throw new BadInput(mistakes.join('\n'));
  const tls = tlsCert === undefined || tlsKey === undefined ? null : { cert: tlsCert, key: tlsKey, clientCa: tlsCa };
  if (listen === undefined && tls === null) return { loopback: { grpcPort: grpcPort ?? 0, httpPort: httpPort ?? 0 }, outer: null };
  return { loopback: LOOPBACK_ONLY.loopback, outer: { host: listen ?? '127.0.0.1', grpcPort: grpcPort ?? GRPC_PORT, httpPort: httpPort ?? HTTP_PORT, tls, advertise: advertised, proxies } };
}

/** `ADDRESS` or `ADDRESS/BITS`. */
function isNetwork(text: string): boolean {
  const [, address = '', bits = '0'] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Null for what is more or less than the address of an HTTP server. */
function originOf(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname, search, hash, username } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && pathname === '/' && `${search}${hash}${username}` === '' ? origin : null;
}

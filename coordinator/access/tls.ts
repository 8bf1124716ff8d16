/** TLS of whoever listens. */
import { readFileSync } from 'node:fs';

/** Contents of PEM files. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Workers must show a certificate of this CA; null where a token is enough. */
  readonly clientCa: string | null;
}

export interface ServerTlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | null;
}

/** Throws what the system says of a file that cannot be read. */
export function readServerTls({ cert, key, clientCa }: ServerTlsFiles): ServerTls {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8'), clientCa: clientCa === null ? null : readFileSync(clientCa, 'utf8') };
}

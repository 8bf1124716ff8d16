/** Certificates and keys in files, looked at before they are used. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** So long before its end a certificate is warned of. */
const WARN_DAYS = 14;
const DAY_MS = 86_400_000;

export interface Inspected {
  /** What is wrong, in a line of its option; null where it can be used. */
  readonly problem: string | null;
  /** What will be wrong soon. */
  readonly warning: string | null;
}

/** `option`: what named the file. */
export function readCertificate(file: string, option: string, now = new Date()): Inspected {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(file));
  } catch (error) {
    return { problem: `${option}: found ${file}, ${unreadable(error)}, expected a certificate in a PEM file`, warning: null };
  }
  const end = new Date(certificate.validTo);
  const days = Math.floor((end.getTime() - now.getTime()) / DAY_MS);
  if (end <= now) return { problem: `${option}: found ${file}, which expired at ${end.toISOString()}; issue a new one: trawl certs issue`, warning: null };
  return { problem: null, warning: days < WARN_DAYS ? `${file} expires in ${days === 1 ? '1 day' : `${days} days`}, at ${end.toISOString()}; issue a new one: trawl certs issue` : null };
}

/** A certificate and its key. */
export function readPair(cert: { readonly file: string; readonly option: string }, key: { readonly file: string; readonly option: string }, now = new Date()): Inspected {
  const inspected = readCertificate(cert.file, cert.option, now);
  let isPair: boolean;
  try {
    const parsed = createPrivateKey(readFileSync(key.file));
    isPair = inspected.problem !== null || new X509Certificate(readFileSync(cert.file)).checkPrivateKey(parsed);
  } catch (error) {
    const line = `${key.option}: found ${key.file}, ${unreadable(error)}, expected a private key in a PEM file`;
    return { ...inspected, problem: inspected.problem === null ? line : `${inspected.problem}\n${line}` };
  }
  return isPair ? inspected : { ...inspected, problem: `${key.option}: found ${key.file}, which is not the key of ${cert.file}` };
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('E') && !code.startsWith('ERR_') ? `which cannot be read (${code})` : 'which is none';
}

/**
 * A private CA for a small fleet: one key that signs, and certificates for coordinators (servers) and
 * workers (clients). ECDSA on P-256, as everything that speaks TLS today knows it.
 */
// What the library's dependency injection needs, before anything of it.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Contents of PEM files. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface IssueOptions {
  readonly name: string;
  /** Names and addresses by which a server is reached; none of a client. */
  readonly hosts: readonly string[];
  readonly client: boolean;
  readonly days: number;
  readonly now: Date;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Clocks of a fleet differ by a little. */
const BACKDATED_MS = 5 * 60_000;
/** The authority outlives many certificates: replacing it means touching every box. */
const AUTHORITY_DAYS = 3_650;
const SERIAL_BYTES = 16;

export async function newAuthority(name: string, now: Date): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: serial(), name: [{ CN: [name] }], signingAlgorithm: ALGORITHM, keys, ...validity(now, AUTHORITY_DAYS) },
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true), await SubjectKeyIdentifierExtension.create(keys.publicKey)],
  });
  return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
}

/** Throws where the authority's files are not what they should be. */
export async function issue(authority: KeyPair, { name, hosts, client, days, now }: IssueOptions): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(authority.key), ALGORITHM, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const names = hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host }));
  const certificate = await X509CertificateGenerator.create({
    ...{ serialNumber: serial(), subject: [{ CN: [name] }], issuer: issuer.subjectName, publicKey: keys.publicKey, signingKey, signingAlgorithm: ALGORITHM, ...validity(now, days) },
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([client ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth]),
      ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: pem(certificate), key: await keyPem(keys.privateKey) };
}

function validity(now: Date, days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(now.getTime() - BACKDATED_MS), notAfter: new Date(now.getTime() + days * DAY_MS) };
}

/** Positive, as the standard asks. */
function serial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

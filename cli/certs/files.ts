/** The folder of a private CA: ca.crt and ca.key, and NAME.crt and NAME.key of what it issued. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { shellWord } from '../../proto/shell-word.js';
import { BadInput } from '../exit.js';
import { near } from '../program-name.js';
import { issue, newAuthority, type IssueOptions, type KeyPair } from './authority.js';
import { readCertificate } from './inspect.js';

export interface MadeFiles {
  readonly certificate: string;
  readonly key: string;
  /** For a person: what was made, and what to do with it. */
  readonly lines: readonly string[];
}

const HOST_NAME = /^(?=.{1,253}$)(\*\.)?[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i;
const FILE_NAME = /^[a-z\d][\w.-]{0,99}$/i;

/** Throws BadInput. */
export async function initAuthority(folder: string, name: string, now = new Date()): Promise<MadeFiles> {
  const paths = pathsOf(folder, 'ca');
  requireNew(paths);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  write(paths, await newAuthority(name, now));
  const dir = shellWord(near(folder));
  return { ...paths, lines: [`made ${near(paths.certificate)} (for every machine) and ${near(paths.key)} (signs; keep it to yourself)`, 'Next:', `  trawl certs issue HOST --dir ${dir}`, `  trawl certs issue WORKER --dir ${dir} --client`] };
}

/** Throws BadInput with a line per mistake. */
export async function issueCertificate(folder: string, asked: Omit<IssueOptions, 'now'>, now = new Date()): Promise<MadeFiles> {
  const { name, client } = asked;
  const hosts = asked.hosts.length === 0 && !client ? [name] : asked.hosts;
  const mistakes = [
    ...(FILE_NAME.test(name) && name !== 'ca' ? [] : [`name: found ${JSON.stringify(name)}, expected letters, digits, dots and dashes${name === 'ca' ? ', and not the name of the CA itself' : ''}`]),
    ...hosts.filter((host) => isIP(host) === 0 && !HOST_NAME.test(host)).map((host) => `--host: found ${JSON.stringify(host)}, expected a host name or an address`),
  ];
  if (mistakes.length > 0) throw new BadInput(mistakes.join('\n'));
  const authority = readAuthority(folder, now);
  const paths = pathsOf(folder, name);
  requireNew(paths);
  write(paths, await issue(authority, { ...asked, hosts, now }));
  const use = client ? `trawl worker … --ca ca.crt --cert ${name}.crt --key ${name}.key` : `trawl up --listen HOST --tls-cert ${shellWord(near(paths.certificate))} --tls-key ${shellWord(near(paths.key))}`;
  return { ...paths, lines: [`made ${near(paths.certificate)} and ${near(paths.key)}, good for ${asked.days} days${client ? '' : `, for ${hosts.join(', ')}`}`, `Use: ${use}`] };
}

function readAuthority(folder: string, now: Date): KeyPair {
  const paths = pathsOf(folder, 'ca');
  if (!existsSync(paths.certificate) || !existsSync(paths.key)) throw new BadInput(`--dir: found ${folder} without a ca.crt and a ca.key, expected the folder of a CA; make one with: trawl certs init ${shellWord(folder)}`);
  const { problem } = readCertificate(paths.certificate, '--dir', now);
  if (problem !== null) throw new BadInput(problem);
  return { certificate: readFileSync(paths.certificate, 'utf8'), key: readFileSync(paths.key, 'utf8') };
}

function pathsOf(folder: string, name: string): { readonly certificate: string; readonly key: string } {
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

function requireNew(paths: { readonly certificate: string; readonly key: string }): void {
  const there = Object.values(paths).filter((path) => existsSync(path));
  if (there.length > 0) throw new BadInput(there.map((path) => `${path}: found a file, expected none; nothing is overwritten: move it away, or choose another name`).join('\n'));
}

function write({ certificate, key }: { readonly certificate: string; readonly key: string }, made: KeyPair): void {
  writeFileSync(key, made.key, { mode: 0o600, flag: 'wx' });
  writeFileSync(certificate, made.certificate, { mode: 0o644, flag: 'wx' });
}

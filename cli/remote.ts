/** A coordinator elsewhere, as a person names it: an address, and a token that never stands on the command line. */
import { readFileSync } from 'node:fs';
import type { Trust } from '../blob/trusting-fetch.js';
import { shownAddress } from '../proto/shown-address.js';
import { readCertificate } from './certs/inspect.js';
import { BadInput } from './exit.js';
import { plainMistake } from './plain.js';

export interface Remote {
  /** E.g. https://sweeps.example.org:8080, without a slash at its end; of several coordinators, of which one leads, with commas between. */
  readonly url: string;
  readonly token: string;
  /** Null for the authorities that this machine trusts anyway. */
  readonly trust: Trust | null;
  /** What names it again, for commands that are printed. */
  readonly options: readonly string[];
}

export interface TokenOptions {
  readonly tokenFile?: string;
}

export interface RemoteOptions extends TokenOptions {
  readonly ca?: string;
  readonly coordinator?: string;
  readonly home?: string;
  readonly insecure?: boolean;
}

/** Null where a home is meant: --coordinator goes before --home, and that before $TRAWL_COORDINATOR. Throws BadInput. */
export function remoteOf(options: RemoteOptions, environment: NodeJS.ProcessEnv = process.env): Remote | null {
  const named = options.coordinator ?? (options.home === undefined ? environment.TRAWL_COORDINATOR : undefined);
  if (named === undefined || (named === '' && options.coordinator === undefined)) return null;
  const source = options.coordinator === undefined ? 'TRAWL_COORDINATOR' : '--coordinator';
  const url = named.split(',').map((text) => checkedAddress(text.trim(), source)).join(',');
  const hosts = url.split(',').map((text) => new URL(text)).filter(({ protocol }) => protocol === 'http:').map(({ hostname }) => hostname);
  const plain = options.insecure === true ? null : plainMistake(source, url, hosts, 'name an https:// address');
  if (plain !== null) throw new BadInput(plain);
  const address = options.coordinator === undefined ? [] : ['--coordinator', url];
  const again_ = (option: string, value: string | undefined): string[] => (value === undefined ? [] : [option, value]);
  return { url, token: tokenOf(options, environment), trust: trustOf(options.ca ?? environment.TRAWL_CA), options: [...address, ...again_('--token-file', options.tokenFile), ...again_('--ca', options.ca), ...(options.insecure === true ? ['--insecure'] : [])] };
}

function trustOf(ca: string | undefined): Trust | null {
  if (ca === undefined || ca === '') return null;
  const { problem } = readCertificate(ca, '--ca');
  if (problem !== null) throw new BadInput(problem);
  return { ca: readFileSync(ca, 'utf8'), own: null };
}

function checkedAddress(text: string, source: string): string {
  const hasScheme = /^https?:\/\//.test(text);
  if (hasScheme && URL.canParse(text) && new URL(text).href === `${new URL(text).origin}/`) return text.replace(/\/+$/, '');
  const meant = !text.includes('://') && URL.canParse(`https://${text}`) ? `; did you mean https://${text}?` : '';
  throw new BadInput(`${source}: found ${JSON.stringify(shownAddress(text))}, expected the HTTP address of a coordinator, such as https://sweeps.example.org:8080${meant}`);
}

/** From --token-file, else the environment variable TRAWL_TOKEN. Throws BadInput. */
export function tokenOf({ tokenFile }: TokenOptions, environment: NodeJS.ProcessEnv = process.env): string {
  const token = tokenFile === undefined ? environment.TRAWL_TOKEN : readToken(tokenFile);
  if (token !== undefined && token !== '') return token;
  throw new BadInput(tokenFile === undefined ? 'TRAWL_TOKEN: found nothing, expected the token of the coordinator, here or in --token-file FILE' : `--token-file: found ${tokenFile}, which is empty, expected a file with a token`);
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new BadInput(`--token-file: found ${file}, which cannot be read (${error instanceof Error ? error.message : String(error)}); expected a file with a token`);
  }
}

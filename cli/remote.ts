/** A coordinator elsewhere, as a person names it: an address, and a token that never stands on the command line. */
import { readFileSync } from 'node:fs';
import { BadInput } from './exit.js';

export interface Remote {
  /** E.g. https://sweeps.example.org:8080, without a slash at its end. */
  readonly url: string;
  readonly token: string;
  /** What names it again, for commands that are printed. */
  readonly options: readonly string[];
}

export interface TokenOptions {
  readonly tokenFile?: string;
}

export interface RemoteOptions extends TokenOptions {
  readonly coordinator?: string;
  readonly home?: string;
}

/** Null where a home is meant: --coordinator goes before --home, and that before $TRAWL_COORDINATOR. Throws BadInput. */
export function remoteOf(options: RemoteOptions, environment: NodeJS.ProcessEnv = process.env): Remote | null {
  const named = options.coordinator ?? (options.home === undefined ? environment.TRAWL_COORDINATOR : undefined);
  if (named === undefined || (named === '' && options.coordinator === undefined)) return null;
  const source = options.coordinator === undefined ? 'TRAWL_COORDINATOR' : '--coordinator';
  const url = checkedAddress(named, source);
  const again = options.coordinator === undefined ? [] : ['--coordinator', url];
  return { url, token: tokenOf(options, environment), options: [...again, ...(options.tokenFile === undefined ? [] : ['--token-file', options.tokenFile])] };
}

function checkedAddress(text: string, source: string): string {
  const hasScheme = /^https?:\/\//.test(text);
  if (hasScheme && URL.canParse(text) && new URL(text).pathname === '/') return text.replace(/\/+$/, '');
  const meant = !text.includes('://') && URL.canParse(`https://${text}`) ? `; did you mean https://${text}?` : '';
  throw new BadInput(`${source}: found ${JSON.stringify(text)}, expected the HTTP address of a coordinator, such as https://sweeps.example.org:8080${meant}`);
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

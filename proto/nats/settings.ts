/**
 * What a person says of the NATS server to use, and how it reaches the processes that use it: by
 * environment, since a URL may hold a password and every user of a box can read command lines.
 */
import type { NatsAddress } from './address.js';
import { shownAddress } from '../shown-address.js';
import { NATS_URL_FORM, parseNatsUrl } from './address.js';
import type { NatsAccess } from './connecting.js';
import { CredentialsUnreadable, readCredentials } from './connecting.js';
import { isToken } from './subjects.js';

/** As it was written. */
export interface NatsSettings {
  readonly url: string;
  /** A credentials file. */
  readonly credentials?: string | undefined;
  readonly fleet?: string | undefined;
}

export interface NatsPlace extends NatsAccess {
  readonly fleet: string;
}

export interface SettingMistake {
  readonly setting: keyof NatsSettings;
  /** Without secrets. */
  readonly found: string;
  readonly expected: string;
}

export const DEFAULT_FLEET = 'default';

export const NATS_VARIABLES: { readonly [setting in keyof Required<NatsSettings>]: string } = { url: 'TRAWL_NATS_URL', credentials: 'TRAWL_NATS_CREDS', fleet: 'TRAWL_NATS_FLEET' };

/** All mistakes at once, or the place. */
export function readNatsSettings({ url, credentials, fleet = DEFAULT_FLEET }: NatsSettings): NatsPlace | readonly SettingMistake[] {
  const mistakes: SettingMistake[] = [];
  const address: NatsAddress | null = parseNatsUrl(url);
  if (address === null) mistakes.push({ setting: 'url', found: shownAddress(url), expected: NATS_URL_FORM });
  if (!isToken(fleet)) mistakes.push({ setting: 'fleet', found: fleet, expected: 'up to 64 letters, digits, _ and -' });
  if (credentials !== undefined) {
    try {
      readCredentials(credentials);
    } catch (error) {
      if (!(error instanceof CredentialsUnreadable)) throw error;
      mistakes.push({ setting: 'credentials', found: credentials, expected: `a user's JWT and its seed in one file, as nsc writes them (${error.message})` });
    }
  }
  return address === null || mistakes.length > 0 ? mistakes : { address, fleet, credentialsFile: credentials ?? null };
}

/** The variables for a process that shall use it. */
export function natsEnvironment({ url, credentials, fleet }: NatsSettings): { readonly [variable: string]: string } {
  return {
    [NATS_VARIABLES.url]: url,
    ...(credentials === undefined ? {} : { [NATS_VARIABLES.credentials]: credentials }),
    ...(fleet === undefined ? {} : { [NATS_VARIABLES.fleet]: fleet }),
  };
}

/** Null where the environment names no server. */
export function natsSettingsIn(environment: NodeJS.ProcessEnv): NatsSettings | null {
  const url = environment[NATS_VARIABLES.url];
  if (url === undefined || url === '') return null;
  return { url, credentials: environment[NATS_VARIABLES.credentials], fleet: environment[NATS_VARIABLES.fleet] };
}

/** Nobody who is started from here, or looks at this process later, shall find them. */
export function forgetNatsSettings(environment: NodeJS.ProcessEnv): void {
  delete environment.TRAWL_NATS_URL;
  delete environment.TRAWL_NATS_CREDS;
  delete environment.TRAWL_NATS_FLEET;
}

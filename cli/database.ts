/** Which database a home uses: the embedded one, or a server that is named. */
import { readFileSync } from 'node:fs';
import { shownAddress } from '../proto/shown-address.js';
import { BadInput } from './exit.js';
import { createHome, readJson, writePrivately, type Home } from './home.js';

/** A file with the address of the server: an address has a password, and every user of a machine can read command lines. */
const FILE_VARIABLE = 'TRAWL_DATABASE_FILE';

/**
 * The server that a command on this home uses: of --database, else of the file that the environment names,
 * else the one that was named once with --database; null for the embedded one. Throws BadInput for what is no address.
 */
export function databaseOf(home: Home, given: string | undefined, environment: NodeJS.ProcessEnv = process.env): string | null {
  if (given !== undefined) return checkedUrl(given);
  const file = environment[FILE_VARIABLE];
  if (file !== undefined && file !== '') return addressIn(file);
  const remembered = readJson(home.database) as { url?: unknown } | null;
  return typeof remembered?.url === 'string' ? remembered.url : null;
}

/** So that later commands on this home need not name it again. */
export function rememberDatabase(home: Home, url: string): void {
  createHome(home);
  writePrivately(home.database, { url });
}

/** Says nothing of what it found: it may hold a password. */
function addressIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new BadInput(`${FILE_VARIABLE}: found ${file}, which cannot be read (${error instanceof Error ? error.message : String(error)}); expected a file with the address of a Postgres server`);
  }
  if (!isAddress(text)) throw new BadInput(`${FILE_VARIABLE}: found ${file}, which holds no address of a Postgres server; expected one such as postgres://user:password@host:5432/database`);
  return text;
}

function isAddress(text: string): boolean {
  // The folder of a socket stands in a parameter; URLs must have a host beside a login all the same.
  const url = /^\w+:\/\/[^/]*@\/[^?]*\?(.*&)?host=./.test(text) ? text.replace('@/', '@socket/') : text;
  return URL.canParse(url) && ['postgres:', 'postgresql:'].includes(new URL(url).protocol);
}

function checkedUrl(text: string): string {
  if (!isAddress(text)) throw new BadInput(`--database: found ${JSON.stringify(shownAddress(text))}, expected an address such as postgres://user:password@host:5432/database`);
  return text;
}

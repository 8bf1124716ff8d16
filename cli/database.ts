/** Which database a home uses: the embedded one, or a server that was named once with --database. */
import { BadInput } from './exit.js';
import { createHome, readJson, writePrivately, type Home } from './home.js';

/** The server that a command on this home uses; null for the embedded one. Throws BadInput for what is no address. */
export function databaseOf(home: Home, given: string | undefined): string | null {
  if (given !== undefined) return checkedUrl(given);
  const remembered = readJson(home.database) as { url?: unknown } | null;
  return typeof remembered?.url === 'string' ? remembered.url : null;
}

/** So that later commands on this home need not name it again. */
export function rememberDatabase(home: Home, url: string): void {
  createHome(home);
  writePrivately(home.database, { url });
}

function checkedUrl(text: string): string {
  const isAddress = URL.canParse(text) && ['postgres:', 'postgresql:'].includes(new URL(text).protocol);
  if (!isAddress) throw new BadInput(`--database: found ${JSON.stringify(text.replace(/:\/\/([^:/@]*):[^@]*@/, '://$1@'))}, expected an address such as postgres://user:password@host:5432/database`);
  return text;
}

/** Where a command finds its sweeps. */
import { databaseOf } from '../database.js';
import { homeAt, type Home } from '../home.js';
import type { ServiceOptions } from '../options.js';
import { commandLine } from '../program-name.js';
import { remoteOf, type Remote } from '../remote.js';

export interface Place {
  /** Of a remote coordinator's sweeps, what is fetched and found out here is kept there. */
  readonly home: Home;
  /** Of the home, where it is not the embedded one's. */
  readonly databaseUrl: string | null;
  /** Null where the home's own sweeps are meant. */
  readonly remote: Remote | null;
}

/** Throws BadInput. */
export function placeOf(options: ServiceOptions): Place {
  const remote = remoteOf(options);
  const home = homeAt(options.home);
  return { home, databaseUrl: remote === null ? databaseOf(home, options.database) : null, remote };
}

/** A command of this program at a place, to be pasted. */
export function commandAt(words: readonly string[], { home, remote }: Place): string {
  return commandLine(words, home, remote);
}

/** For messages: `the coordinator at https://…`, or `home ./here`. */
export function placeName({ home, remote }: Place): string {
  return remote === null ? `home ${home.folder}` : `the coordinator at ${remote.url}`;
}

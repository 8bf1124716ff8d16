/**
 * Postgres refuses to run as root. Everyone else runs it as themselves. For root, in order:
 *
 * 1. A user namespace in which root is seen as `nobody`. Files stay root's, so it works under a home
 *    that only root may enter, and no user is needed. Containers often forbid it.
 * 2. `setuid` to the user `postgres`, else to `nobody`. The data folder is given to that user, who must be
 *    able to reach it and the binaries.
 * 3. The same with the one capability that lets it pass closed folders (util-linux `setpriv`): a
 *    container's root has that right, and its home is closed to others.
 *
 * Each is tried by what matters: entering the data folder and starting the binary.
 */
import { execFile } from 'node:child_process';
import { chown, lchown, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedFailed } from '../errors.js';
import type { Binaries } from './binaries.js';

const execute = promisify(execFile);

export interface Identity {
  readonly name: string;
  /** Words to put before a command's own. */
  readonly prefix: readonly string[];
  /** For the spawn itself; null to stay who we are. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** To whom the folders must belong; null for us. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
}

const nobody = { uid: 65534, gid: 65534 };
const self: Identity = { name: 'the current user', prefix: [], user: null, owner: null };

/**
 * The first identity that can run this Postgres on these folders, which belong to it afterwards, and the
 * major version of that Postgres. Throws EmbeddedFailed naming all that was tried.
 */
export async function findIdentity(
  binaries: Binaries,
  folders: readonly string[],
  offered: readonly Identity[],
): Promise<{ readonly identity: Identity; readonly version: string }> {
  const tried: string[] = [];
  for (const identity of offered) {
    try {
      for (const folder of folders) await own(folder, identity);
      return { identity, version: await probe(identity, binaries, folders) };
    } catch (error) {
      tried.push(`${identity.name} (${reason(error)})`);
    }
  }
  throw new EmbeddedFailed('run here', `tried as ${tried.join('; as ')}. Start trawl as an ordinary user, or give a server of your own with --database URL`);
}

export async function candidates(): Promise<Identity[]> {
  if (process.getuid?.() !== 0) return [self];
  const user = (await postgresUser()) ?? nobody;
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  return [
    { name: 'a user namespace', prefix: ['unshare', '-U', '--map-user=65534', '--map-group=65534'], user: null, owner: { uid: 0, gid: 0 } },
    { name: `setuid to ${user.uid}`, prefix: [], user, owner: user },
    { name: `setuid to ${user.uid} with dac_override`, prefix: ['setpriv', ...ids, '--inh-caps=+dac_override', '--ambient-caps=+dac_override'], user: null, owner: user },
  ];
}

async function postgresUser(): Promise<{ uid: number; gid: number } | null> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const found = /^postgres:[^:]*:(\d+):(\d+):/m.exec(users);
  return found === null ? null : { uid: Number(found[1]), gid: Number(found[2]) };
}

/** Enters the folders, starts the binary, and gives its major version. */
async function probe(identity: Identity, binaries: Binaries, folders: readonly string[]): Promise<string> {
  const script = 'for folder; do cd "$folder" || exit 1; done; exec "$0" --version';
  const [command, ...words] = [...identity.prefix, '/bin/sh', '-c', script, binaries.postgres, ...folders];
  const { stdout } = await execute(command ?? '', words, { ...identity.user, cwd: '/', env: { ...process.env, ...binaries.environment } });
  return /(\d+)(\.\d+)?\s*$/.exec(stdout)?.[1] ?? stdout.trim();
}

/** Gives a folder and all in it to whom it must belong. Postgres insists on owning its data. */
async function own(folder: string, identity: Identity): Promise<void> {
  const { owner } = identity;
  if (owner === null || (await stat(folder)).uid === owner.uid) return;
  for (const entry of await readdir(folder, { recursive: true })) await lchown(join(folder, entry), owner.uid, owner.gid);
  // Last, so that a start cut off in between does it again.
  await chown(folder, owner.uid, owner.gid);
}

/** The first line that says something, without the command. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const printed = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return (printed === '' ? error.message : printed).split('\n')[0] ?? '';
}

/** Where packages come from: the user's own settings of pip and npm, else the public indexes. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PUBLIC_INDEX = 'https://pypi.org/simple';
const PUBLIC_REGISTRY = 'https://registry.npmjs.org';

export interface Sources {
  /** A simple index (PEP 503, PEP 691), without a slash at its end. */
  readonly index: string;
  /** An npm registry, likewise. */
  readonly registry: string;
}

export async function packageSources(environment: NodeJS.ProcessEnv = process.env): Promise<Sources> {
  const trimmed = (url: string): string => url.replace(/\/+$/, '');
  return { index: trimmed(pipIndex(environment) ?? PUBLIC_INDEX), registry: trimmed((await npmRegistry(environment)) ?? PUBLIC_REGISTRY) };
}

/** As pip looks for it: the environment, then its configuration files, the user's before the system's. */
function pipIndex(environment: NodeJS.ProcessEnv): string | null {
  if (environment.PIP_INDEX_URL !== undefined && environment.PIP_INDEX_URL !== '') return environment.PIP_INDEX_URL;
  const home = environment.HOME ?? homedir();
  const config = environment.XDG_CONFIG_HOME ?? join(home, '.config');
  const virtual = environment.VIRTUAL_ENV === undefined ? [] : [join(environment.VIRTUAL_ENV, 'pip.conf')];
  const named = environment.PIP_CONFIG_FILE === undefined ? [] : [environment.PIP_CONFIG_FILE];
  const files = [...named, ...virtual, join(config, 'pip', 'pip.conf'), join(home, '.pip', 'pip.conf'), '/etc/xdg/pip/pip.conf', '/etc/pip.conf'];
  for (const file of files) {
    const found = indexIn(file);
    if (found !== null) return found;
  }
  return null;
}

/** `index-url` of the sections that pip's download reads. */
function indexIn(file: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  let section = '';
  let found: string | null = null;
  for (const line of text.split('\n')) {
    section = /^\s*\[(\w+)\]/.exec(line)?.[1] ?? section;
    const value = /^index[-_]url\s*[=:]\s*(\S+)/.exec(line.trim())?.[1];
    if (value !== undefined && (section === 'download' || (section === 'global' && found === null))) found = value;
  }
  return found;
}

/** What npm itself would take, from its environment or its files; null where npm is not there to ask. */
async function npmRegistry(environment: NodeJS.ProcessEnv): Promise<string | null> {
  const named = environment.npm_config_registry ?? environment.NPM_CONFIG_REGISTRY;
  if (named !== undefined && named !== '') return named;
  try {
    const { stdout } = await run('npm', ['config', 'get', 'registry'], { env: environment, timeout: 20_000 });
    return /^https?:\/\/\S+$/.exec(stdout.trim())?.[0] ?? null;
  } catch {
    return null;
  }
}

/** An address as it may be shown: without a user's name and password. */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}

/** `fetch` takes no address with a login in it: it goes into a header, for that host alone. */
export function withLogin(url: string, loginOf: string): { readonly url: string; readonly headers: { readonly [name: string]: string } } {
  const bare = new URL(url);
  const owner = new URL(loginOf);
  const { username, password } = bare.username === '' && bare.origin === owner.origin ? owner : bare;
  bare.username = '';
  bare.password = '';
  if (username === '') return { url: bare.href, headers: {} };
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: bare.href, headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` } };
}

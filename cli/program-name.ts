/** How this program is called from where the person stands, so that printed commands can be pasted. */
import { realpathSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { packageRoot } from '../proto/package-root.js';
import { shellWord } from '../proto/shell-word.js';
import { defaultHome, type Home } from './home.js';
import type { Remote } from './remote.js';

/** `trawl` where that is this program, else `node PATH/dist/cli/main.js`. */
export function programName(): string {
  const program = join(packageRoot(), 'dist', 'cli', 'main.js');
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder !== '' && real(join(folder, 'trawl')) === real(program)) return 'trawl';
  }
  return `node ${shellWord(near(program))}`;
}

/** A command of this program on a home, e.g. `trawl trials digits --home ./here`, or for a coordinator elsewhere. */
export function commandLine(words: readonly string[], home: Home, remote: Remote | null = null): string {
  const where = [...(remote?.options ?? []), ...(home.folder === defaultHome() ? [] : ['--home', near(home.folder)])];
  return [programName(), ...[...words, ...where].map(shellWord)].join(' ');
}

/** As seen from the current folder, where that is shorter. */
export function near(path: string): string {
  const way = relative(process.cwd(), path);
  if (way === '') return '.';
  return way.length < path.length && !way.startsWith('../..') ? way : path;
}

function real(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

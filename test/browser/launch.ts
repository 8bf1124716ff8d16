/** A real browser, for tests and for measurements. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { packageRoot } from '../../proto/package-root.js';

const run = promisify(execFile);

/** In containers there is no sandbox for root, and little shared memory. */
const ARGUMENTS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];
/** Of Playwright's own: real browsers do drop what a page writes into its address too often. */
const IGNORED = ['--disable-ipc-flooding-protection'];

/** The browser that CHROMIUM names, `chromium` on the PATH, or the one inside the package @sparticuz/chromium. */
export async function launchBrowser(): Promise<Browser> {
  const installed = process.env.CHROMIUM ?? onPath('chromium');
  if (installed !== null) return chromium.launch({ executablePath: installed, args: ARGUMENTS, ignoreDefaultArgs: IGNORED });
  const folder = await unpacked();
  const executablePath = join(folder, 'chromium');
  const { stdout: libraries } = await run('ldd', [executablePath]).catch(() => ({ stdout: '' }));
  // Where the system lacks some that a browser needs, those of the package stand in.
  const env = libraries.includes('not found') ? { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') } : {};
  // Not the package's own arguments: they switch off what keeps pages of different hosts apart.
  return chromium.launch({ executablePath, args: [...ARGUMENTS, '--headless=shell'], ignoreDefaultArgs: IGNORED, env: { ...process.env, ...env } });
}

/**
 * The folder with the package's browser, kept in the user's cache. The package unpacks into the temporary folder,
 * and takes a file that is there for a whole one: two test files at once would run half a browser.
 */
async function unpacked(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trawl-tests');
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'node_modules', '@sparticuz', 'chromium', 'package.json'), 'utf8')) as { version: string };
  const kept = join(cache, `chromium-${version}`);
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(join(cache, 'making-'));
  try {
    // As where it runs without a system's libraries, so that they are unpacked too.
    const env = { ...process.env, TMPDIR: making, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' };
    await run(process.execPath, ['--input-type=module', '--eval', "await (await import('@sparticuz/chromium')).default.executablePath()"], { cwd: packageRoot(), env });
    renameSync(making, kept);
  } catch (error) {
    // Another test file was faster.
    if (!existsSync(kept)) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return kept;
}

function onPath(program: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      const path = join(folder, program);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next folder.
    }
  }
  return null;
}

/** A real browser, for tests and for measurements. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** In containers there is no sandbox for root, and little shared memory. */
const ARGUMENTS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];

/** The browser that CHROMIUM names, `chromium` on the PATH, or the one inside the package @sparticuz/chromium. */
export async function launchBrowser(): Promise<Browser> {
  const installed = process.env.CHROMIUM ?? onPath('chromium');
  if (installed !== null) return chromium.launch({ executablePath: installed, args: ARGUMENTS });
  const { default: packed } = await import('@sparticuz/chromium');
  // Not the package's own arguments: they switch off what keeps pages of different hosts apart.
  return chromium.launch({ executablePath: await packed.executablePath(), args: [...ARGUMENTS, '--headless=shell'] });
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

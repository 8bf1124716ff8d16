/** What commands that ask one question have in common. */
import { databaseOf } from '../database.js';
import { homeAt, type Home } from '../home.js';
import type { OpenService } from '../host/service-here.js';
import type { HomeOptions } from '../options.js';
import { commandLine } from '../program-name.js';

/** Asks the coordinator that runs on the home, or the store itself where none does. */
export async function onHome(options: HomeOptions, ask: (opened: OpenService, home: Home) => Promise<void>): Promise<void> {
  const home = homeAt(options.home);
  const { openService } = await import('../host/open-service.js');
  const opened = await openService(home, databaseOf(home, options.database));
  try {
    await ask(opened, home);
  } finally {
    await opened.close();
  }
}

export function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Of a home without a coordinator, where something waits to be trained. */
export function idleLine(home: Home): string {
  return `Nothing trains on this home now; to go on: ${commandLine(['run', 'FILE'], home)}, or, with all that is open: ${commandLine(['up'], home)}`;
}

/** What commands that ask one question have in common. */
import type { Home } from '../home.js';
import { placeOf, type Place } from '../host/place.js';
import type { OpenService } from '../host/service-here.js';
import type { ServiceOptions } from '../options.js';
import { commandLine } from '../program-name.js';

/** `make`: also on a home that has nothing yet. Asks the coordinator that is named, or the one that runs on the home, or the store itself where none does. */
export async function onService(options: ServiceOptions, ask: (opened: OpenService, place: Place) => Promise<void>, { make }: { readonly make: boolean } = { make: false }): Promise<void> {
  const place = placeOf(options);
  const { openService } = await import('../host/open-service.js');
  const opened = await openService(place, { make });
  try {
    await ask(opened, place);
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

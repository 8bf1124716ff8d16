/** `trawl gc`: deletes blobs that nothing refers to. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { GarbageView } from '../../coordinator/api/fleet-views.js';
import { durationMs, durationPattern } from '../../proto/duration.js';
import { withJson, withService, type ServiceOptions } from '../options.js';
import { bytes, count, duration } from '../text/format.js';
import { table } from '../text/table.js';
import { onService, print, printJson } from './on-service.js';

interface GcOptions extends ServiceOptions {
  readonly dryRun?: boolean;
  readonly olderThan: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MOST_ROWS = 20;

export function addGc(program: Command): void {
  const command = program
    .command('gc')
    .summary('delete checkpoints, data and predictions that nothing refers to any more')
    .description('Deletes blobs that no epoch, evaluation or sweep refers to and that were not used for a day. A coordinator does it each hour by itself. With --coordinator it wants a token of role admin, for --dry-run too.')
    .option('--dry-run', 'only say what would go')
    .addOption(new Option('--older-than <duration>', 'not used for so long, 1h at least').argParser(age).default(DAY_MS, '24h'))
    .addHelpText('after', '\nExample:\n  trawl gc --dry-run --older-than 2h');
  withJson(withService(command)).action((options: GcOptions) =>
    onService(options, async ({ service }) => {
      const found = await service.collectGarbage({ olderThanMs: options.olderThan, dryRun: options.dryRun === true });
      if (options.json === true) printJson(found);
      else print(garbageLines(found, options.olderThan));
    }),
  );
}

function garbageLines(found: GarbageView, olderThanMs: number): string[] {
  const { blobs, deleted } = found;
  if (blobs.length === 0) return [`Nothing to delete: all that nothing refers to was used in the last ${duration(olderThanMs)}.`];
  const rows = table<GarbageView['blobs'][number]>(
    [
      { title: 'blob', value: ({ id }) => id.slice(0, 12) },
      { title: 'kind', value: ({ kind }) => kind },
      { title: 'size', value: (blob) => (blob.bytes === null ? '' : bytes(blob.bytes)), align: 'right' },
      { title: 'last used', value: ({ lastUsed }) => lastUsed.slice(0, 16).replace('T', ' ') },
    ],
    blobs.slice(0, MOST_ROWS),
  );
  const more = blobs.length > MOST_ROWS ? [`and ${blobs.length - MOST_ROWS} more (--json lists all)`] : [];
  return [...rows, ...more, '', `${deleted ? 'Deleted' : 'Would delete'} ${count(blobs.length, 'blob')}, ${bytes(found.bytes)}, that nothing refers to and that ${blobs.length === 1 ? 'was' : 'were'} not used for ${duration(olderThanMs)}.`];
}

function age(text: string): number {
  const value = durationPattern.test(text) ? durationMs(text) : Number.NaN;
  if (!(value >= HOUR_MS)) throw new InvalidArgumentError(`found ${text}, expected a duration of at least 1h, e.g. 12h: what is put now may be referred to in a moment.`);
  return value;
}

/** Options that several commands share, and how their values are checked. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { durationMs, durationPattern } from '../proto/duration.js';
import { slotsByCores } from '../worker/main/slots.js';
import { parseBytes } from './text/format.js';

export interface HomeOptions {
  readonly home?: string;
  readonly database?: string;
  readonly json?: boolean;
}

/** Of commands that find their sweeps on a home or at a coordinator elsewhere. */
export interface ServiceOptions extends HomeOptions {
  readonly coordinator?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly insecure?: boolean;
}

/** `trawl show` and whatever else asks or changes sweeps: on a home, or at a coordinator elsewhere. */
export function withService(command: Command): Command {
  return withToken(withHome(command).addOption(new Option('--coordinator <url>', 'a coordinator elsewhere in place of a home, e.g. https://sweeps.example.org:8080 (default: $TRAWL_COORDINATOR, if that is set)'))).option('--ca <file>', "the CA of that coordinator's certificate, as PEM, where it is a private one (default: $TRAWL_CA)").option('--insecure', 'send the token to that coordinator without TLS: on a network that is trusted');
}

export function withToken(command: Command): Command {
  return command.addOption(new Option('--token-file <file>', "a file with the coordinator's token (default: the environment variable TRAWL_TOKEN)"));
}

export function withHome(command: Command): Command {
  return command
    .addOption(new Option('--home <dir>', 'where results, checkpoints and caches are kept (default: $TRAWL_HOME, else ~/.trawl)'))
    .addOption(new Option('--database <url>', 'a Postgres server in place of the embedded one; remembered by the home. With a password better as a file, named by $TRAWL_DATABASE_FILE'));
}

export function withJson(command: Command): Command {
  return command.option('--json', 'one JSON document on stdout, everything else on stderr');
}

export function withSlots(command: Command): Command {
  return command
    .addOption(new Option('--slots <n>', 'trainings at a time').argParser(positiveInteger).default(slotsByCores()))
    .addOption(slotMemoryOption())
    .addOption(cacheOption());
}

/** Of a worker's packs, decoded images and programs. */
export function cacheOption(): Option {
  return new Option('--cache <size>', 'disk space for what a worker keeps to use again: data, decoded images, programs, e.g. 50GB (default: half of what is free)').argParser(byteSize);
}

export function slotMemoryOption(): Option {
  return new Option('--slot-memory <size>', 'memory limit of each training, e.g. 2GB (default: an equal share)').argParser(byteSize);
}

export function withLease(command: Command): Command {
  return command.addOption(new Option('--lease <duration>', 'how long a silent worker keeps its work, e.g. 30s (default: 15s)').argParser(leaseDuration));
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 1_024) throw new InvalidArgumentError(`found ${text}, expected a whole number from 1 to 1024.`);
  return value;
}

/** Of an option that may be given several times. */
export function several(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** How many rows to show. */
export function rowLimit(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !(value >= 1)) throw new InvalidArgumentError(`found ${text}, expected a whole number of at least 1.`);
  return value;
}

/** Shorter than a second, a worker that decodes a large image would lose its work. */
function leaseDuration(text: string): number {
  const value = durationPattern.test(text) ? durationMs(text) : Number.NaN;
  if (!(value >= 1_000 && value <= 3_600_000)) throw new InvalidArgumentError(`found ${text}, expected a duration from 1s to 1h, e.g. 30s.`);
  return value;
}

/** How long a worker may take to end: a cloud gives half a minute, an epoch of the largest studies takes minutes. */
export function graceDuration(text: string): number {
  const value = durationPattern.test(text) ? durationMs(text) : Number.NaN;
  if (!(value >= 1 && value <= 86_400_000)) throw new InvalidArgumentError(`found ${text}, expected a duration of at most 24h, e.g. 25s.`);
  return value;
}

export function byteSize(text: string): number {
  const value = parseBytes(text);
  if (value === null || value < 64_000_000) throw new InvalidArgumentError(`found ${text}, expected a size of at least 64MB, e.g. 2GB.`);
  return value;
}

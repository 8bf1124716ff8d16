import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CodedError } from '../../proto/coded-error.js';
import type { Trust } from '../../blob/trusting-fetch.js';
import { NATS_VARIABLES, natsSettingsIn, readNatsSettings, type NatsPlace } from '../../proto/nats/settings.js';
import { hostPorts, httpUrls } from '../../proto/addresses.js';
import { ENGINE_NAMES, type EngineName } from '../engine/names.js';

export interface WorkerOptions {
  /** Where the session protocol is spoken: HOST:PORT over gRPC, or a NATS server. */
  readonly coordinator: { readonly grpc: readonly string[] } | { readonly nats: NatsPlace };
  /** Base address of each coordinator's HTTP API; null for the one that the coordinator says. */
  readonly blobs: readonly string[] | null;
  /** Null for plain TCP. */
  readonly trust: Trust | null;
  readonly home: string;
  /** Null for one per GPU, or by cores. */
  readonly slots: number | null;
  /** Limit per slot; null for an equal share of the box. */
  readonly slotMemoryBytes: number | null;
  /** Of packs, decoded images and programs that are kept to be used again; null for a share of the disk. */
  readonly cacheBytes: number | null;
  readonly name: string | null;
  readonly pool: string | null;
  readonly labels: { readonly [key: string]: string };
  /** How long it may take to give everything back. */
  readonly graceMs: number;
  /** Where Prometheus asks on this machine, 0 for any port that is free; null for nowhere. */
  readonly metricsPort: number | null;
  /** Offer this engine alone; null for all that can be used. */
  readonly engine: EngineName | null;
  /** Where native engines are looked for. */
  readonly engines: readonly [string, ...string[]];
  readonly token: string;
}

/** The command line, or the environment, is not what it must be. */
export class UsageError extends CodedError {
  readonly code = 'BadUsage';
  constructor(option: string, found: string | undefined, expected: string) {
    super(`${option}: found ${found === undefined ? 'nothing' : `"${found}"`}, expected ${expected}`);
  }
}

const FLAGS = {
  coordinator: { type: 'string' },
  tls: { type: 'boolean' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  blobs: { type: 'string' },
  home: { type: 'string' },
  slots: { type: 'string' },
  'slot-memory': { type: 'string' },
  cache: { type: 'string' },
  name: { type: 'string' },
  engine: { type: 'string' },
  engines: { type: 'string' },
  pool: { type: 'string' },
  label: { type: 'string', multiple: true },
  'grace-ms': { type: 'string' },
  'metrics-port': { type: 'string' },
} as const;

/** An epoch of the largest studies takes minutes; whoever wants it quicker sends a second signal. */
export const DEFAULT_GRACE_MS = 10 * 60_000;

function positiveInteger(option: string, text: string | undefined, what: string): number {
  const value = Number(text);
  if (text === undefined || !Number.isSafeInteger(value) || value < 1) throw new UsageError(option, text, what);
  return value;
}

function required(option: string, text: string | undefined, pattern: RegExp, expected: string): string {
  if (text === undefined || !pattern.test(text)) throw new UsageError(option, text, expected);
  return text;
}

function listed(option: string, text: string | undefined, parse: (text: string) => readonly string[] | null, expected: string): readonly string[] {
  const found = parse(text ?? '');
  if (found === null) throw new UsageError(option, text, expected);
  return found;
}

function engineOf(text: string | undefined): EngineName | null {
  const found = ENGINE_NAMES.find((name) => name === text);
  if (text !== undefined && found === undefined) throw new UsageError('--engine', text, `one of ${ENGINE_NAMES.join(', ')}`);
  return found ?? null;
}

/** As KEY=VALUE each. Throws UsageError. */
function labelsOf(written: readonly string[]): { readonly [key: string]: string } {
  return Object.fromEntries(
    written.map((label) => {
      const [, key = '', value = ''] = /^([A-Za-z][\w.-]{0,62})=(\S{1,63})$/.exec(label) ?? [];
      if (key === '') throw new UsageError('--label', label, 'KEY=VALUE, e.g. zone=a');
      return [key, value];
    }),
  );
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError('--metrics-port', text, 'a port from 0 to 65535');
  return port;
}

/** Those named; else the worker's own folder, and the home in which a person installs engines by default. */
function engineFolders(named: string | undefined, home: string, environment: NodeJS.ProcessEnv): readonly [string, ...string[]] {
  const [first, ...others] = (named ?? '').split(delimiter).filter((folder) => folder !== '').map((folder) => resolve(folder));
  if (first !== undefined) return [first, ...others];
  return [resolve(home, 'engines'), resolve(environment.TRAWL_HOME ?? join(homedir(), '.trawl'), 'engines')];
}

function coordinatorOf(address: string | undefined, environment: NodeJS.ProcessEnv): WorkerOptions['coordinator'] {
  const settings = natsSettingsIn(environment);
  if (address !== undefined || settings === null) return { grpc: listed('--coordinator', address, hostPorts, 'HOST:PORT, or several with commas between') };
  const nats = readNatsSettings(settings);
  if ('address' in nats) return { nats };
  const { setting, found, expected } = nats[0]!;
  throw new UsageError(NATS_VARIABLES[setting], found, expected);
}

/** Over gRPC the coordinator says where they are. */
function blobsOf(url: string | undefined, coordinator: WorkerOptions['coordinator']): readonly string[] | null {
  return url === undefined && 'grpc' in coordinator ? null : listed('--blobs', url, httpUrls, "the coordinator's address, http://HOST:PORT, or several with commas between");
}

type Values = { [flag in Exclude<keyof typeof FLAGS, 'tls' | 'label'>]?: string } & { tls?: boolean; label?: string[] };

/** TLS, where anything of it is named. */
function trustOf({ tls, ca, cert, key }: Values): Trust | null {
  if (tls !== true && ca === undefined && cert === undefined && key === undefined) return null;
  if (cert === undefined && key !== undefined) throw new UsageError('--cert', undefined, 'the certificate of --key');
  if (cert !== undefined && key === undefined) throw new UsageError('--key', undefined, 'the key of --cert');
  return { ca: ca === undefined ? null : pemFile('--ca', ca), own: cert === undefined || key === undefined ? null : { cert: pemFile('--cert', cert), key: pemFile('--key', key) } };
}

function pemFile(option: string, file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('-----BEGIN')) return text;
  } catch {
    // Told below, as a file of another kind is.
  }
  throw new UsageError(option, file, 'a PEM file that can be read');
}

/** Throws UsageError. */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): WorkerOptions {
  let values: Values;
  try {
    values = parseArgs({ args: [...args], options: FLAGS }).values;
  } catch (error) {
    throw new UsageError('the command line', error instanceof Error ? error.message : String(error), `only ${Object.keys(FLAGS).map((flag) => `--${flag}`).join(', ')}`);
  }
  const token = environment.TRAWL_TOKEN;
  // Its value is a secret, so it is not shown.
  if (token === undefined || token === '') throw new UsageError('TRAWL_TOKEN', undefined, "the coordinator's token in this environment variable");
  const coordinator = coordinatorOf(values.coordinator, environment);
  return {
    coordinator,
    blobs: blobsOf(values.blobs, coordinator),
    trust: trustOf(values),
    home: required('--home', values.home, /./, 'a folder'),
    slots: values.slots === undefined ? null : positiveInteger('--slots', values.slots, 'a number of slots from 1'),
    slotMemoryBytes: values['slot-memory'] === undefined ? null : positiveInteger('--slot-memory', values['slot-memory'], 'a number of bytes'),
    cacheBytes: values.cache === undefined ? null : positiveInteger('--cache', values.cache, 'a number of bytes'),
    name: values.name ?? null,
    pool: values.pool ?? null,
    labels: labelsOf(values.label ?? []),
    graceMs: values['grace-ms'] === undefined ? DEFAULT_GRACE_MS : positiveInteger('--grace-ms', values['grace-ms'], 'a number of milliseconds'),
    metricsPort: values['metrics-port'] === undefined ? null : portOf(values['metrics-port']),
    engine: engineOf(values.engine),
    engines: engineFolders(values.engines, values.home ?? '', environment),
    token,
  };
}

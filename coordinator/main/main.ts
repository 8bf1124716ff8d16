/**
 * The coordinator's process. Secrets come by environment (TRAWL_TOKEN, TRAWL_DATABASE_URL, TRAWL_NATS_URL),
 * the rest by arguments. Tells a parent {kind: 'ready', grpc, http, outer, standby} by IPC, or
 * {kind: 'failed', code, message} why it does not start, and ends when that parent does, whatever ended it.
 */
// First: see there.
import { onOrphaned } from '../../proto/parent.js';
import { CodedError } from '../../proto/coded-error.js';
import { forgetNatsSettings, natsSettingsIn, readNatsSettings, type NatsPlace } from '../../proto/nats/settings.js';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { readServerTls, type ServerTls } from '../access/tls.js';
import { startCoordinator, type CoordinatorOptions, type RunningCoordinator } from './coordinator.js';

/** How long a clean end may take before it is cut short. */
const STOP_LIMIT_MS = 5_000;

function readOptions(): CoordinatorOptions {
  const { values } = parseArgs({
    options: {
      blobs: { type: 'string' },
      home: { type: 'string' },
      'grpc-port': { type: 'string', default: '0' },
      'http-port': { type: 'string', default: '0' },
      'lease-ms': { type: 'string' },
      listen: { type: 'string' },
      'listen-grpc-port': { type: 'string', default: '0' },
      'listen-http-port': { type: 'string', default: '0' },
      advertise: { type: 'string' },
      proxy: { type: 'string' },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      'tls-ca': { type: 'string' },
    },
  });
  const token = process.env.TRAWL_TOKEN;
  const databaseUrl = process.env.TRAWL_DATABASE_URL;
  if (values.blobs === undefined) throw new Error('--blobs is missing');
  if (values.home === undefined) throw new Error('--home is missing');
  if (token === undefined || token === '') throw new Error('the environment variable TRAWL_TOKEN is missing');
  if (databaseUrl === undefined || databaseUrl === '') throw new Error('the environment variable TRAWL_DATABASE_URL is missing');
  // Nothing that is started from here on needs them.
  delete process.env.TRAWL_TOKEN;
  delete process.env.TRAWL_DATABASE_URL;
  const nats = natsPlace();
  forgetNatsSettings(process.env);
  return {
    blobs: values.blobs,
    home: values.home,
    loopback: { host: '127.0.0.1', grpcPort: Number(values['grpc-port']), httpPort: Number(values['http-port']) },
    outer: values.listen === undefined ? null : { host: values.listen, grpcPort: Number(values['listen-grpc-port']), httpPort: Number(values['listen-http-port']), tls: tlsOf(values), advertise: values.advertise ?? null, proxies: values.proxy?.split(',') ?? [] },
    token,
    databaseUrl,
    nats,
    leaseTermMs: values['lease-ms'] === undefined ? null : Number(values['lease-ms']),
    logger: pino({ name: 'coordinator' }, pino.destination({ dest: 2, sync: true })),
  };
}

/** Null where no NATS server is named. */
function natsPlace(): NatsPlace | null {
  const settings = natsSettingsIn(process.env);
  const place = settings === null ? null : readNatsSettings(settings);
  if (place === null || 'address' in place) return place;
  throw new Error(place.map(({ setting, found, expected }) => `NATS ${setting}: found "${found}", expected ${expected}`).join('; '));
}

function tlsOf(values: { readonly 'tls-cert'?: string | undefined; readonly 'tls-key'?: string | undefined; readonly 'tls-ca'?: string | undefined }): ServerTls | null {
  const { 'tls-cert': cert, 'tls-key': key, 'tls-ca': clientCa = null } = values;
  return cert === undefined || key === undefined ? null : readServerTls({ cert, key, clientCa });
}

async function main(): Promise<void> {
  const options = readOptions();
  let running: RunningCoordinator | null = null;
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // A database that is gone already must not keep the process alive.
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    void (running?.stop() ?? Promise.resolve()).then(
      () => process.exit(0),
      (error: unknown) => {
        options.logger.error({ err: error }, 'the coordinator did not end cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  // Ctrl-C reaches the whole process group; the parent decides what it means.
  process.on('SIGINT', () => undefined);
  onOrphaned(stop);
  running = await startCoordinator(options);
  process.send?.({ kind: 'ready', ...running.loopback, outer: running.outer, standby: running.standby });
}

main().catch((error: unknown) => {
  // The message once more at the end: who started this process quotes the last lines.
  if (error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  process.stderr.write(`coordinator: ${error instanceof Error ? error.message : String(error)}\n`);
  if (process.send === undefined || !(error instanceof CodedError)) process.exit(1);
  process.send({ kind: 'failed', code: error.code, message: error.message }, () => process.exit(1));
});

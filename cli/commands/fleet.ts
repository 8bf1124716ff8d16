/** Commands that stay: up, worker. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { hostOf, hostPorts, httpUrls } from '../../proto/addresses.js';
import { NATS_VARIABLES, natsEnvironment, type NatsPlace, type NatsSettings } from '../../proto/nats/settings.js';
import { packageRoot } from '../../proto/package-root.js';
import { shownAddress } from '../../proto/shown-address.js';
import { blobsOf, rememberBlobs, requireUsable } from '../blobs.js';
import { databaseOf, rememberDatabase } from '../database.js';
import { BadInput, CommandFailed, exitCodes } from '../exit.js';
import type { Addresses } from '../../coordinator/main/door.js';
import type { EngineName } from '../../worker/engine/names.js';
import { withEngine } from '../engine/option.js';
import { homeAt } from '../home.js';
import { dashboardLink } from '../host/dashboard-link.js';
import { listeningOf, type ListenOptions } from '../host/listening.js';
import { natsOf, withNats, type NatsOptions } from '../nats-option.js';
import { cacheOption, graceDuration, positiveInteger, several, slotMemoryOption, withHome, withLease, withSlots, withToken, type HomeOptions } from '../options.js';
import { plainMistake } from '../plain.js';
import { commandLine, near } from '../program-name.js';
import { tokenOf } from '../remote.js';
import { Display } from '../run/display.js';
import { Interrupts } from '../run/interrupts.js';

interface UpOptions extends HomeOptions, NatsOptions, ListenOptions {
  readonly blobs?: string;
  readonly slots: number;
  readonly slotMemory?: number;
  readonly cache?: number;
  readonly worker: boolean;
  readonly lease?: number;
  readonly engine?: EngineName;
}

interface WorkerOptions extends NatsOptions {
  readonly coordinator?: string;
  readonly blobs?: string;
  readonly tls?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly home: string;
  readonly slots?: number;
  readonly slotMemory?: number;
  readonly cache?: number;
  readonly pool?: string;
  readonly label?: readonly string[];
  readonly grace?: number;
  readonly metricsPort?: string;
  readonly tokenFile?: string;
  readonly name?: string;
  readonly engine?: EngineName;
}

/** gRPC names the host in TLS even where that is an address, which Node comments on. */
const NO_NAME_WARNING = ['--disable-warning=DEP0123'];

const OFFERED = 'offer this engine alone: graph, wasm or eager (default: all that can be used)';

export function addFleetCommands(program: Command, exit: (code: number) => void): void {
  const up = program
    .command('up')
    .summary('a coordinator that stays, with a worker on this machine')
    .description('Starts a coordinator on a home and keeps it until Ctrl-C; `trawl run` on the same home attaches to it. It listens on this machine only, unless --listen says otherwise. Of several coordinators on one --database and one --blobs, each on a home of its own, one leads and the others stand by to take over.')
    .option('--no-worker', 'train nothing here')
    .option('--blobs <place>', "where checkpoints and data are kept: a folder, or s3://BUCKET/PREFIX?endpoint=URL&region=R with credentials from the environment (default: the home's own folder); remembered by the home")
    .option('--listen <host>', 'take workers and commands from other machines at this address of this one, e.g. 0.0.0.0; wants TLS, or --insecure')
    .addOption(new Option('--grpc-port <n>', 'for workers (default: 7077 with --listen, else any that is free)').argParser(portNumber))
    .addOption(new Option('--http-port <n>', 'for commands and blobs (default: 8080 with --listen, else any that is free)').argParser(portNumber))
    .option('--advertise <url>', 'where others reach this coordinator, as standbys tell them, e.g. https://box1:8080 (default: the host of --listen, or the name of this machine where that is 0.0.0.0)')
    .option('--tls-cert <file>', 'the certificate that is shown, and those between it and its CA, as PEM')
    .option('--tls-key <file>', 'its key')
    .option('--tls-ca <file>', 'workers from other machines must show a certificate of this CA')
    .option('--insecure', 'no TLS: on a network that is trusted')
    .option('--proxy <addresses>', 'reverse proxies before --listen, with commas between: their word counts for the address that asks, and for whether it does over TLS')
    .addHelpText('after', '\nExamples:\n  trawl up --home ./my-home --slots 2\n  trawl up --no-worker --listen 0.0.0.0 --tls-cert ca/sweeps.crt --tls-key ca/sweeps.key\n  trawl up --no-worker --nats nats://127.0.0.1:4222');
  withEngine(withNats(withLease(withSlots(withHome(up))), 'take workers over this NATS server too'), OFFERED).action(async (options: UpOptions) => {
    await stayUp(options);
    exit(exitCodes.done);
  });
  const worker = program
    .command('worker')
    .summary('a worker for a coordinator')
    .description('Runs the agent of one box. The token comes from --token-file or the environment variable TRAWL_TOKEN.')
    .option('--coordinator <host:port>', 'where the coordinator takes workers; of several, of which one leads, all with commas between')
    .option('--blobs <url>', "the coordinator's HTTP address, where it is another than the coordinator says, e.g. https://blobs.example.org; of several likewise")
    .requiredOption('--home <dir>', "the worker's own folder: caches, checkpoints on their way, logs")
    .option('--name <name>', 'how others see it (default: the name of the box)')
    .option('--tls', 'over TLS, with a certificate that this machine trusts anyway; --ca and --cert imply it')
    .option('--ca <file>', "the CA of the coordinator's certificate, as PEM")
    .option('--cert <file>', "this worker's own certificate")
    .option('--key <file>', 'its key')
    .option('--insecure', 'no TLS: on a network that is trusted')
    .addOption(new Option('--pool <name>', 'what it is one of; a sweep may ask for a pool'))
    .addOption(new Option('--label <key=value>', 'what it is put down as, e.g. zone=a; several times; a sweep may ask for labels').argParser(several))
    .addOption(new Option('--grace <duration>', 'how long it may take to finish the epochs in progress when it is to end (default: 10m)').argParser(graceDuration))
    .addOption(new Option('--metrics-port <n>', 'tell Prometheus of this worker, on this machine alone: http://127.0.0.1:N/metrics'))
    .addOption(new Option('--slots <n>', 'trainings at a time (default: one per GPU, else one per two cores)').argParser(positiveInteger))
    .addOption(slotMemoryOption())
    .addOption(cacheOption())
    .addHelpText('after', '\nExamples:\n  trawl worker --coordinator sweeps.example.org:7077 --ca ca.crt --home ./worker --token-file ./worker.token --slots 2\n  trawl worker --nats nats://127.0.0.1:4222 --blobs http://127.0.0.1:8080 --home ./worker --token-file ./token');
  withEngine(withNats(withToken(worker), 'in place of --coordinator: the NATS server over which it takes workers'), OFFERED).action(async (options: WorkerOptions, command: Command) => {
    // A variable may be there for other commands; an option was meant.
    const both = options.coordinator !== undefined && command.getOptionValueSource('nats') === 'cli';
    if (both) throw new BadInput('--nats: found beside --coordinator, expected one of the two');
    exit(await runWorker(options));
  });
}

/** Workers come to the same host, at the port that is listened on. */
function reachedAt(outer: Addresses | null, advertise: string | null): Addresses | null {
  return outer === null || advertise === null ? outer : { http: advertise, grpc: `${new URL(advertise).hostname}:${outer.grpc.split(':').at(-1) ?? ''}` };
}

async function stayUp(options: UpOptions): Promise<void> {
  const { connect } = await import('../host/connect.js');
  const home = homeAt(options.home);
  const display = new Display();
  const listening = listeningOf(options, (line) => display.say(`warning: ${line}`));
  const interrupts = new Interrupts();
  const databaseUrl = databaseOf(home, options.database);
  const nats = natsOf(options);
  if (nats !== null) await checkNats(nats.place);
  const blobs = blobsOf(home, options.blobs);
  await requireUsable(blobs);
  const connection = await connect({ home, databaseUrl, blobs, leaseMs: options.lease ?? null, listening, ...(nats === null ? {} : { nats: nats.settings }), onNotice: (line) => display.say(line), signal: interrupts.signal });
  if (options.database !== undefined) rememberDatabase(home, options.database);
  if (options.blobs !== undefined) rememberBlobs(home, blobs);
  if (connection.host === null) throw new CommandFailed(`a coordinator runs on home ${near(home.folder)} already`);
  const { host } = connection;
  try {
    if (options.worker) host.startWorker({ slots: options.slots, slotMemoryBytes: options.slotMemory ?? null, cacheBytes: options.cache ?? null, ...(options.engine === undefined ? {} : { engine: options.engine }) });
    display.say(`coordinator of home ${near(home.folder)}: ${host.url} (HTTP), ${host.workerAddress} (workers)${nats === null ? '' : `, ${nats.place.address.shown} (workers of fleet ${nats.place.fleet})`}; its token is in ${near(home.announcement)}`);
    display.say(`Dashboard: ${host.standby === null ? (await dashboardLink(host.service(), host.url)).url : host.url}`);
    const outer = reachedAt(host.outer, listening.outer?.advertise ?? null);
    if (outer !== null) display.say(`from other machines: ${outer.http} (HTTP), ${outer.grpc} (workers)${listening.outer?.tls === null ? ', without TLS' : ''}; tokens: ${commandLine(['token', 'create', '--role', 'worker'], home)}`);
    if (host.standby !== null) display.say(`another coordinator leads${host.standby === '' ? '' : `, ${host.standby}`}: this one stands by`);
    display.say('Ctrl-C ends it');
    const asked = interrupts.wasAsked ? Promise.resolve() : once(interrupts.signal, 'abort');
    await Promise.race([asked, host.failed]);
  } finally {
    await host.stop();
    interrupts.dispose();
  }
}

/** Before anything is created: what the server will not have cannot come right by waiting. */
async function checkNats(place: NatsPlace): Promise<void> {
  const { natsCarrier } = await import('../../coordinator/dispatch/nats.js');
  // It never leads, so nobody asks it for a session.
  const refuse = (): Promise<never> => Promise.reject(new Error('this carrier takes no workers'));
  const carrier = natsCarrier({ ...place, doorkeeper: { admit: refuse, admitProof: refuse } });
  try {
    await carrier.start({ opened: () => undefined, received: () => undefined, closed: () => undefined });
  } catch (error) {
    throw new BadInput(`--nats: ${error instanceof Error ? error.message : String(error)}`);
  }
  await carrier.stop();
}

/** In a process of its own, as it would be on another box; it ends with this one. */
async function runWorker(options: WorkerOptions): Promise<number> {
  const token = tokenOf(options);
  const nats = options.coordinator === undefined ? natsOf(options) : null;
  if (options.coordinator === undefined && nats === null) throw new BadInput('--coordinator: found nothing, expected HOST:PORT where the coordinator takes workers, or --nats URL');
  refusePlain(options);
  if (nats !== null && options.blobs === undefined) throw new BadInput("--blobs: found nothing beside --nats, expected the coordinator's HTTP address");
  const args = [...(options.coordinator === undefined ? [] : ['--coordinator', options.coordinator]), '--home', options.home];
  if (options.slots !== undefined) args.push('--slots', String(options.slots));
  if (options.pool !== undefined) args.push('--pool', options.pool);
  for (const label of options.label ?? []) args.push('--label', label);
  if (options.grace !== undefined) args.push('--grace-ms', String(options.grace));
  if (options.metricsPort !== undefined) args.push('--metrics-port', options.metricsPort);
  if (options.slotMemory !== undefined) args.push('--slot-memory', String(options.slotMemory));
  if (options.cache !== undefined) args.push('--cache', String(options.cache));
  if (options.tls === true) args.push('--tls');
  for (const name of ['blobs', 'ca', 'cert', 'key', 'name'] as const) {
    const value = options[name];
    if (value !== undefined) args.push(`--${name}`, value);
  }
  if (options.engine !== undefined) args.push('--engine', options.engine);
  const child = spawn(process.execPath, [...NO_NAME_WARNING, join(packageRoot(), 'dist', 'worker', 'main', 'main.js'), ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...natsVariables(nats?.settings ?? null), TRAWL_TOKEN: token },
  });
  child.on('message', (message) => {
    if (isTold(message)) process.stderr.write(`trawl worker: ${message.line}\n`);
  });
  // A terminal sends Ctrl-C to both; the child decides, and this process waits for it.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => name === 'SIGTERM' && child.kill(name));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? exitCodes.failed;
}

/** Its token goes to both addresses. Throws BadInput. */
function refusePlain({ coordinator, blobs, tls, ca, cert, insecure = false }: WorkerOptions): void {
  if (insecure) return;
  const secured = tls === true || ca !== undefined || cert !== undefined;
  const open = (httpUrls(blobs ?? '') ?? []).map((url) => new URL(url)).filter(({ protocol }) => protocol === 'http:');
  const mistakes = [
    coordinator === undefined || secured ? null : plainMistake('--coordinator', coordinator, (hostPorts(coordinator) ?? []).map(hostOf), 'give --ca FILE, or --tls'),
    plainMistake('--blobs', shownAddress(blobs ?? ''), open.map(({ hostname }) => hostname), 'name an https:// address'),
  ].filter((mistake) => mistake !== null);
  if (mistakes.length > 0) throw new BadInput(mistakes.join('\n'));
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError(`found ${text}, expected a port from 0 (any that is free) to 65535.`);
  return value;
}

/** What the agent says of itself: that it has started, is connected, leaves. */
function isTold(message: unknown): message is { readonly line: string } {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'told' && 'line' in message && typeof message.line === 'string';
}

/** What a worker shall find; undefined is not passed on. */
function natsVariables(settings: NatsSettings | null): NodeJS.ProcessEnv {
  const variables: NodeJS.ProcessEnv = Object.fromEntries(Object.values(NATS_VARIABLES).map((variable) => [variable, undefined]));
  return settings === null ? variables : { ...variables, ...natsEnvironment(settings) };
}

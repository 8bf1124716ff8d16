/**
 * `node dist/worker/main/main.js --coordinator HOST:PORT --home DIR [--slots N]
 * [--blobs URL] [--tls] [--ca FILE] [--cert FILE --key FILE] [--slot-memory BYTES] [--cache BYTES] [--name NAME] [--pool NAME] [--label KEY=VALUE]... [--engine NAME] [--engines DIR:DIR]
 * [--grace-ms MS] [--metrics-port PORT]`: the agent of one box. The token comes from TRAWL_TOKEN, never
 * from the command line, which every user of the box can read; TRAWL_NATS_URL in place of --coordinator. SIGTERM, SIGINT and a person's drain give
 * the leases back at the next epoch end; a second signal, or the end of the grace, cuts the epochs off.
 * Forked, it ends with its parent.
 */
// First: see there.
import { onOrphaned } from '../../proto/parent.js';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { HttpBlobStore } from '../../blob/http.js';
import { forgetNatsSettings } from '../../proto/nats/settings.js';
import { fetchTrusting } from '../../blob/trusting-fetch.js';
import { packageRoot } from '../../proto/package-root.js';
import { Agent, type AgentLog } from '../agent/agent.js';
import { childSetups } from '../agent/child-setup.js';
import { openHome, type WorkerHome } from '../agent/home.js';
import { EpochRate } from '../agent/epoch-rate.js';
import { GpuWatch } from '../agent/gpu-use.js';
import { Inputs } from '../agent/inputs.js';
import { cacheOnDisk } from '../agent/cache-limit.js';
import { dataSets } from '../agent/data-sets.js';
import { boxMemoryBytes } from '../agent/process-facts.js';
import { BoxCache } from '../data/box-cache.js';
import { chooseEngine, choiceText, offeredEngines, surveyEngines } from '../engine/choose.js';
import { classicalNumerics, imageNumerics } from '../train/numerics.js';
import { countedBlobs } from '../../blob/counted.js';
import { countedLink } from '../link/counted.js';
import { failoverLink } from '../link/failover.js';
import { grpcLink } from '../link/grpc.js';
import type { Link } from '../link/link.js';
import { natsLink } from '../link/nats.js';
import { oneLine } from '../train/failure.js';
import { WorkerMetrics } from '../metrics.js';
import { blobTraffic, linkTraffic } from './counting.js';
import { openLog } from './log.js';
import { serveMetrics } from './metrics-server.js';
import { readOptions, UsageError, type WorkerOptions } from './options.js';
import { slotsByCores } from './slots.js';

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;

async function run(options: WorkerOptions, home: WorkerHome): Promise<number> {
  const log = openLog(join(home.logs, 'worker.log'));
  const metrics = new WorkerMetrics();
  const { trust } = options;
  // Nothing is fetched or sent before the coordinator has welcomed this worker, and said it before.
  let blobsAt = '';
  const blobs = countedBlobs(new HttpBlobStore({ baseUrls: options.blobs ?? (() => blobsAt), token: options.token, spoolFolder: home.temporary, fetch: fetchTrusting(trust) }), blobTraffic(metrics));
  const memoryBytes = boxMemoryBytes();
  const facts = await surveyEngines({ places: { folders: options.engines, cwd: process.cwd() }, onTest: (label) => log.info({}, `testing ${label}`) });
  const offered = offeredEngines(facts, options.engine);
  const engine = choiceText(chooseEngine(facts, options.engine));
  const slots = options.slots ?? (offered[0].gpus.length > 0 ? offered[0].gpus.length : slotsByCores());
  const gpus = new GpuWatch();
  await gpus.start();
  const rate = new EpochRate(performance.now());
  const cache = openCache(options.cacheBytes ?? (await cacheOnDisk(home.folder)).limitBytes, log, metrics);
  const inputs = new Inputs(blobs, home.temporary, dataSets(blobs, home, cache), cache);
  // What an earlier run left may be more than is wanted now.
  await cache.makeRoom();
  const agent = new Agent({
    id: home.id,
    name: options.name ?? hostname(),
    slots,
    memoryBytes,
    slotMemoryBytes: options.slotMemoryBytes ?? Math.floor(memoryBytes / slots),
    numerics: [...offered.map(({ numerics }) => imageNumerics(numerics)), classicalNumerics()],
    box: { pool: options.pool, labels: options.labels, engine: offered[0].label, gpus: gpus.gpus },
    use: () => ({ epochsPerSecond: rate.perSecond(performance.now()), gpus: gpus.use, cache: { bytes: cache.bytes, limitBytes: cache.limitBytes } }),
    onReport: (report) => {
      metrics.reported(report);
      if (report.kind === 'epoch') rate.count(performance.now());
    },
    link: countedLink(linkOf(options, home.id, (url) => (blobsAt = url)), linkTraffic(metrics, 'grpc' in options.coordinator ? 'grpc' : 'nats')),
    blobs,
    inputs,
    folder: home.temporary,
    childModule: join(packageRoot(), 'dist', 'worker', 'train', 'child-main.js'),
    childSetup: childSetups(offered, slots, availableParallelism()),
    log,
    tell,
  });
  log.info({ worker: home.id, slots, coordinator: shownCoordinator(options), engine, engines: offered.map(({ numerics }) => numerics) }, 'worker started');
  tell(`${slots} ${slots === 1 ? 'slot' : 'slots'}, engine ${engine}`);
  const page = async (): Promise<{ contentType: string; text: string }> => {
    metrics.connected.set(agent.connected ? 1 : 0);
    metrics.setSlots(agent.busySlots, slots);
    metrics.setGpus(gpus.gpus, gpus.use);
    metrics.cacheBytes.set(cache.bytes);
    return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() };
  };
  const server = options.metricsPort === null ? null : await serveMetrics(options.metricsPort, page);
  if (server !== null) log.info({ url: server.url }, 'metrics are served');
  agent.start();
  const ending = await Promise.race([signalled(), agent.refusedForGood, agent.drainAsked.then(() => 'drain' as const)]);
  const leaves = ending === 'signal' || ending === 'drain';
  if (leaves) {
    log.info({}, ending === 'drain' ? 'drained: giving the leases back' : 'giving the leases back');
    tell(ending === 'drain' ? 'somebody has drained this worker: it gives its work back and leaves' : 'gives its work back and leaves');
    // A supervisor shall not start again what a person has sent away.
    if (ending === 'drain') process.send?.({ kind: 'left' });
    await agent.drain(options.graceMs, signalled());
  } else if (ending !== 'orphaned') {
    process.stderr.write(`the coordinator at ${shownCoordinator(options)} refused this worker: ${ending.message}\n`);
  }
  await agent.stop();
  if (leaves) tell('has left');
  await server?.close();
  gpus.stop();
  return leaves ? 0 : EXIT_FAILED;
}

/** For the terminal of whoever started it. */
function tell(line: string): void {
  process.send?.({ kind: 'told', line });
}

/** What it does shows in the log and in the metrics. */
function openCache(limitBytes: number, log: Pick<AgentLog, 'info' | 'warn'>, metrics: WorkerMetrics): BoxCache {
  metrics.cacheLimit.set(limitBytes);
  return new BoxCache({
    limitBytes,
    onEvicted: (path, bytes) => {
      metrics.cacheEvictions.inc();
      log.info({ path, bytes }, 'made room in the cache');
    },
    onOver: (bytes) => log.warn({ bytes, limitBytes }, 'the cache is over its limit: stages that run or wait need all of it; give the worker more with --cache SIZE'),
    onProblem: (path, error) => log.warn({ path }, `a file of the cache cannot be removed: ${oneLine(error)}`),
  });
}

function linkOf({ coordinator, token, trust }: WorkerOptions, worker: string, onHttp: (url: string) => void): Link {
  return 'grpc' in coordinator ? failoverLink(coordinator.grpc.map((address) => grpcLink({ address, token, trust, onHttp }))) : natsLink({ ...coordinator.nats, worker, token });
}

function shownCoordinator({ coordinator }: WorkerOptions): string {
  return 'grpc' in coordinator ? coordinator.grpc.join(', ') : `${coordinator.nats.address.shown} (fleet ${coordinator.nats.fleet})`;
}

/** Settles at the next signal to end, or when the parent that forked this process is gone. */
function signalled(): Promise<'signal' | 'orphaned'> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve('signal'));
    process.once('SIGINT', () => resolve('signal'));
    onOrphaned(() => resolve('orphaned'));
  });
}

async function main(): Promise<number> {
  let home: WorkerHome | null = null;
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    // Nobody who is started from here, or looks at this process later, shall find it.
    delete process.env.TRAWL_TOKEN;
    forgetNatsSettings(process.env);
    home = await openHome(options.home);
    return await run(options, home);
  } catch (error) {
    process.stderr.write(`${oneLine(error)}\n`);
    return error instanceof UsageError ? EXIT_BAD_INPUT : EXIT_FAILED;
  } finally {
    await home?.close();
  }
}

process.exit(await main());

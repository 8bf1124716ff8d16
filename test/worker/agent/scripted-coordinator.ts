/** A coordinator that does as a test says: the real gRPC carrier and the real blob routes, and no leader. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify, type FastifyInstance } from 'fastify';
import { FolderBlobStore } from '../../../blob/folder.js';
import { registerBlobRoutes } from '../../../blob/http-server.js';
import type { Carrier, CarrierHandler, Peer } from '../../../coordinator/dispatch/carrier.js';
import { grpcCarrier } from '../../../coordinator/dispatch/grpc.js';
import type { Answer, CoordinatorMessage, EpochReport, Finished, Hello, LeaseRef, LogText, MissingBlob, Progress, ReliableMessage, WorkerMessage } from '../../../proto/messages.js';
import type { Outcome, Work } from '../../../proto/work.js';
import { Recorder } from '../../contract/signals.js';
import { accessBy } from '../../support/access.js';

export const TOKEN = 'secret';

/** What a script says about a message beyond 'ok, go on'; null answers nothing at all. */
export type Script = (message: ReliableMessage) => Partial<Answer> | null;

export class ScriptedCoordinator implements CarrierHandler {
  readonly hellos = new Recorder<Hello>();
  readonly reports = new Recorder<ReliableMessage>();
  readonly progress = new Recorder<Progress>();
  readonly missing = new Recorder<MissingBlob>();
  readonly printed = new Recorder<LogText>();
  readonly closings = new Recorder<string>();
  readonly folder: string;
  readonly blobs: FolderBlobStore;
  script: Script = () => ({});
  lost: LeaseRef[] = [];
  address = '';
  baseUrl = '';
  readonly #carrier: Carrier;
  readonly #http: FastifyInstance;
  #peer: Peer | null = null;
  #attempts = 0;

  private constructor(folder: string, store: (folder: string) => FolderBlobStore) {
    this.folder = folder;
    this.blobs = store(join(folder, 'blobs'));
    this.#carrier = grpcCarrier({ host: '127.0.0.1', port: 0, doorkeeper: accessBy(TOKEN) });
    this.#http = fastify({ forceCloseConnections: true, bodyLimit: 2 ** 30 });
    registerBlobRoutes(this.#http, this.blobs, { authorize: (request) => (request.headers.authorization === `Bearer ${TOKEN}` ? null : { status: 401, code: 'Unauthorized', message: 'another token' }), used: async () => undefined });
  }

  static async start(store = (folder: string): FolderBlobStore => new FolderBlobStore(folder)): Promise<ScriptedCoordinator> {
    const coordinator = new ScriptedCoordinator(await mkdtemp(join(tmpdir(), 'trawl-coordinator-')), store);
    coordinator.baseUrl = await coordinator.#http.listen({ host: '127.0.0.1', port: 0 });
    coordinator.address = (await coordinator.#carrier.start(coordinator)).address;
    return coordinator;
  }

  async stop(): Promise<void> {
    await this.#carrier.stop();
    await this.#http.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  offer(work: Work): LeaseRef {
    this.#attempts += 1;
    const lease = { attempt: `att_${this.#attempts}`, token: `token-${this.#attempts}` };
    this.send({ kind: 'offer', ...lease, work });
    return lease;
  }

  send(message: CoordinatorMessage): void {
    if (this.#peer === null) throw new Error('no worker is connected');
    this.#peer.send(message);
  }

  /** Ends the session as a network that went away would; the worker comes back by itself. */
  disconnect(): void {
    this.#peer?.close();
  }

  opened(peer: Peer): void {
    this.#peer = peer;
  }

  closed(peer: Peer): void {
    if (this.#peer === peer) this.#peer = null;
    this.closings.push(peer.id);
  }

  received(peer: Peer, message: WorkerMessage): void {
    if (message.kind === 'hello') {
      peer.send({ kind: 'welcome', leaseTermMs: 30_000, heartbeatMs: 1_000, lost: this.lost });
      this.hellos.push(message);
    } else if (message.kind === 'progress') {
      this.progress.push(message);
    } else if (message.kind === 'missing') {
      this.missing.push(message);
    } else if (message.kind === 'log') {
      this.printed.push(message);
    } else if (message.kind !== 'heartbeat') {
      this.#reported(peer, message);
    }
  }

  async outcomeOf({ attempt }: LeaseRef): Promise<Outcome> {
    const finished = await this.reports.first((message): message is Finished => message.kind === 'finished' && message.attempt === attempt);
    return finished.outcome;
  }

  /** Everything reliable that was reported of an attempt, in the order it came. */
  of<Kind extends ReliableMessage['kind']>({ attempt }: LeaseRef, kind: Kind): Extract<ReliableMessage, { kind: Kind }>[] {
    return this.reports.items.filter((message): message is Extract<ReliableMessage, { kind: Kind }> => message.kind === kind && message.attempt === attempt);
  }

  async epochReport({ attempt }: LeaseRef, epoch: number): Promise<EpochReport> {
    return this.reports.first((message): message is EpochReport => message.kind === 'epoch' && message.attempt === attempt && message.epoch === epoch);
  }

  #reported(peer: Peer, message: ReliableMessage): void {
    const said = this.script(message);
    if (said !== null) peer.send({ kind: 'answer', seq: message.seq, verdict: 'ok', next: 'continue', keep: false, evaluate: false, ...said });
    this.reports.push(message);
  }
}

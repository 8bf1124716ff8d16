/**
 * /api/v1: the application service over HTTP, for commands on a home that is busy, for people elsewhere
 * and for workers' blobs, beside the dashboard that speaks to it. Every route but /health wants a bearer token whose role reaches so far. Errors
 * are {code, message}.
 */
import type { RequestListener, Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { registerBlobRoutes, type BlobRefusal } from '../../blob/http-server.js';
import type { OwnedBlobStore } from '../../blob/store.js';
import { packageVersion } from '../../proto/package-root.js';
import type { BlobId } from '../../proto/work.js';
import type { Access, Identity } from '../access/access.js';
import type { BlobRights, BlobUse } from '../access/blob-rights.js';
import { CertificateMissing, TooManyRequests } from '../access/errors.js';
import type { Right } from '../access/roles.js';
import { RateLimit, type RateLimitOptions } from '../access/rate-limit.js';
import type { Sessions } from '../access/sessions.js';
import type { ServerTls } from '../access/tls.js';
import { NotLeading } from '../leader/candidacy.js';
import type { BrowserSession } from '../store/records.js';
import { registerBrowserRules, sessionIn } from './browser.js';
import { registerCompression } from './compressed.js';
import { codeOf, httpStatus } from './errors.js';
import type { ImageLook, Picture } from './data-views.js';
import { FileAnswer } from './file-answer.js';
import { registerImageRoute } from './image-route.js';
import type { EventFeed } from './event-feed.js';
import { registerMetricsRoute, type MetricsPage } from './metrics-route.js';
import type { Models } from './models.js';
import type { TrialLogs } from './trial-logs.js';
import { openApi, OPENAPI_PATH } from './openapi.js';
import type { Pages } from './pages.js';
import { registerPage, type PageFiles } from './page.js';
import { allRoutes } from './routes/all.js';
import { checked, SENT, type Route } from './routes/route.js';
import type { Stages } from './stages.js';
import type { SweepService } from './sweep-service.js';

/** Of a JSON body: a sweep file, the summary of a data set with its rejected files, and what a module builds. */
const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** Of strangers, and where no body is expected. Larger JSON keeps this thread from everything else for seconds. */
const SMALL_BODY_BYTES = 4 * 1024;
/** Of a defect of ours: its inside is for the log. */
const DEFECT = "the coordinator failed at this, which is a defect; its log says more: logs/coordinator.log in the coordinator's home";

const blobParams = z.object({ sha: z.string() });

export interface HttpOptions {
  /** As somebody asks it. */
  readonly serviceFor: (actor: string) => SweepService;
  readonly access: Pick<Access, 'require' | 'requireOpened' | 'watch'>;
  readonly sessions: Sessions;
  readonly feed: EventFeed;
  readonly logs: TrialLogs;
  readonly pages: Pages;
  readonly stages: Stages;
  readonly models: Models;
  readonly blobRights: Pick<BlobRights, 'require'>;
  /** Whether only this machine's own names are answered: at its own door. */
  readonly ownNamesOnly?: boolean;
  /** Null for plain HTTP. */
  readonly tls?: ServerTls | null;
  /** Of one person, over all pages, pictures and commands; blobs are not counted. */
  readonly requests?: Omit<RateLimitOptions, 'now'>;
  /** Addresses of reverse proxies that are believed who asks, and whether over TLS. */
  readonly proxies?: readonly string[];
  readonly logger: Logger;
  readonly blobs: OwnedBlobStore;
  /** Told before and after each use of a blob, so that those in use are not swept. */
  readonly usingBlob: (id: BlobId) => Promise<void>;
  readonly blobUsed: (id: BlobId, bytes: number) => Promise<void>;
  /** Settles once this coordinator leads; throws NotLeading where another one does: nothing but its health is answered then. */
  readonly leading: () => Promise<void>;
  /** Of a data set. */
  readonly picture: (dataset: string, index: number, look: ImageLook) => Promise<Picture>;
  /** What Prometheus reads. */
  readonly metrics: () => Promise<MetricsPage>;
  /** Without a token: at the door for this machine alone. */
  readonly openMetrics?: boolean;
  /** The dashboard. */
  readonly page: PageFiles;
}

export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const { tls = null, proxies = [] } = options;
  const app = Fastify({ bodyLimit: SMALL_BODY_BYTES, trustProxy: proxies.length === 0 ? false : [...proxies], forceCloseConnections: true, rewriteUrl: ({ url = '/' }) => readableUrl(url), ...(tls === null ? {} : { serverFactory: secureServer(tls) }) });
  app.setErrorHandler(async (error, request, reply) => {
    const { status, code, message } = told(error, request, options.logger);
    if (error instanceof TooManyRequests) void reply.header('retry-after', error.retryAfterSeconds);
    if (error instanceof NotLeading) return reply.status(status).send({ code, message, leader: error.leader });
    return reply.status(status).send({ code, message });
  });
  registerBrowserRules(app, { ownNamesOnly: options.ownNamesOnly === true });
  registerCompression(app);
  registerPage(app, options.page);
  // After the hooks that ask who it is, and before any body is read.
  app.addHook('preParsing', async (request) => {
    const { url } = request.routeOptions;
    if (url?.startsWith('/api/v1/') === true && url !== '/api/v1/health') await options.leading();
  });
  const asking = new Asking(options);
  const routes = allRoutes(options);
  asking.register(app, routes);
  app.get(OPENAPI_PATH, () => openApi(routes, packageVersion()));
  registerMetricsRoute(app, { open: options.openMetrics === true, page: options.metrics, admit: (request) => asking.admit(request, 'read') });
  registerImageRoute(app, { picture: options.picture, admit: (request) => asking.admit(request, 'read') });
  registerBlobRoutes(app, options.blobs, { authorize: (request) => asking.blobRefusal(request), using: options.usingBlob, used: options.blobUsed });
  return app;
}

/** A path whose percent-encoding means no text is looked for as it stands: people are then told in the page that it is not there. */
function readableUrl(url: string): string {
  try {
    decodeURIComponent(url.replace(/[?#].*$/s, ''));
    return url;
  } catch {
    return url.replaceAll('%', '%25');
  }
}

/** People need no certificate: whether a worker has shown one is asked once it is known who asks. */
function secureServer({ cert, key, clientCa }: ServerTls): (handler: RequestListener) => Server {
  const asked = clientCa === null ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
  return (handler) => createSecureServer({ cert, key, ...asked }, handler);
}

/** A TLS session that is taken up again counts as authorised even where no certificate was ever shown. */
function hasShownCertificate({ socket }: FastifyRequest['raw']): boolean {
  return socket instanceof TLSSocket && socket.authorized && socket.getPeerX509Certificate() !== undefined;
}

const REQUESTS = { burst: 1_000, perSecond: 200 };

/** Who sent a request, and the session that it came in; null for a token of its own. */
interface Asker {
  readonly identity: Identity;
  readonly session: BrowserSession | null;
}

class Asking {
  readonly #options: HttpOptions;
  readonly #askers = new WeakMap<FastifyRequest, Asker>();
  readonly #limit: RateLimit;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#limit = new RateLimit(options.requests ?? REQUESTS);
  }

  register(app: FastifyInstance, routes: readonly Route[]): void {
    for (const route of routes) {
      const { method, right, body } = route;
      app.route({
        method,
        bodyLimit: right === null || body === null ? SMALL_BODY_BYTES : BODY_LIMIT_BYTES,
        url: `/api/v1${route.path}`,
        // Before any body is read.
        onRequest: async (request) => {
          route.before(request);
          if (right !== null) this.#askers.set(request, await this.#admit(request, right));
        },
        handler: async (request, reply) => {
          const { identity, session } = this.#askers.get(request) ?? { identity: null, session: null };
          const answer = await route.answer(this.#options.serviceFor(identity?.actor ?? 'nobody'), { identity, session, request, reply });
          if (answer instanceof FileAnswer) return sendFile(answer, reply);
          return answer === SENT ? reply : answer;
        },
      });
    }
  }

  /** Rejects with why this request may not, or not so often. */
  async admit(request: FastifyRequest, right: Right): Promise<Identity> {
    return (await this.#admit(request, right)).identity;
  }

  async #admit(request: FastifyRequest, right: Right): Promise<Asker> {
    const asker = await this.#require(request, right);
    this.#limit.take(asker.identity.actor);
    return asker;
  }

  async #require(request: FastifyRequest, right: Right): Promise<Asker> {
    const { access, sessions, tls = null } = this.#options;
    const session = await sessionIn(request, sessions);
    const identity = session === null ? await access.require(request.headers.authorization, right, request.ip) : await access.requireOpened(session.token, right);
    if (identity.role === 'worker' && tls !== null && tls.clientCa !== null && !hasShownCertificate(request.raw)) throw new CertificateMissing();
    return { identity, session };
  }

  /** Why a request may not use a blob; null where it may. What a worker's token reaches is the leader's to say. */
  async blobRefusal(request: FastifyRequest): Promise<BlobRefusal | null> {
    try {
      await this.#requireBlob(request);
      return null;
    } catch (error) {
      return told(error, request, this.#options.logger);
    }
  }

  async #requireBlob(request: FastifyRequest): Promise<void> {
    const use = USES[request.method] ?? 'fetch';
    const { identity: { role, token } } = await this.#require(request, use === 'put' ? 'putBlobs' : 'getBlobs');
    if (role !== 'worker' || token === null) return;
    await this.#options.leading();
    await this.#options.blobRights.require(token, use, checked(blobParams, request.params).sha);
  }
}

/** Browsers keep it and open nothing of it. */
function sendFile({ contentType, name, content }: FileAnswer, reply: FastifyReply): FastifyReply {
  return reply.headers({ 'content-type': contentType, 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`, 'x-content-type-options': 'nosniff' }).send(content);
}

const USES: { readonly [method: string]: BlobUse } = { GET: 'fetch', HEAD: 'look', PUT: 'put' };

/** What whoever asked is told; the log is told what they are not. */
function told(error: unknown, request: FastifyRequest, logger: Logger): BlobRefusal {
  const described = describe(error);
  if (described.status >= 500 && !(error instanceof NotLeading)) logger.error({ err: error, route: request.url }, 'a request failed');
  return described;
}

function describe(error: unknown): BlobRefusal {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code !== null) return { status: httpStatus(code), code, message };
  // Fastify's own: a body that is no JSON, or too large.
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500) {
    return { status: error.statusCode, code: 'BadRequest', message };
  }
  return { status: 500, code: 'InternalError', message: DEFECT };
}

/** Listens on `port`, 0 for any; waits a while for a port that a former process has not let go of yet. */
export async function listen(app: FastifyInstance, host: string, port: number, retryForMs = 10_000, onTaken?: () => void): Promise<number> {
  const giveUpAt = performance.now() + retryForMs;
  while (true) {
    try {
      await app.listen({ host, port });
      return (app.server.address() as AddressInfo).port;
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || performance.now() > giveUpAt) throw error;
      onTaken?.();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The application service of a coordinator that runs elsewhere, over /api/v1. */
import { CodedError } from '../proto/coded-error.js';
import type { Fetch } from '../blob/trusting-fetch.js';
import { certificateProblem } from '../proto/certificate-problem.js';
import { setTimeout as wait } from 'node:timers/promises';
import type { SweepChange } from '../coordinator/sweep/change.js';
import type { Assignment } from '../coordinator/sweep/spec.js';
import type { CostView, EnsembleView, ImportanceView } from '../coordinator/api/analysis-views.js';
import type { DataImages, DataImagesQuery, DataSetDetail, DataSetView, DataSizes } from '../coordinator/api/data-views.js';
import type { LoginCode } from '../coordinator/api/answers.js';
import type { EventPage } from '../coordinator/api/event-views.js';
import type { Drained, SlotTimeline, GarbageRequest, GarbageView, MadeToken, QueueView, Released, TokenRequest, TokenView, WorkerView } from '../coordinator/api/fleet-views.js';
import type { Results, ResultsOptions, TrialDetail } from '../coordinator/api/trial-views.js';
import type { TextSubmission } from '../coordinator/api/text-submission.js';
import type { RequestedState, SweepService } from '../coordinator/api/sweep-service.js';
import type {
  Changed,
  Enqueued,
  Health,
  NoteEdit,
  NoteView,
  Preview,
  ProgressView,
  Recorded,
  Retried,
  Submitted,
  SubmitRequest,
  SweepFileView,
  SweepComparison,
  SweepView,
  TagChange,
} from '../coordinator/api/views.js';
import { Addresses } from '../proto/addresses.js';

/** The coordinator could not be reached; it may be starting again, or gone. */
export class CoordinatorUnreachable extends CodedError {
  readonly code = 'CoordinatorUnreachable';
  constructor(url: string, options?: ErrorOptions) {
    super(`no coordinator answers at ${url}${reasonOf(options?.cause)}; is that its HTTP address, and does \`trawl up\` run there?`, options);
  }
}

/** The coordinator's certificate is not good, or not of a CA that is trusted here. */
export class CertificateRefused extends CodedError {
  readonly code = 'CertificateRefused';
}

/** What the system said, where it did: ` (connect ECONNREFUSED 10.0.0.7:8080)`. */
function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : null;
  // OpenSSL ends its lines.
  return inner === null || inner.message === '' ? '' : ` (${inner.message.trim().replace(/\s*\n\s*/g, '; ')})`;
}

/** An error that the coordinator answered, under its own code (docs/errors.md). */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;
  /** Of a standby that knows: where the one that leads is. */
  readonly leader: string | null;
  constructor(code: string, message: string, status: number, leader: string | null = null) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
    this.status = status;
    this.leader = leader;
  }
}

const REQUEST_LIMIT_MS = 120_000;
/** The same for what another coordinator may be asked as well: one that is frozen answers nothing. */
const READ_LIMIT_MS = 30_000;
/** Another coordinator takes over within seconds; so long its address is looked for. */
const NOBODY_LEADS_MS = 20_000;
const LOOK_AGAIN_MS = 500;
/** The request never reached a coordinator, so it may be sent to another. */
const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'UND_ERR_CONNECT_TIMEOUT']);

export class HttpSweepService implements SweepService {
  readonly #urls: Addresses;
  readonly #token: string;
  readonly #fetch: Fetch;

  /** `url`: of the coordinator, or of several, of which one leads, with commas between. */
  constructor(options: { readonly url: string; readonly token: string; readonly fetch?: Fetch }) {
    this.#urls = new Addresses(options.url.split(','));
    this.#token = options.token;
    this.#fetch = options.fetch ?? fetch;
  }

  health(): Promise<Health> {
    return this.#ask('GET', '/health');
  }

  preview(request: SubmitRequest): Promise<Preview> {
    return this.#ask('POST', '/sweeps/preview', request);
  }

  submit(request: SubmitRequest): Promise<Submitted> {
    return this.#ask('POST', '/sweeps', request);
  }

  previewText(submission: TextSubmission): Promise<Preview> {
    return this.#ask('POST', '/sweeps/text/preview', submission);
  }

  submitText(submission: TextSubmission): Promise<Submitted> {
    return this.#ask('POST', '/sweeps/text', submission);
  }

  sweeps(): Promise<SweepView[]> {
    return this.#ask('GET', '/sweeps');
  }

  sweep(idOrName: string): Promise<SweepView> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}`);
  }

  allProgress(): Promise<ProgressView[]> {
    return this.#ask('GET', '/progress');
  }

  note(idOrName: string): Promise<NoteView> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/note`);
  }

  writeNote(idOrName: string, edit: NoteEdit): Promise<NoteView> {
    return this.#ask('POST', `/sweeps/${encodeURIComponent(idOrName)}/note`, edit);
  }

  changeTags(idOrName: string, change: TagChange): Promise<SweepView> {
    return this.#ask('POST', `/sweeps/${encodeURIComponent(idOrName)}/tags`, change);
  }

  progress(idOrName: string): Promise<ProgressView> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/progress`);
  }

  results(idOrName: string, { test, limit }: ResultsOptions): Promise<Results> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/trials?test=${test ? 1 : 0}${limit === undefined ? '' : `&limit=${limit}`}`);
  }

  ensemble(idOrName: string): Promise<EnsembleView> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/ensemble`);
  }

  trial(id: string, options: { readonly test: boolean }): Promise<TrialDetail> {
    return this.#ask('GET', `/trials/${encodeURIComponent(id)}?test=${options.test ? 1 : 0}`);
  }

  importance(idOrName: string, metric: string | null): Promise<ImportanceView> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/importance${metric === null ? '' : `?metric=${encodeURIComponent(metric)}`}`);
  }

  cost(idOrName: string): Promise<CostView> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/cost`);
  }

  differences(idOrName: string, other: string): Promise<readonly string[]> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/differences?other=${encodeURIComponent(other)}`);
  }

  compare(sweeps: readonly string[]): Promise<SweepComparison> {
    return this.#ask('GET', `/comparison?${sweeps.map((sweep) => `sweeps=${encodeURIComponent(sweep)}`).join('&')}`);
  }

  async setState(idOrName: string, state: RequestedState, options: { readonly now: boolean } = { now: false }): Promise<void> {
    await this.#ask('POST', `/sweeps/${encodeURIComponent(idOrName)}/state`, { state, now: options.now });
  }

  change(idOrName: string, change: SweepChange, options: { readonly dryRun: boolean }): Promise<Changed> {
    return this.#ask('POST', `/sweeps/${encodeURIComponent(idOrName)}/changes`, { change, dryRun: options.dryRun });
  }

  fork(idOrName: string, name: string, change: SweepChange, options: { readonly dryRun: boolean }): Promise<Changed> {
    return this.#ask('POST', `/sweeps/${encodeURIComponent(idOrName)}/forks`, { name, change, dryRun: options.dryRun });
  }

  file(idOrName: string): Promise<SweepFileView> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/file`);
  }

  events(idOrName: string, { after, limit }: { readonly after: number; readonly limit: number }): Promise<EventPage> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/events?after=${after}&limit=${limit}`);
  }

  /** Signs a browser in, once, as whoever asks. */
  loginCode(): Promise<LoginCode> {
    return this.#ask('POST', '/login-codes');
  }

  retry(idOrName: string, trials: readonly string[], { dryRun }: { readonly dryRun: boolean } = { dryRun: false }): Promise<Retried> {
    return this.#ask('POST', `/sweeps/${encodeURIComponent(idOrName)}/retries`, { trials, dryRun });
  }

  enqueue(idOrName: string, trials: readonly Assignment[], options: { readonly front: boolean }): Promise<Enqueued> {
    return this.#ask('POST', `/sweeps/${encodeURIComponent(idOrName)}/trials`, { trials, front: options.front });
  }

  dataSets(): Promise<DataSetView[]> {
    return this.#ask('GET', '/datasets');
  }

  dataSet(id: string): Promise<DataSetDetail> {
    return this.#ask('GET', `/datasets/${encodeURIComponent(id)}`);
  }

  dataSizes(id: string): Promise<DataSizes> {
    return this.#ask('GET', `/datasets/${encodeURIComponent(id)}/sizes`);
  }

  dataImages(id: string, { from, limit, part, label, search }: DataImagesQuery): Promise<DataImages> {
    const filters = { ...(part === null ? {} : { part }), ...(label === null ? {} : { label: String(label) }), search };
    return this.#ask('GET', `/datasets/${encodeURIComponent(id)}/images?${new URLSearchParams({ from: String(from), limit: String(limit), ...filters }).toString()}`);
  }

  workers(): Promise<WorkerView[]> {
    return this.#ask('GET', '/workers');
  }

  queue(): Promise<QueueView> {
    return this.#ask('GET', '/queue');
  }

  timeline({ minutes, limit }: { readonly minutes: number; readonly limit: number }): Promise<SlotTimeline> {
    return this.#ask('GET', `/timeline?minutes=${minutes}&limit=${limit}`);
  }

  timelineOf(sweep: string, { limit }: { readonly limit: number }): Promise<SlotTimeline> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(sweep)}/timeline?limit=${limit}`);
  }

  tokens(): Promise<TokenView[]> {
    return this.#ask('GET', '/tokens');
  }

  createToken(request: TokenRequest): Promise<MadeToken> {
    return this.#ask('POST', '/tokens', request);
  }

  revokeToken(id: string): Promise<TokenView> {
    return this.#ask('DELETE', `/tokens/${encodeURIComponent(id)}`);
  }

  /** One request after the other: deleting much takes longer than a request may. */
  async collectGarbage(request: GarbageRequest): Promise<GarbageView> {
    const answers: GarbageView[] = [];
    for (;;) {
      const answer = await this.#ask<GarbageView>('POST', '/garbage', request);
      answers.push(answer);
      if (!answer.more) return { ...answer, bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0), blobs: answers.flatMap(({ blobs }) => blobs) };
    }
  }

  drain(worker: string): Promise<Drained> {
    return this.#ask('POST', `/workers/${encodeURIComponent(worker)}/drain`);
  }

  releaseWorker(worker: string): Promise<Released> {
    return this.#ask('POST', `/workers/${encodeURIComponent(worker)}/release`);
  }

  async recordedSeq(): Promise<number> {
    return (await this.#ask<{ seq: number }>('GET', '/recordings')).seq;
  }

  recordedSince(idOrName: string, seq: number): Promise<Recorded> {
    return this.#ask('GET', `/sweeps/${encodeURIComponent(idOrName)}/recorded?since=${seq}`);
  }

  /** Asks the coordinator that leads: the next one in the list where one cannot be reached, or is a standby. */
  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const giveUpAt = performance.now() + NOBODY_LEADS_MS;
    for (let tries = 1; ; tries += 1) {
      const url = this.#urls.current;
      try {
        return await this.#askAt<Answer>(url, method, path, body);
      } catch (error) {
        const round = tries % this.#urls.size === 0;
        if (!isAnothersTurn(error, method) || (round && !this.#isWorthWaiting(error, giveUpAt))) throw error;
        this.#urls.leave(url);
        if (round) await wait(LOOK_AGAIN_MS);
      }
    }
  }

  /** Of a single coordinator, only until it leads: where it is gone the caller knows better what to do, and a standby says who leads. */
  #isWorthWaiting(error: unknown, giveUpAt: number): boolean {
    return performance.now() < giveUpAt && (this.#urls.size > 1 || (error instanceof ServiceError && error.leader === null));
  }

  async #askAt<Answer>(url: string, method: string, path: string, body: unknown): Promise<Answer> {
    let response: Response;
    let answer: unknown;
    try {
      response = await this.#fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(method === 'GET' && this.#urls.size > 1 ? READ_LIMIT_MS : REQUEST_LIMIT_MS),
      });
      answer = await response.json();
    } catch (error) {
      const untrusted = certificateProblem(url, reasonOf(error));
      if (untrusted !== null) throw new CertificateRefused(untrusted.message, { cause: error });
      throw new CoordinatorUnreachable(url, { cause: error });
    }
    if (response.ok) return answer as Answer;
    const { code = 'InternalError', message = `status ${response.status}`, leader = null } = answer as { code?: string; message?: string; leader?: string | null };
    throw new ServiceError(code, message, response.status, leader);
  }
}

/** A standby has done nothing; nor has a coordinator that was not reached, and what only reads may be read twice. */
function isAnothersTurn(error: unknown, method: string): boolean {
  if (error instanceof ServiceError) return error.code === 'NotLeader';
  if (!(error instanceof CoordinatorUnreachable)) return false;
  const { cause } = error;
  const code = cause instanceof Error && cause.cause instanceof Error && 'code' in cause.cause ? String(cause.cause.code) : '';
  return method === 'GET' || UNSENT.has(code);
}

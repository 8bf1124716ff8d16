/** Requests to /api/v1, as the viewer who has logged in. */
import { signal } from '@preact/signals';
import { ApiError, asApiError } from './api-error.js';
import type { Answers, Operation } from './types.js';

/** Whether a request was refused for want of a login since the last one. */
export const isLoggedOut = signal(false);

/** A page of another site cannot set it. */
const OWN_REQUEST = { 'x-trawl-request': '1' };

export interface Asked {
  /** Values of the path's parameters, and of the query; one that is null is left out, a list stands once for each of its values. */
  readonly at?: { readonly [name: string]: string };
  readonly query?: { readonly [name: string]: string | number | readonly string[] | null };
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Asks what an operation answers, e.g. `ask('GET /sweeps/:sweep', { at: { sweep } })`. Throws ApiError. */
export async function ask<Asks extends Operation>(operation: Asks, { at = {}, query = {}, body, signal }: Asked = {}): Promise<Answers[Asks]> {
  const [, method = '', path = ''] = /^(\S+) (.*)$/.exec(operation) ?? [];
  const init = {
    method,
    headers: { ...OWN_REQUEST, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
  return answerIn(await textOf(`/api/v1${filled(path, at)}${queryText(query)}`, init)) as Answers[Asks];
}

/** A file at a path below /api/v1. Throws ApiError. */
export function fetchFile(path: string, signal?: AbortSignal): Promise<Blob> {
  return fetched(`/api/v1${path}`, signal === undefined ? {} : { signal }, (response) => response.blob());
}

/** Why a stream at a path below /api/v1 is not given, which no EventSource tells; null where it would be. A login that is over is noted. */
export async function refusalOf(path: string): Promise<ApiError | null> {
  try {
    await fetched(`/api/v1${path}`, {}, async (response) => response.body?.cancel());
    return null;
  } catch (error) {
    return asApiError(error);
  }
}

function filled(path: string, at: NonNullable<Asked['at']>): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => segment(at[name] ?? ''));
}

function queryText(query: NonNullable<Asked['query']>): string {
  const entries = Object.entries(query).flatMap(([name, value]) => (value === null ? [] : [value].flat().map((each): [string, string] => [name, String(each)])));
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`;
}

function textOf(url: string, init: RequestInit): Promise<string> {
  return fetched(url, init, (response) => response.text());
}

async function fetched<T>(url: string, init: RequestInit, read: (response: Response) => Promise<T>): Promise<T> {
  const response = await reached(fetch(url, { credentials: 'same-origin', ...init }));
  if (response.ok) return reached(read(response));
  return refused(response, await reached(response.text()));
}

/** What a request or the reading of its answer comes to; a browser says of a lost connection no more than TypeError. */
async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof TypeError ? new ApiError('Unreachable', 'the coordinator does not answer', 0) : error;
  }
}

function refused({ status, headers }: Response, text: string): never {
  if (status === 401) isLoggedOut.value = true;
  const { code = 'InternalError', message = `status ${status}`, leader = null } = (parsed(text) ?? {}) as { code?: string; message?: string; leader?: string | null };
  const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10);
  throw new ApiError(code, message, status, { leader, retryAfterMs: seconds >= 0 ? seconds * 1_000 : null });
}

function answerIn(text: string): unknown {
  if (text === '') return null;
  const answer = parsed(text);
  if (answer === undefined) throw new ApiError('NoAnswer', 'what came is no answer of a coordinator; does something stand between it and this page, such as a proxy with a login of its own?', 0);
  return answer;
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

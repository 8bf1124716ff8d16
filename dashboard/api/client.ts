/** Requests to /api/v1, as the viewer who has logged in. */
import { signal } from '@preact/signals';
import { ApiError } from './api-error.js';
import type { Answers, Operation } from './types.js';

/** Whether a request was refused for want of a login since the last one. */
export const isLoggedOut = signal(false);

/** A page of another site cannot set it. */
const OWN_REQUEST = { 'x-trawl-request': '1' };

export interface Asked {
  /** Values of the path's parameters, and of the query; one that is null is left out. */
  readonly at?: { readonly [name: string]: string };
  readonly query?: { readonly [name: string]: string | number | null };
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
  return (await answerTo(`/api/v1${filled(path, at)}${queryText(query)}`, init, async (response) => parsed(await response.text()))) as Answers[Asks];
}

/** A file at a path below /api/v1. Throws ApiError. */
export function fetchFile(path: string, signal?: AbortSignal): Promise<Blob> {
  return answerTo(`/api/v1${path}`, signal === undefined ? {} : { signal }, (response) => response.blob());
}

function filled(path: string, at: NonNullable<Asked['at']>): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => segment(at[name] ?? ''));
}

function queryText(query: NonNullable<Asked['query']>): string {
  const entries = Object.entries(query).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`;
}

async function answerTo<T>(url: string, init: RequestInit, read: (response: Response) => Promise<T>): Promise<T> {
  try {
    const response = await fetch(url, { credentials: 'same-origin', ...init });
    return response.ok ? await read(response) : refused(response, parsed(await response.text()));
  } catch (error) {
    if (error instanceof ApiError || (error instanceof DOMException && error.name === 'AbortError')) throw error;
    throw new ApiError('Unreachable', 'the coordinator does not answer', 0);
  }
}

function refused({ status }: Response, answer: unknown): never {
  if (status === 401) isLoggedOut.value = true;
  const { code = 'InternalError', message = `status ${status}`, leader = null } = (answer ?? {}) as { code?: string; message?: string; leader?: string | null };
  throw new ApiError(code, message, status, leader);
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** One segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

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
  const answer = await answerTo(`/api/v1${filled(path, at)}${queryText(query)}`, {
    method,
    headers: { ...OWN_REQUEST, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  return answer as Answers[Asks];
}

function filled(path: string, at: NonNullable<Asked['at']>): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => segment(at[name] ?? ''));
}

function queryText(query: NonNullable<Asked['query']>): string {
  const entries = Object.entries(query).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`;
}

async function answerTo(url: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init });
    text = await response.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('Unreachable', 'the coordinator does not answer', 0);
  }
  const answer = parsed(text);
  if (response.ok) return answer;
  if (response.status === 401) isLoggedOut.value = true;
  const { code = 'InternalError', message = `status ${response.status}`, leader = null } = (answer ?? {}) as { code?: string; message?: string; leader?: string | null };
  throw new ApiError(code, message, response.status, leader);
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

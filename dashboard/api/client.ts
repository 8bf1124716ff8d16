/** Requests to /api/v1, as the viewer who has logged in. */
import { signal } from '@preact/signals';
import type { Answers, Operation } from './types.js';

/** What the coordinator answers in the place of what was asked for; `Unreachable` where it does not answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  /** 0 where no answer came. */
  readonly status: number;
  /** Of a standby: the address of the coordinator that leads, where it is known. */
  readonly leader: string | null;

  constructor(code: string, message: string, status: number, leader: string | null = null) {
    super(message);
    this.code = code;
    this.status = status;
    this.leader = leader;
  }
}

/** Whether a request was refused for want of a login since the last one. */
export const isLoggedOut = signal(false);

let token: string | null = null;

/** Requests from here on are of whoever holds it; null for nobody. */
export function useToken(next: string | null): void {
  token = next;
}

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
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
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

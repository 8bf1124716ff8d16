/**
 * What browsers need beside a token, in one place: the session's cookie, what keeps other sites' pages from using
 * it, and the headers that every answer carries.
 *
 * Requests that change something and come with a cookie must carry the header `x-trawl-request`. Another site's
 * page cannot set it: the browser would ask first (CORS), and is never told yes. SameSite=Strict alone would
 * not do, since every port of this machine is the same site; the Origin alone would not either, since a
 * reverse proxy may rewrite the Host that it is compared with.
 *
 * At the door for this machine alone only its own names are answered (DNS rebinding: a page elsewhere whose
 * name is made to point to 127.0.0.1 is of the same origin as whatever listens here).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ForeignHost, RequestHeaderMissing } from '../access/errors.js';
import type { Sessions } from '../access/sessions.js';
import type { BrowserSession } from '../store/records.js';

export const REQUEST_HEADER = 'x-trawl-request';

/** Nothing inline, nothing from elsewhere; images may be made in the page (charts, predictions). */
const CONTENT_POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: { readonly [name: string]: string } = {
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

export interface BrowserRules {
  /** Whether only this machine's own names are answered. */
  readonly ownNamesOnly: boolean;
}

/** Hooks for every route, the page's files too. */
export function registerBrowserRules(app: FastifyInstance, { ownNamesOnly }: BrowserRules): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(HEADERS);
    if (request.url.startsWith('/api/')) void reply.header('cache-control', 'no-store');
    if (ownNamesOnly && !isOwnName(nameIn(request.headers.host))) throw new ForeignHost(request.headers.host ?? '');
  });
}

/** The host of `HOST:PORT`, an IPv6 one without its brackets. */
function nameIn(host: string | undefined): string {
  const [, bracketed, plain = ''] = /^(?:\[(.*)\]|([^:]*))(?::\d+)?$/.exec(host ?? '') ?? [];
  return (bracketed ?? plain).toLowerCase();
}

function isOwnName(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The session that a request comes in; null where it has a header of its own, which goes before a cookie, or neither. Throws RequestHeaderMissing, TokensUnavailable, TooManyRequests. */
export async function sessionIn(request: FastifyRequest, sessions: Sessions): Promise<BrowserSession | null> {
  const cookie = request.headers.authorization === undefined ? sessionCookie(request) : null;
  const session = cookie === null ? null : await sessions.sessionOf(cookie, request.ip);
  if (session !== null && request.method !== 'GET' && request.method !== 'HEAD') requireRequestHeader(request);
  return session;
}

/** Throws RequestHeaderMissing. */
export function requireRequestHeader(request: FastifyRequest): void {
  if (request.headers[REQUEST_HEADER] === undefined) throw new RequestHeaderMissing(REQUEST_HEADER);
}

/** The value of the session's cookie; null for none. */
export function sessionCookie(request: FastifyRequest): string | null {
  const name = cookieName(request);
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined) return value;
  }
  return null;
}

/** `value`: null ends it. It lasts as long as the browser is open. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, value: string | null): void {
  const parts = [`${cookieName(request)}=${value ?? ''}`, 'Path=/', 'HttpOnly', 'SameSite=Strict', ...(request.protocol === 'https' ? ['Secure'] : []), ...(value === null ? ['Max-Age=0'] : [])];
  void reply.header('set-cookie', parts.join('; '));
}

function cookieName(request: FastifyRequest): string {
  const port = /:(\d+)$/.exec(request.headers.host ?? '')?.[1];
  return port === undefined ? 'trawl_session' : `trawl_session_${port}`;
}

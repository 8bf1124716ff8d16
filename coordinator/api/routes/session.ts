/** Signing in and out, and who is signed in. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Access, Identity } from '../../access/access.js';
import { Unauthorized } from '../../access/errors.js';
import { RateLimit } from '../../access/rate-limit.js';
import { rightsOf } from '../../access/roles.js';
import { LOGIN_CODE_MS, type Sessions } from '../../access/sessions.js';
import { codeOf } from '../errors.js';
import { proofOf, requireRequestHeader, sessionCookie, setSessionCookie } from '../browser.js';
import type { Me } from '../answers.js';
import { route, type Route } from './route.js';

const loginRequest = z.union([z.strictObject({ token: z.string().min(1).max(500) }), z.strictObject({ code: z.string().min(1).max(100) })]);

export interface SessionRoutesOptions {
  readonly access: Pick<Access, 'require'>;
  readonly sessions: Sessions;
}

/** Failed logins: ten at once from one address, then one in six seconds; from everywhere six times as many. */
const PER_ADDRESS = { burst: 10, perSecond: 1 / 6 };
const OF_ALL = { burst: 60, perSecond: 1 };

export function sessionRoutes({ access, sessions }: SessionRoutesOptions): readonly Route[] {
  const [perAddress, ofAll] = [new RateLimit(PER_ADDRESS), new RateLimit(OF_ALL)];
  /** Throws what `work` does, and TooManyRequests in its place once too many have failed. */
  const limited = async (request: FastifyRequest, work: () => Promise<Me>): Promise<Me> => {
    perAddress.check(request.ip);
    ofAll.check('all');
    try {
      return await work();
    } catch (error) {
      // A store that does not answer is no wrong guess.
      if (codeOf(error) !== 'TokensUnavailable') {
        perAddress.count(request.ip);
        ofAll.count('all');
      }
      throw error;
    }
  };
  return [
    route('POST /login', { right: null, summary: 'Signs a browser in, with a token or a one-time code: sets the cookie of its session', body: loginRequest }, (_, { body, request, reply }) => {
      requireRequestHeader(request);
      return limited(request, async () => {
        const token = 'token' in body ? body.token.trim() : sessions.redeem(body.code);
        const me = meOf(await access.require(`Bearer ${token}`, 'read'));
        setSessionCookie(request, reply, sessions.open(token));
        return me;
      });
    }),
    route('POST /logout', { right: null, summary: 'Ends the session of the cookie' }, (_, { request, reply }) => {
      requireRequestHeader(request);
      const cookie = sessionCookie(request);
      if (cookie !== null) sessions.end(cookie);
      setSessionCookie(request, reply, null);
      return {};
    }),
    route('GET /me', { right: 'read', summary: 'Who asks, and what they may' }, (_, { identity }) => meOf(identity)),
    route('POST /login-codes', { right: 'read', summary: 'A code that signs a browser in as whoever asks, once, within minutes: open /#login=CODE' }, (_, { request }) => {
      const token = proofOf(request, sessions).authorization?.replace(/^Bearer /, '') ?? '';
      return { code: sessions.code(token), expiresInMs: LOGIN_CODE_MS };
    }),
  ];
}

/** Throws Unauthorized for nobody. */
function meOf(identity: Identity | null): Me {
  if (identity === null) throw new Unauthorized();
  const { actor, role } = identity;
  return { actor, role, rights: rightsOf(role) };
}

/** Signing in and out, and who is signed in. */
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

/** Logins from one address, until they have succeeded: ten at once, then one in six seconds. Others' failures keep nobody out. */
const LOGINS = { burst: 10, perSecond: 1 / 6 };

export function sessionRoutes({ access, sessions }: SessionRoutesOptions): readonly Route[] {
  const logins = new RateLimit(LOGINS);
  return [
    route('POST /login', { right: null, summary: 'Signs a browser in, with a token or a one-time code: sets the cookie of its session', body: loginRequest, before: (request) => {
      requireRequestHeader(request);
      // Before anything is awaited: logins that are sent at once count as others do.
      logins.take(request.ip);
    } }, async (_, { body, request, reply }) => {
      try {
        const granted = 'token' in body ? { token: body.token.trim(), until: null } : sessions.behind(body.code);
        const me = meOf(await access.require(`Bearer ${granted.token}`, 'read'));
        // A code is used up once it is known to be good for something.
        setSessionCookie(request, reply, sessions.open('token' in body ? granted : sessions.redeem(body.code)));
        logins.giveBack(request.ip);
        return me;
      } catch (error) {
        // A store that does not answer is no wrong guess.
        if (codeOf(error) === 'TokensUnavailable') logins.giveBack(request.ip);
        throw error;
      }
    }),
    route('POST /logout', { right: null, summary: 'Ends the session of the cookie', before: requireRequestHeader }, async (_, { request, reply }) => {
      const cookie = sessionCookie(request);
      if (cookie !== null) await sessions.end(cookie);
      setSessionCookie(request, reply, null);
      return {};
    }),
    route('GET /me', { right: 'read', summary: 'Who asks, and what they may' }, (_, { identity }) => meOf(identity)),
    route('POST /login-codes', { right: 'read', summary: 'A code that signs a browser in as whoever asks, once, within minutes: open /#login=CODE' }, (_, { request }) => {
      const { authorization = '', session } = proofOf(request, sessions);
      return { code: sessions.code({ token: authorization.replace(/^Bearer /, ''), until: session?.endsAt ?? null }), expiresInMs: LOGIN_CODE_MS };
    }),
  ];
}

/** Throws Unauthorized for nobody. */
function meOf(identity: Identity | null): Me {
  if (identity === null) throw new Unauthorized();
  const { actor, role } = identity;
  return { actor, role, rights: rightsOf(role) };
}

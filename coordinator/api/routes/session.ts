/** Signing in and out, and who is signed in. */
import { z } from 'zod';
import type { Access, Identity } from '../../access/access.js';
import { Unauthorized } from '../../access/errors.js';
import { RateLimit } from '../../access/rate-limit.js';
import { rightsOf } from '../../access/roles.js';
import { LOGIN_CODE_MS, type Sessions } from '../../access/sessions.js';
import { codeOf } from '../errors.js';
import { requireRequestHeader, sessionCookie, setSessionCookie } from '../browser.js';
import type { Me } from '../answers.js';
import { route, type Route } from './route.js';

const loginRequest = z.union([z.strictObject({ token: z.string().min(1).max(500) }), z.strictObject({ code: z.string().min(1).max(100) })]);

export interface SessionRoutesOptions {
  readonly access: Pick<Access, 'require' | 'requireOpened'>;
  readonly sessions: Sessions;
}

/** Logins from one address, until they have succeeded: ten at once, then one in six seconds. Others' failures keep nobody out. */
const LOGINS = { burst: 10, perSecond: 1 / 6 };

/** Whoever types a token into the page has no command line there. */
const AT_LOGIN = 'that is no token of this coordinator; the whole of one is wanted, as trawl token create prints it (tok_….…), or the link of trawl dashboard';

export function sessionRoutes({ access, sessions }: SessionRoutesOptions): readonly Route[] {
  const logins = new RateLimit(LOGINS);
  return [
    route('POST /login', { right: null, summary: 'Signs a browser in, with a token or a one-time code: sets the cookie of its session', body: loginRequest, before: (request) => {
      requireRequestHeader(request);
      // Before anything is awaited: logins that are sent at once count as others do.
      logins.take(request.ip);
    } }, async (_, { body, request, reply }) => {
      try {
        const identity = 'token' in body ? await access.require(`Bearer ${body.token.trim()}`, 'read') : await access.requireOpened(sessions.behind(body.code).token, 'read');
        // A code is used up once it is known to be good for something.
        setSessionCookie(request, reply, 'token' in body ? await sessions.open({ token: identity.token, until: null }) : await sessions.redeem(body.code));
        logins.giveBack(request.ip);
        return meOf(identity);
      } catch (error) {
        // A store that does not answer is no wrong guess.
        if (codeOf(error) === 'TokensUnavailable') logins.giveBack(request.ip);
        throw error instanceof Unauthorized ? new Unauthorized(AT_LOGIN) : error;
      }
    }),
    route('POST /logout', { right: null, summary: 'Ends the session of the cookie', before: requireRequestHeader }, async (_, { request, reply }) => {
      const cookie = sessionCookie(request);
      if (cookie !== null) await sessions.end(cookie, request.ip);
      // Not before: whoever is told to sign out again does so with the cookie.
      setSessionCookie(request, reply, null);
      return {};
    }),
    route('GET /me', { right: 'read', summary: 'Who asks, and what they may' }, (_, { identity }) => meOf(known(identity))),
    route('POST /login-codes', { right: 'read', summary: 'A code that signs a browser in as whoever asks, once, within minutes: open /#login=CODE' }, (_, { identity, session }) => ({ code: sessions.code({ token: known(identity).token, until: session?.endsAt ?? null }), expiresInMs: LOGIN_CODE_MS })),
  ];
}

/** Throws Unauthorized for nobody. */
function known(identity: Identity | null): Identity {
  if (identity === null) throw new Unauthorized();
  return identity;
}

function meOf({ actor, role }: Identity): Me {
  return { actor, role, rights: rightsOf(role) };
}

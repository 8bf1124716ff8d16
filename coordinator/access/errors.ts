import { CodedError } from '../../proto/coded-error.js';
import type { Right, Role } from './roles.js';
import { rolesWith } from './roles.js';

/** No token was sent, or one that is not known here. */
export class Unauthorized extends CodedError {
  readonly code = 'Unauthorized';
  constructor(message = "the token is missing or not this coordinator's; give the right one in --token-file FILE or the environment variable TRAWL_TOKEN") {
    super(message);
  }
}

export class TokenExpired extends CodedError {
  readonly code = 'TokenExpired';
  constructor(token: string, at: Date) {
    super(`token ${token} expired at ${at.toISOString()}; an admin makes a new one: trawl token create`);
  }
}

export class TokenRevoked extends CodedError {
  readonly code = 'TokenRevoked';
  constructor(token: string, at: Date) {
    super(`token ${token} was revoked at ${at.toISOString()}; an admin makes a new one: trawl token create`);
  }
}

/** What is told to somebody who is not known yet: nothing of the store and of why it does not answer. */
export class TokensUnavailable extends CodedError {
  readonly code = 'TokensUnavailable';
  constructor(options?: ErrorOptions) {
    super('tokens cannot be looked at now; try again', options);
  }
}

/** A session was ended and the store could not note it, so that it would be good again after a restart, and is at another coordinator. */
export class SignOutNotKept extends CodedError {
  readonly code = 'SignOutNotKept';
  constructor(options?: ErrorOptions) {
    super('that you signed out could not be stored: a copy of your cookie would be good again after a restart of the coordinator; sign out again', options);
  }
}

/** A worker's token is good only beside a certificate, and none of the right CA was shown. */
export class CertificateMissing extends CodedError {
  readonly code = 'CertificateMissing';
  constructor() {
    super("a worker's token is good only with a client certificate of this coordinator's --tls-ca; give one: --cert FILE --key FILE (trawl certs issue NAME --client)");
  }
}

/** The token is good, and its role does not reach so far. */
export class Forbidden extends CodedError {
  readonly code = 'Forbidden';
  constructor(who: string, role: Role, right: Right) {
    super(`this needs a token of role ${rolesWith(right).join(' or ')}; that of ${who} has the role ${role}`);
  }
}

/** A login code that nobody made, that was used already, or that is too old. */
export class LoginCodeUnknown extends CodedError {
  readonly code = 'LoginCodeUnknown';
  constructor() {
    super('this login link was used already, or is too old; sign in with a token, or have a new link made');
  }
}

/** Too many failed logins, or too many requests. */
export class TooManyRequests extends CodedError {
  readonly code = 'TooManyRequests';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super(`too many requests; try again in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A request that changes something came with a cookie, and may be another site's. */
export class RequestHeaderMissing extends CodedError {
  readonly code = 'RequestHeaderMissing';
  constructor(header: string) {
    super(`a request that comes with a session's cookie and changes something needs the header ${header} (with any value), which pages of other sites cannot set`);
  }
}

/** The door for this machine alone was called by a name that is not this machine's own. */
export class ForeignHost extends CodedError {
  readonly code = 'ForeignHost';
  constructor(host: string) {
    super(`this address answers to localhost, 127.0.0.1 and [::1] alone, not to ${JSON.stringify(host.slice(0, 100))}; for others, and behind a reverse proxy: trawl up --listen`);
  }
}

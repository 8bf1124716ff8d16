/** Why a coordinator cannot use a NATS server. Each message is one line that says what to do, without secrets. */
import { CodedError } from '../../proto/coded-error.js';

/** No server answers, or it answers what cannot be worked with. */
export class NatsUnavailable extends CodedError {
  readonly code = 'NatsUnavailable';
}

/** The server will not have these credentials, or forbids what the carrier needs. */
export class NatsDenied extends CodedError {
  readonly code = 'NatsDenied';
}

/** The server, or the account, has no JetStream. */
export class JetStreamMissing extends CodedError {
  readonly code = 'JetStreamMissing';
  constructor(shown: string) {
    super(`JetStream is not enabled on the NATS server at ${shown}, or not for this account; start nats-server with -js, or enable it for the account`);
  }
}

/** There is a stream in the way that cannot be made what is needed. */
export class StreamUnfit extends CodedError {
  readonly code = 'StreamUnfit';
}

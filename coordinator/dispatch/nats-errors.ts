/** Why a coordinator cannot use a NATS server. Each message is one line that says what to do, without secrets. */

/** No server answers, or it answers what cannot be worked with. */
export class NatsUnavailable extends Error {
  readonly code = 'NatsUnavailable';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NatsUnavailable';
  }
}

/** The server will not have these credentials, or forbids what the carrier needs. */
export class NatsDenied extends Error {
  readonly code = 'NatsDenied';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NatsDenied';
  }
}

/** The server, or the account, has no JetStream. */
export class JetStreamMissing extends Error {
  readonly code = 'JetStreamMissing';
  constructor(shown: string) {
    super(`JetStream is not enabled on the NATS server at ${shown}, or not for this account; start nats-server with -js, or enable it for the account`);
    this.name = 'JetStreamMissing';
  }
}

/** There is a stream in the way that cannot be made what is needed. */
export class StreamUnfit extends Error {
  readonly code = 'StreamUnfit';
  constructor(message: string) {
    super(message);
    this.name = 'StreamUnfit';
  }
}

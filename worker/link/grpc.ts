/** A link on gRPC: one bidirectional stream on a channel of its own, frames as raw bytes. */
import { Client, credentials, logVerbosity, Metadata, setLogVerbosity, status } from '@grpc/grpc-js';
import type { ChannelCredentials, ClientDuplexStream, ServiceError, StatusObject } from '@grpc/grpc-js';
import type { Trust } from '../../blob/trusting-fetch.js';
import { certificateProblem } from '../../proto/certificate-problem.js';
import { encodeFromWorker } from '../../proto/codec.js';
import { FrameWriter } from '../../proto/frame-writer.js';
import type { WorkerMessage } from '../../proto/messages.js';
import { HTTP_PORT_METADATA, MAX_FRAME_BYTES } from '../../proto/wire.js';
import { receiveFrame } from './frames.js';
import type { Connection, Link, LinkClosed, LinkHandler } from './link.js';

export interface GrpcLinkOptions {
  /** HOST:PORT */
  readonly address: string;
  readonly token: string;
  /** Null for plain TCP. */
  readonly trust?: Trust | null;
  /** Told, before anything else of a session, where the coordinator serves blobs: the same host, as it was reached. */
  readonly onHttp?: (url: string) => void;
}

const SESSION_PATH = '/trawl.v1.Trawl/Session';

const CHANNEL_OPTIONS = {
  // A coordinator that is gone without a word is noticed within the sum of the two.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MAX_FRAME_BYTES,
  'grpc.max_send_message_length': MAX_FRAME_BYTES,
  // Backing off is the session's: a channel that remembers an earlier failure would add its own.
  'grpc.use_local_subchannel_pool': 1,
  // A box's web proxy does not lead to its coordinator, which is on loopback more often than not.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** How long a coordinator may take to end its side before the stream is cut. */
const CLOSE_MS = 1_000;

// The library writes to stderr what it also tells its caller.
setLogVerbosity(logVerbosity.NONE);

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asBytes = (bytes: Buffer): Uint8Array => bytes;

/** What the library says, without the time; where the other side hung up in the middle of the greeting, with an alert or without one, what that mostly means. */
function unavailable(details: string, trust: Trust | null): string {
  const said = details.replace(/^No connection established\. Last error: /, '').replace(/ \(\d{4}-\d\d-\d\dT[^]*$/, '').trim();
  if (!/^(Failed to connect|Connection dropped|read ECONNRESET)|SSL routines/.test(said)) return `${said}; is that its address for workers, and does it listen there (trawl up --listen)?`;
  if (trust === null) return 'it hung up; if it speaks TLS, name its CA: --ca FILE';
  return trust.own === null
    ? 'it hung up; if it wants a certificate of this worker, give one: --cert FILE --key FILE (trawl certs issue NAME --client)'
    : "it hung up; it may not take this worker's certificate: has it expired, is it of the right CA and for a client?";
}

function credentialsOf(trust: Trust | null): ChannelCredentials {
  if (trust === null) return credentials.createInsecure();
  const bytes = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  return credentials.createSsl(bytes(trust.ca ?? undefined), bytes(trust.own?.key), bytes(trust.own?.cert));
}

export function grpcLink(options: GrpcLinkOptions): Link {
  return { connect: (handler) => new GrpcConnection(options, handler) };
}

class GrpcConnection implements Connection {
  readonly #address: string;
  readonly #trust: Trust | null;
  readonly #handler: LinkHandler;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly #writer: FrameWriter<WorkerMessage>;
  #cutTimer: NodeJS.Timeout | null = null;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor({ address, token, trust = null, onHttp }: GrpcLinkOptions, handler: LinkHandler) {
    this.#address = address;
    this.#trust = trust;
    this.#handler = handler;
    this.#client = new Client(address, credentialsOf(trust), CHANNEL_OPTIONS);
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const call = this.#client.makeBidiStreamRequest(SESSION_PATH, asBuffer, asBytes, metadata);
    this.#call = call;
    this.#writer = new FrameWriter<WorkerMessage>({
      encode: (message) => encodeFromWorker([message]),
      write: (frame) => call.write(frame),
      overflow: () => this.#cut({ code: 'Disconnected', message: `the coordinator at ${address} does not read what it is sent`, retry: true }),
    });
    call.on('data', (frame: Uint8Array) => this.#frame(frame));
    call.on('drain', () => this.#writer.drained());
    call.on('metadata', (headers: Metadata) => {
      const port = headers.get(HTTP_PORT_METADATA)[0];
      if (typeof port === 'string') onHttp?.(`${trust === null ? 'http' : 'https'}://${address.slice(0, address.lastIndexOf(':'))}:${port}`);
    });
    // The status says the same and more, but an error that nobody listens for would end the process.
    call.on('error', (error: ServiceError) => this.#end(this.#why(error)));
    call.on('status', (ended: StatusObject) => this.#end(this.#why(ended)));
  }

  send(message: WorkerMessage): void {
    if (this.#state === 'open') this.#writer.push(message);
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#writer.flush();
    this.#call.end();
    this.#cutTimer = setTimeout(() => this.#call.cancel(), CLOSE_MS);
  }

  #frame(frame: Uint8Array): void {
    const problem = receiveFrame(frame, this.#address, () => this.#state === 'open', (message) => this.#handler.received(message));
    if (problem !== null) this.#cut(problem);
  }

  #why({ code, details }: { readonly code: status; readonly details: string }): LinkClosed {
    if (this.#state === 'closing' || code === status.OK) return { code: 'Disconnected', message: `the session with ${this.#address} has ended`, retry: true };
    if (code === status.PERMISSION_DENIED) return { code: 'Forbidden', message: `the coordinator at ${this.#address} let nobody in with this token: ${details}`, retry: false };
    if (code === status.UNAUTHENTICATED) return { code: 'Unauthenticated', message: `the coordinator at ${this.#address} refused the token: ${details}`, retry: false };
    if (code === status.INVALID_ARGUMENT) return { code: 'BadMessage', message: `the coordinator at ${this.#address} could not read a message: ${details}`, retry: true };
    const problem = code === status.UNAVAILABLE ? certificateProblem(this.#address, details) : null;
    if (problem !== null) return { code: 'CertificateRefused', message: problem.message, retry: problem.mayPass };
    if (code === status.UNAVAILABLE) return { code: 'Unavailable', message: `no coordinator answers at ${this.#address}: ${unavailable(details, this.#trust)}`, retry: true };
    return { code: 'Disconnected', message: `the session with ${this.#address} broke: ${details}`, retry: true };
  }

  #cut(why: LinkClosed): void {
    this.#end(why);
    this.#call.cancel();
  }

  #end(why: LinkClosed): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (this.#cutTimer !== null) clearTimeout(this.#cutTimer);
    this.#writer.close();
    this.#client.close();
    this.#handler.closed(why);
  }
}

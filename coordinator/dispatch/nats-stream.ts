/**
 * The stream that carries what workers say. It is a short memory between them and the coordinator,
 * never the truth: every message that counts stays in its worker's outbox until Postgres has it. So
 *
 * - it keeps by age, number and bytes (`limits`), and forgets its oldest when it is full: those have
 *   been read, or the gap in the numbers tells that they were lost and their session begins anew.
 *   Refusing the newest would stop every worker's heartbeat for messages that nobody waits for;
 * - nobody acknowledges to it and no consumer is kept in it: a leader reads from where it began to
 *   listen, and two coordinators cannot take messages from each other;
 * - it lies in files, so that a restarted server brings it back as it was.
 */
import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { MAX_MESSAGE_BYTES } from '../../proto/nats/pieces.js';
import type { Subjects } from '../../proto/nats/subjects.js';
import { JetStreamMissing, StreamUnfit } from './nats-errors.js';

export interface StreamLimits {
  readonly maxAgeMs: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** A session is given up after seconds without a word, so nothing older than a minute is of use to anybody. */
export const STREAM_LIMITS: StreamLimits = { maxAgeMs: 60_000, maxMessages: 1_000_000, maxBytes: 256 * 2 ** 20 };
/** How long the server remembers a message's id. */
const DUPLICATE_WINDOW_MS = 30_000;

/** Error codes of the server's API. */
const CODES = { notEnabled: 10076, notEnabledForAccount: 10039, streamNotFound: 10059, nameInUse: 10058, subjectsOverlap: 10065, noStorage: 10047, noResources: 10023 } as const;

type Kept = Pick<StreamConfig, 'subjects' | 'max_age' | 'max_msgs' | 'max_bytes' | 'max_msg_size' | 'discard' | 'duplicate_window'>;

/** Makes the stream, or brings the limits of the one there is in line. Throws JetStreamMissing, StreamUnfit, and what the client throws. */
export async function ensureStream(manager: JetStreamManager, subjects: Subjects, limits: StreamLimits, shown: string): Promise<void> {
  const kept: Kept = {
    subjects: [subjects.fromAnyone],
    max_age: nanos(limits.maxAgeMs),
    max_msgs: limits.maxMessages,
    max_bytes: limits.maxBytes,
    max_msg_size: MAX_MESSAGE_BYTES,
    discard: DiscardPolicy.Old,
    duplicate_window: nanos(Math.min(DUPLICATE_WINDOW_MS, limits.maxAgeMs)),
  };
  try {
    const found = await streamInfo(manager, subjects.stream);
    if (found === null) await manager.streams.add({ name: subjects.stream, description: `what the workers of trawl's fleet ${subjects.fleet} say`, retention: RetentionPolicy.Limits, storage: StorageType.File, ...kept });
    else await mend(manager, found, kept, shown);
  } catch (error) {
    throw unfit(error, subjects, limits, shown);
  }
}

async function streamInfo(manager: JetStreamManager, name: string): Promise<StreamInfo | null> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === CODES.streamNotFound) return null;
    throw error;
  }
}

/** What a person may have chosen (replicas, placement, storage) stays. */
async function mend(manager: JetStreamManager, { config }: StreamInfo, kept: Kept, shown: string): Promise<void> {
  const remedy = `delete it (nats stream rm ${config.name}), or take another --fleet`;
  if (config.retention !== RetentionPolicy.Limits) throw new StreamUnfit(`the stream ${config.name} at ${shown} keeps by ${config.retention}, expected limits; ${remedy}`);
  if (config.mirror !== undefined || config.sealed) throw new StreamUnfit(`the stream ${config.name} at ${shown} is ${config.sealed ? 'sealed' : 'a mirror'}; ${remedy}`);
  const isSame = (Object.keys(kept) as (keyof Kept)[]).every((key) => JSON.stringify(config[key]) === JSON.stringify(kept[key]));
  if (!isSame) await manager.streams.update(config.name, kept);
}

function unfit(error: unknown, { stream, fromAnyone, fleet }: Subjects, limits: StreamLimits, shown: string): unknown {
  if (error instanceof Error && error.name === 'JetStreamNotEnabled') return new JetStreamMissing(shown);
  if (!(error instanceof JetStreamApiError)) return error;
  switch (error.code) {
    case CODES.notEnabled:
    case CODES.notEnabledForAccount:
      return new JetStreamMissing(shown);
    case CODES.nameInUse:
    case CODES.subjectsOverlap:
      return new StreamUnfit(`at ${shown} another stream holds ${fromAnyone} or the name ${stream}; delete it, or take another --fleet than ${fleet}`);
    case CODES.noStorage:
    case CODES.noResources:
      return new StreamUnfit(`the NATS server at ${shown} has no room for the stream ${stream} of ${Math.round(limits.maxBytes / 2 ** 20)} MiB (${error.message}); raise its max_file_store, or the account's`);
    default:
      return new StreamUnfit(`the stream ${stream} cannot be made at ${shown}: ${error.message}`);
  }
}

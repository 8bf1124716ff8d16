/**
 * Frames of the session protocol: bytes on one side, the plain types of messages.ts on the other.
 * No carrier knows more than these four functions, and protobuf types go no further than this file.
 * A frame holds all messages that were pending when it was cut, in order.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Confusion, CoordinatorMessage as WireCoordinatorMessage, LeaseRef as WireLeaseRef, WorkerMessage as WireWorkerMessage } from './generated/trawl_pb.js';
import type { CoordinatorMessageSchema, WorkerMessageSchema } from './generated/trawl_pb.js';
import { FromCoordinatorSchema, FromWorkerSchema } from './generated/trawl_pb.js';
import type { CoordinatorMessage, EpochReport, LeaseRef, WorkerMessage } from './messages.js';
import { boxFromWire, boxToWire, useFromWire, useToWire } from './box-codec.js';
import { offerFromWire, offerToWire } from './work-codec.js';
import { bytesToDigest, cancels, digestToBytes, fromUint64, metricName, nexts, outcomes, parts, ProtocolError, slotsCount, toUint64, uint32, verdicts, workerId } from './wire.js';

export { ProtocolError } from './wire.js';

type WorkerInit = NonNullable<MessageInitShape<typeof WorkerMessageSchema>['kind']>;
type CoordinatorInit = NonNullable<MessageInitShape<typeof CoordinatorMessageSchema>['kind']>;
type Counts = readonly (readonly number[])[];

/** Throws ProtocolError when a message holds what the frame cannot carry (a key that is no digest, a count that is no whole number). */
export function encodeFromWorker(messages: readonly WorkerMessage[]): Uint8Array {
  return toBinary(FromWorkerSchema, create(FromWorkerSchema, { messages: messages.map((message) => ({ kind: workerToWire(message) })) }));
}

/** Throws ProtocolError for bytes that are no frame, unknown kinds and values out of range. */
export function decodeFromWorker(frame: Uint8Array): WorkerMessage[] {
  return readFrame(() => fromBinary(FromWorkerSchema, frame).messages).map(workerFromWire);
}

/** Throws ProtocolError as `encodeFromWorker` does. */
export function encodeFromCoordinator(messages: readonly CoordinatorMessage[]): Uint8Array {
  return toBinary(FromCoordinatorSchema, create(FromCoordinatorSchema, { messages: messages.map((message) => ({ kind: coordinatorToWire(message) })) }));
}

/** Throws ProtocolError as `decodeFromWorker` does. */
export function decodeFromCoordinator(frame: Uint8Array): CoordinatorMessage[] {
  return readFrame(() => fromBinary(FromCoordinatorSchema, frame).messages).map(coordinatorFromWire);
}

/**
 * The protocol version in the hello that opens this frame, or null where none does. It can be read
 * whatever else another version has changed, so a mismatch can be named instead of called garbage.
 */
export function helloProtocol(frame: Uint8Array): number | null {
  const first = readFrame(() => fromBinary(FromWorkerSchema, frame).messages)[0];
  return first?.kind.case === 'hello' ? first.kind.value.protocol : null;
}

function readFrame<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ProtocolError(`a frame cannot be read: ${(error as Error).message}`);
  }
}

function workerToWire(message: WorkerMessage): WorkerInit {
  switch (message.kind) {
    case 'hello':
      return {
        case: 'hello',
        value: {
          protocol: uint32('protocol', message.protocol),
          features: [...message.features],
          worker: workerId(message.worker),
          name: message.name,
          slots: slotsCount(message.slots),
          memoryBytes: toUint64('memoryBytes', message.memoryBytes),
          slotMemoryBytes: toUint64('slotMemoryBytes', message.slotMemoryBytes),
          numerics: [...message.numerics],
          node: message.node,
          leases: message.leases.map(leaseToWire),
          waiting: [...message.waiting],
          ...(message.box === undefined ? {} : { box: boxToWire(message.box) }),
        },
      };
    case 'heartbeat':
      return { case: 'heartbeat', value: message.use === undefined ? {} : { use: useToWire(message.use) } };
    case 'progress':
      return {
        case: 'progress',
        value: { attempt: message.attempt, epoch: uint32('epoch', message.epoch), step: uint32('step', message.step), steps: uint32('steps', message.steps), loss: message.loss },
      };
    case 'missing':
      return { case: 'missing', value: { blob: digestToBytes('blob', message.blob) } };
    case 'log':
      return { case: 'log', value: { ...leaseToWire(message), from: toUint64('from', message.from), text: message.text } };
    case 'epoch':
      return epochToWire(message);
    case 'checkpoint':
      return {
        case: 'checkpoint',
        value: {
          attempt: message.attempt,
          token: message.token,
          seq: toUint64('seq', message.seq),
          epoch: uint32('epoch', message.epoch),
          key: digestToBytes('key', message.key),
          blob: digestToBytes('blob', message.blob),
          bytes: toUint64('bytes', message.bytes),
        },
      };
    case 'evaluation':
      return {
        case: 'evaluation',
        value: {
          attempt: message.attempt,
          token: message.token,
          seq: toUint64('seq', message.seq),
          key: digestToBytes('key', message.key),
          part: parts.encode(message.part),
          ...message.result.metrics,
          confusion: confusionToWire(message.result.confusion),
          probabilities: digestToBytes('probabilities', message.result.probabilities),
        },
      };
    case 'finished':
      return {
        case: 'finished',
        value: {
          attempt: message.attempt,
          token: message.token,
          seq: toUint64('seq', message.seq),
          outcome: outcomes.encode(message.outcome.class),
          message: message.outcome.message,
          log: message.log,
          ...(message.outcome.neededBytes === null ? {} : { neededBytes: toUint64('neededBytes', message.outcome.neededBytes) }),
        },
      };
  }
}

function epochToWire(message: EpochReport): WorkerInit {
  return {
    case: 'epoch',
    value: {
      attempt: message.attempt,
      token: message.token,
      seq: toUint64('seq', message.seq),
      epoch: uint32('epoch', message.epoch),
      key: digestToBytes('key', message.key),
      metricNames: Object.keys(message.result.metrics).map(metricName),
      metricValues: Object.values(message.result.metrics),
      ...(message.result.confusion === null ? {} : { confusion: confusionToWire(message.result.confusion) }),
      diverged: message.result.diverged,
      seconds: message.cost.seconds,
      steps: uint32('steps', message.cost.steps),
      params: toUint64('params', message.cost.params),
      ...(message.cost.msPerImage === null ? {} : { msPerImage: message.cost.msPerImage }),
      roc: (message.result.roc ?? []).map(({ positives, negatives, falsePositives, falseNegatives }) => ({ positives, negatives, falsePositives: [...falsePositives], falseNegatives: [...falseNegatives] })),
    },
  };
}

function workerFromWire({ kind }: WireWorkerMessage): WorkerMessage {
  switch (kind.case) {
    case 'hello': {
      const { protocol, features, worker, name, slots, numerics, node, leases, waiting, box } = kind.value;
      return {
        kind: 'hello',
        protocol,
        features,
        worker: workerId(worker),
        name,
        slots: slotsCount(slots),
        memoryBytes: fromUint64('memoryBytes', kind.value.memoryBytes),
        slotMemoryBytes: fromUint64('slotMemoryBytes', kind.value.slotMemoryBytes),
        numerics,
        node,
        leases: leases.map(leaseFromWire),
        waiting,
        ...(box === undefined ? {} : { box: boxFromWire(box) }),
      };
    }
    case 'heartbeat':
      return { kind: 'heartbeat', ...(kind.value.use === undefined ? {} : { use: useFromWire(kind.value.use) }) };
    case 'progress': {
      const { attempt, epoch, step, steps, loss } = kind.value;
      return { kind: 'progress', attempt, epoch, step, steps, loss };
    }
    case 'missing':
      return { kind: 'missing', blob: bytesToDigest('blob', kind.value.blob) };
    case 'log':
      return { kind: 'log', ...leaseFromWire(kind.value), from: fromUint64('from', kind.value.from), text: kind.value.text };
    case 'epoch': {
      const { attempt, token, seq, epoch, key, metricNames, metricValues, confusion, diverged, seconds, steps, params, msPerImage, roc } = kind.value;
      return {
        kind: 'epoch',
        attempt,
        token,
        seq: fromUint64('seq', seq),
        epoch,
        key: bytesToDigest('key', key),
        result: {
          metrics: metricsFromWire(metricNames, metricValues),
          confusion: confusion === undefined ? null : confusionFromWire(confusion),
          ...(roc.length === 0 ? {} : { roc: roc.map(({ positives, negatives, falsePositives, falseNegatives }) => ({ positives, negatives, falsePositives, falseNegatives })) }),
          diverged,
        },
        cost: { seconds, steps, params: fromUint64('params', params), msPerImage: msPerImage ?? null },
      };
    }
    case 'checkpoint': {
      const { attempt, token, seq, epoch, key, blob, bytes } = kind.value;
      return { kind: 'checkpoint', attempt, token, seq: fromUint64('seq', seq), epoch, key: bytesToDigest('key', key), blob: bytesToDigest('blob', blob), bytes: fromUint64('bytes', bytes) };
    }
    case 'evaluation': {
      const { attempt, token, seq, key, part, loss, accuracy, auc, confusion, probabilities } = kind.value;
      if (confusion === undefined) throw new ProtocolError('evaluation: the confusion is missing');
      return {
        kind: 'evaluation',
        attempt,
        token,
        seq: fromUint64('seq', seq),
        key: bytesToDigest('key', key),
        part: parts.decode(part),
        result: { metrics: { loss, accuracy, auc }, confusion: confusionFromWire(confusion), probabilities: bytesToDigest('probabilities', probabilities) },
      };
    }
    case 'finished': {
      const { attempt, token, seq, outcome, message, neededBytes, log } = kind.value;
      return {
        kind: 'finished',
        attempt,
        token,
        seq: fromUint64('seq', seq),
        outcome: { class: outcomes.decode(outcome), message, neededBytes: neededBytes === undefined ? null : fromUint64('neededBytes', neededBytes) },
        log,
      };
    }
    case undefined:
      throw new ProtocolError('a message from the worker is of no known kind');
  }
}

function coordinatorToWire(message: CoordinatorMessage): CoordinatorInit {
  switch (message.kind) {
    case 'welcome':
      return {
        case: 'welcome',
        value: { leaseTermMs: uint32('leaseTermMs', message.leaseTermMs), heartbeatMs: uint32('heartbeatMs', message.heartbeatMs), lost: message.lost.map(leaseToWire) },
      };
    case 'refused':
      return { case: 'refused', value: { code: message.code, message: message.message, retry: message.retry } };
    case 'offer':
      return { case: 'offer', value: { attempt: message.attempt, token: message.token, work: offerToWire(message.work) } };
    case 'answer':
      return {
        case: 'answer',
        value: { seq: toUint64('seq', message.seq), verdict: verdicts.encode(message.verdict), next: nexts.encode(message.next), keep: message.keep, evaluate: message.evaluate },
      };
    case 'keep':
      return { case: 'keep', value: { attempt: message.attempt, epoch: uint32('epoch', message.epoch) } };
    case 'cancel':
      return { case: 'cancel', value: { attempt: message.attempt, how: cancels.encode(message.how) } };
    case 'drain':
      return { case: 'drain', value: {} };
    case 'restore':
      return { case: 'restore', value: { blob: digestToBytes('blob', message.blob) } };
    case 'follow':
      return { case: 'follow', value: { ...leaseToWire(message), from: toUint64('from', message.from), forMs: uint32('forMs', message.forMs) } };
  }
}

function coordinatorFromWire({ kind }: WireCoordinatorMessage): CoordinatorMessage {
  switch (kind.case) {
    case 'welcome': {
      const { leaseTermMs, heartbeatMs, lost } = kind.value;
      if (leaseTermMs === 0 || heartbeatMs === 0) throw new ProtocolError(`welcome: found a lease term of ${leaseTermMs} ms and a heartbeat of ${heartbeatMs} ms, expected more than 0`);
      return { kind: 'welcome', leaseTermMs, heartbeatMs, lost: lost.map(leaseFromWire) };
    }
    case 'refused': {
      const { code, message, retry } = kind.value;
      return { kind: 'refused', code, message, retry };
    }
    case 'offer':
      return { kind: 'offer', attempt: kind.value.attempt, token: kind.value.token, work: offerFromWire(kind.value.work) };
    case 'answer': {
      const { seq, verdict, next, keep, evaluate } = kind.value;
      return { kind: 'answer', seq: fromUint64('seq', seq), verdict: verdicts.decode(verdict), next: nexts.decode(next), keep, evaluate };
    }
    case 'keep':
      return { kind: 'keep', attempt: kind.value.attempt, epoch: kind.value.epoch };
    case 'cancel':
      return { kind: 'cancel', attempt: kind.value.attempt, how: cancels.decode(kind.value.how) };
    case 'drain':
      return { kind: 'drain' };
    case 'restore':
      return { kind: 'restore', blob: bytesToDigest('blob', kind.value.blob) };
    case 'follow':
      return { kind: 'follow', ...leaseFromWire(kind.value), from: fromUint64('from', kind.value.from), forMs: kind.value.forMs };
    case undefined:
      throw new ProtocolError('a message from the coordinator is of no known kind');
  }
}

function leaseToWire(lease: LeaseRef): { attempt: string; token: string } {
  return { attempt: lease.attempt, token: lease.token };
}

function leaseFromWire(lease: Pick<WireLeaseRef, 'attempt' | 'token'>): LeaseRef {
  return { attempt: lease.attempt, token: lease.token };
}

function metricsFromWire(names: readonly string[], values: readonly number[]): { readonly [metric: string]: number } {
  if (names.length !== values.length) throw new ProtocolError(`epoch: found ${names.length} metric names and ${values.length} values`);
  // fromEntries defines fields, so a metric of any name is just a field.
  return Object.fromEntries(names.map((name, index) => [metricName(name), values[index]!]));
}

function confusionToWire(confusion: Counts): { rows: { counts: number[] }[] } {
  return { rows: confusion.map((row) => ({ counts: row.map((count) => uint32('confusion', count)) })) };
}

function confusionFromWire(confusion: Confusion): Counts {
  return confusion.rows.map((row) => row.counts);
}

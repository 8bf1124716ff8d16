import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, fromJson, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { decodeFromCoordinator, decodeFromWorker, encodeFromCoordinator, encodeFromWorker, helloProtocol, ProtocolError } from '../../proto/codec.js';
import { FromCoordinatorSchema, FromWorkerSchema } from '../../proto/generated/trawl_pb.js';
import type { CoordinatorMessage, Hello, WorkerMessage } from '../../proto/messages.js';
import type { TrainWork } from '../../proto/work.js';
import { coordinatorMessages, workerMessages } from './messages-arbitrary.js';
import { imageSettings } from '../support/settings.js';

/** NaN equals NaN here, -0 differs from 0, and prototypes must be plain: nothing is lost on the way. */
function sameMessages(found: unknown, expected: unknown): void {
  assert.deepStrictEqual(found, expected);
}

const key = 'ab'.repeat(32);

function trainWork(epochs: TrainWork['epochs']): TrainWork {
  return {
    kind: 'train',
    trajectory: { format: 1, trainable: 'synthetic', version: 1, numerics: 'none', epochMs: 0, metrics: { 'val.loss': '1 / (epoch + 1)' }, salt: null },
    from: 0,
    to: epochs.length,
    keys: epochs.map(() => key),
    epochs,
    checkpoint: null,
    keep: [],
    evaluate: [],
    awaitFrom: 0,
    dataset: null,
    memoryBytes: null,
    timeoutMs: null,
    silenceMs: null,
    checkpointEveryMs: 60_000,
  };
}

function isBadMessage(error: unknown): boolean {
  return error instanceof ProtocolError && !error.message.includes('\n');
}

describe('codec', () => {
  for (const [kind, arbitrary] of Object.entries(workerMessages)) {
    it(`carries every ${kind} from the worker unchanged`, () => {
      fc.assert(fc.property(arbitrary, (message) => sameMessages(decodeFromWorker(encodeFromWorker([message])), [message])), { numRuns: 60 });
    });
  }

  for (const [kind, arbitrary] of Object.entries(coordinatorMessages)) {
    it(`carries every ${kind} from the coordinator unchanged`, () => {
      fc.assert(fc.property(arbitrary, (message) => sameMessages(decodeFromCoordinator(encodeFromCoordinator([message])), [message])), { numRuns: 60 });
    });
  }

  it('keeps the order of the messages of a frame', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...Object.values(workerMessages)), { maxLength: 8 }), fc.array(fc.oneof(...Object.values(coordinatorMessages)), { maxLength: 8 }), (up: WorkerMessage[], down: CoordinatorMessage[]) => {
        sameMessages(decodeFromWorker(encodeFromWorker(up)), up);
        sameMessages(decodeFromCoordinator(encodeFromCoordinator(down)), down);
      }),
      { numRuns: 40 },
    );
  });

  it('answers any bytes with messages or with ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const decode of [decodeFromWorker, decodeFromCoordinator]) {
          try {
            decode(bytes);
          } catch (error) {
            assert.ok(isBadMessage(error), String(error));
          }
        }
      }),
    );
  });

  it('writes equal successive epoch settings once', () => {
    const settings = imageSettings();
    const repeated = encodeFromCoordinator([{ kind: 'offer', attempt: 'a', token: 't', work: trainWork(new Array(100).fill(0).map(() => ({ ...settings }))) }]);
    // 100 keys of 32 bytes with 2 bytes of framing each, one set of settings, and the rest of the offer.
    assert.ok(repeated.length < 100 * 34 + 400, `${repeated.length} bytes`);
  });

  it('refuses to expand more settings than there are keys', () => {
    const frame = toBinary(
      FromCoordinatorSchema,
      create(FromCoordinatorSchema, {
        messages: [
          {
            kind: {
              case: 'offer',
              value: { attempt: 'a', token: 't', work: { case: 'train', value: { trajectoryJson: '{"trainable":"synthetic"}', from: 0, to: 1, keys: [new Uint8Array(32)], epochs: [{ count: 4_000_000_000, settingsJson: '{}' }] } } },
            },
          },
        ],
      }),
    );
    assert.throws(() => decodeFromCoordinator(frame), isBadMessage);
  });

  it('refuses a key that is not 32 bytes, an enum that is not set, a kind that it does not know', () => {
    const frames = [
      create(FromWorkerSchema, { messages: [{ kind: { case: 'epoch', value: { key: new Uint8Array(31) } } }] }),
      create(FromWorkerSchema, { messages: [{ kind: { case: 'finished', value: {} } }] }),
      fromJson(FromWorkerSchema, { messages: [{ finished: { outcome: 99 } }] }),
      create(FromWorkerSchema, { messages: [{ kind: { case: 'epoch', value: { key: new Uint8Array(32), metricNames: ['val.loss'] } } }] }),
      create(FromWorkerSchema, { messages: [{}] }),
    ];
    for (const frame of frames) assert.throws(() => decodeFromWorker(toBinary(FromWorkerSchema, frame)), isBadMessage);
  });

  it('refuses to write what the frame cannot hold', () => {
    const work = trainWork([{ values: {} }]);
    assert.throws(() => encodeFromCoordinator([{ kind: 'offer', attempt: 'a', token: 't', work: { ...work, keys: ['not a key'] } }]), isBadMessage);
    assert.throws(() => encodeFromCoordinator([{ kind: 'offer', attempt: 'a', token: 't', work: { ...work, to: 2 } }]), isBadMessage);
    assert.throws(() => encodeFromCoordinator([{ kind: 'keep', attempt: 'a', epoch: -1 }]), isBadMessage);
    assert.throws(() => encodeFromCoordinator([{ kind: 'keep', attempt: 'a', epoch: 0.5 }]), isBadMessage);
  });

  it('refuses what a store could not keep, in both directions', () => {
    const hello: Hello = { kind: 'hello', protocol: 1, features: [], worker: 'wrk_1', name: 'box', slots: 1, memoryBytes: 1, slotMemoryBytes: 1, numerics: [], node: '20', leases: [], waiting: [] };
    const report: WorkerMessage = { kind: 'epoch', attempt: 'a', token: 't', seq: 1, epoch: 0, key, result: { metrics: { 'val.loss': 1 }, confusion: null, diverged: false }, cost: { seconds: 1, steps: 1, params: 1, msPerImage: null } };
    const ofHello = (more: object): Uint8Array => toBinary(FromWorkerSchema, create(FromWorkerSchema, { messages: [{ kind: { case: 'hello', value: { protocol: 1, worker: 'wrk_1', slots: 1, ...more } } }] }));
    for (const more of [{ worker: '' }, { worker: 'wrk\u0000' }, { worker: 'a.b' }, { worker: 'w'.repeat(65) }, { slots: 4_097 }, { slots: 2 ** 31 }]) {
      assert.throws(() => decodeFromWorker(ofHello(more)), isBadMessage, JSON.stringify(more));
      assert.throws(() => encodeFromWorker([{ ...hello, ...more }]), isBadMessage, JSON.stringify(more));
    }
    for (const name of ['loss\u0000', 'two\nlines']) {
      const frame = toBinary(FromWorkerSchema, create(FromWorkerSchema, { messages: [{ kind: { case: 'epoch', value: { attempt: 'a', token: 't', key: new Uint8Array(32), metricNames: [name], metricValues: [1] } } }] }));
      assert.throws(() => decodeFromWorker(frame), isBadMessage, JSON.stringify(name));
      assert.throws(() => encodeFromWorker([{ ...report, result: { ...report.result, metrics: { [name]: 1 } } }]), isBadMessage, JSON.stringify(name));
    }
  });

  it('names the protocol version of a hello, and of nothing else', () => {
    const hello: WorkerMessage = { kind: 'hello', protocol: 7, features: [], worker: 'wrk_1', name: 'box', slots: 1, memoryBytes: 1, slotMemoryBytes: 1, numerics: [], node: '20', leases: [], waiting: [] };
    assert.equal(helloProtocol(encodeFromWorker([hello])), 7);
    assert.equal(helloProtocol(encodeFromWorker([{ kind: 'heartbeat' }, hello])), null);
    assert.throws(() => helloProtocol(new Uint8Array([0xff])), isBadMessage);
  });
});

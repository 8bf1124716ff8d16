/** Messages of every kind, for property tests of whatever carries them. */
import fc from 'fast-check';
import type { CoordinatorMessage, Finished, LeaseRef, WorkerMessage } from '../../proto/messages.js';
import type { Augmentation, CommandTrajectory, EpochSettings, ImageEpochSettings, ImageTrajectory, ModuleTrajectory, Json, Outcome, OutcomeClass, SyntheticTrajectory, Work } from '../../proto/work.js';

/** Plain objects, as the codec gives them. */
function record<T>(model: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const epoch = fc.nat({ max: 2 ** 32 - 1 });
const small = fc.nat({ max: 300 });
const bytes = fc.maxSafeNat();
const seq = fc.maxSafeNat();
const lease: fc.Arbitrary<LeaseRef> = record({ attempt: text, token: text });
const confusion = fc.array(fc.array(epoch, { maxLength: 4 }), { maxLength: 4 });
/** JSON text has no -0; nobody writes one. */
const jsonNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
const counts = fc.array(epoch, { maxLength: 5 });
const roc = record({ positives: epoch, negatives: epoch, falsePositives: counts, falseNegatives: counts });
const metrics = fc.array(fc.tuple(text, fc.double())).map((pairs) => Object.fromEntries(pairs));

const box = record({ pool: fc.option(text), labels: fc.dictionary(text.map((key) => `l${key}`), text, { noNullPrototype: true }), engine: text, gpus: fc.array(record({ index: epoch, name: text, memoryBytes: bytes })) });
const use = record({ epochsPerSecond: fc.double(), gpus: fc.array(record({ index: epoch, memoryUsedBytes: bytes, utilisation: fc.double(), celsius: fc.double() })) });
const useAndCache = fc.tuple(use, fc.option(record({ bytes, limitBytes: bytes }), { nil: undefined })).map(([told, cache]) => (cache === undefined ? told : { ...told, cache }));

const outcomeClass = fc.constantFrom<OutcomeClass>('done', 'released', 'OutOfMemory', 'TrainableError', 'DataError', 'WorkerLost', 'Preempted', 'Timeout', 'DiskFull', 'CheckpointLost', 'DataLost');

export const workerMessages: { readonly [kind in WorkerMessage['kind']]: fc.Arbitrary<WorkerMessage> } = {
  hello: fc.tuple(record({
    kind: fc.constant('hello' as const),
    protocol: epoch,
    features: fc.array(text),
    worker: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
    name: text,
    slots: fc.nat({ max: 4_096 }),
    memoryBytes: bytes,
    slotMemoryBytes: bytes,
    numerics: fc.array(text),
    node: text,
    leases: fc.array(lease),
    waiting: fc.array(text),
  }), fc.option(box)).map(([hello, told]) => (told === null ? hello : { ...hello, box: told })),
  heartbeat: fc.option(useAndCache).map((told) => ({ kind: 'heartbeat' as const, ...(told === null ? {} : { use: told }) })),
  progress: record({ kind: fc.constant('progress' as const), attempt: text, epoch, step: epoch, steps: epoch, loss: fc.double() }),
  missing: record({ kind: fc.constant('missing' as const), blob: digest }),
  log: record({ kind: fc.constant('log' as const), attempt: text, token: text, from: bytes, text: fc.uint8Array({ maxLength: 40 }) }),
  epoch: record({
      seq,
      epoch,
      key: digest,
      result: fc.tuple(record({ metrics, confusion: fc.option(confusion), diverged: fc.boolean() }), fc.array(roc, { maxLength: 3 })).map(([result, curves]) => (curves.length === 0 ? result : { ...result, roc: curves })),
      cost: record({ seconds: fc.double(), steps: epoch, params: bytes, msPerImage: fc.option(fc.double()) }),
      lease,
    })
    .map(({ lease: { attempt, token }, ...rest }) => ({ kind: 'epoch' as const, attempt, token, ...rest })),
  checkpoint: record({ kind: fc.constant('checkpoint' as const), attempt: text, token: text, seq, epoch, key: digest, blob: digest, bytes }),
  evaluation: record({
    kind: fc.constant('evaluation' as const),
    attempt: text,
    token: text,
    seq,
    key: digest,
    part: fc.constantFrom('val' as const, 'test' as const),
    result: record({ metrics: record({ loss: fc.double(), accuracy: fc.double(), auc: fc.double() }), confusion, probabilities: digest }),
  }),
  finished: record<Finished>({
    kind: fc.constant('finished' as const),
    attempt: text,
    token: text,
    seq,
    outcome: record<Outcome>({ class: outcomeClass, message: text, neededBytes: fc.option(bytes) }),
    log: text,
  }),
};

const imageTrajectory: fc.Arbitrary<ImageTrajectory> = record({
  format: small,
  trainable: fc.constant('image-classifier' as const),
  version: small,
  numerics: text,
  data: digest,
  classes: small,
  input: record({ height: small, width: small, channels: fc.constantFrom(1 as const, 3 as const), resize: fc.constantFrom('stretch' as const, 'pad' as const, 'crop' as const), normalisation: fc.constantFrom('scale' as const, 'zerocenter' as const, 'standardise' as const) }),
  model: record({ name: text, knobs: fc.dictionary(text, json, { noNullPrototype: true }) }),
  optimizer: fc.oneof(
    record({ name: fc.constant('sgd' as const) }),
    record({ name: fc.constantFrom('sgdm' as const, 'nesterov' as const), momentum: jsonNumber }),
    record({ name: fc.constant('rmsprop' as const), rho: jsonNumber, epsilon: jsonNumber }),
    record({ name: fc.constant('adamw' as const), beta1: jsonNumber, beta2: jsonNumber, epsilon: jsonNumber, weightDecay: jsonNumber }),
    record({ name: fc.constant('adam' as const), beta1: jsonNumber, beta2: jsonNumber, epsilon: jsonNumber }),
  ),
  loss: fc.constant('softmaxCrossEntropy' as const),
  initSeed: small,
  replicate: small,
  salt: fc.option(small),
});

const syntheticTrajectory: fc.Arbitrary<SyntheticTrajectory> = record({
  format: small,
  trainable: fc.constant('synthetic' as const),
  version: small,
  numerics: fc.constant('none' as const),
  epochMs: jsonNumber,
  metrics: fc.dictionary(text, text, { noNullPrototype: true }),
  salt: fc.option(small),
});

const programParts = { format: small, version: small, numerics: fc.constant('none' as const), seed: small, replicate: small, salt: fc.option(small) };
const commandTrajectory: fc.Arbitrary<CommandTrajectory> = record({
  ...programParts,
  trainable: fc.constant('command' as const),
  command: fc.array(text, { minLength: 1 }),
  environment: fc.dictionary(text, text, { noNullPrototype: true }),
  program: fc.option(digest),
});
const moduleTrajectory: fc.Arbitrary<ModuleTrajectory> = record({ ...programParts, trainable: fc.constant('module' as const), program: digest });

const augmentation: fc.Arbitrary<Augmentation> = record({
  rotation: jsonNumber, shiftHorizontal: jsonNumber, shiftVertical: jsonNumber, shear: jsonNumber, zoom: jsonNumber,
  flip: fc.constantFrom('none', 'horizontal', 'vertical', 'both'), contrast: jsonNumber, brightness: jsonNumber, crop: jsonNumber,
  fill: fc.constantFrom('constant', 'nearest', 'reflect', 'wrap'),
});
const imageSettings: fc.Arbitrary<ImageEpochSettings> = record({
  lr: jsonNumber, lrFrom: jsonNumber, batch: small, accumulate: small, dropout: jsonNumber, classWeights: fc.option(fc.array(jsonNumber)), l2: jsonNumber,
  labelSmoothing: jsonNumber, clipNorm: fc.option(jsonNumber), trainFraction: jsonNumber, augment: fc.option(augmentation), dataSeed: small,
});
const settings: fc.Arbitrary<EpochSettings> = fc.oneof(imageSettings, record({ values: fc.dictionary(text, json, { noNullPrototype: true }) }));

/** Spans in which settings often repeat, as they do in life. */
const epochsOfSpan = fc.array(fc.tuple(settings, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 4 }).map((runs) => runs.flatMap(([value, count]) => new Array<EpochSettings>(count).fill(value)));

const limits = { memoryBytes: fc.option(bytes), timeoutMs: fc.option(fc.double({ min: 0, noNaN: true })) };

const trainWork: fc.Arbitrary<Work> = record({
    trajectory: fc.oneof(imageTrajectory, syntheticTrajectory, commandTrajectory, moduleTrajectory),
    from: fc.nat({ max: 100_000 }),
    epochs: epochsOfSpan,
    checkpoint: fc.option(digest),
    keep: fc.array(epoch),
    evaluate: fc.array(epoch),
    awaitFrom: epoch,
    dataset: fc.option(digest),
    ...limits,
    silenceMs: fc.option(fc.double({ min: 0, noNaN: true })),
    checkpointEveryMs: fc.double({ min: 0, noNaN: true }),
  })
  .chain((work) =>
    fc.array(digest, { minLength: work.epochs.length, maxLength: work.epochs.length }).map((keys) => ({ kind: 'train' as const, ...work, to: work.from + work.epochs.length, keys })),
  );

const evaluateWork: fc.Arbitrary<Work> = record({
  kind: fc.constant('evaluate' as const),
  trajectory: imageTrajectory,
  epoch,
  key: digest,
  checkpoint: digest,
  parts: fc.subarray(['val' as const, 'test' as const]),
  dataset: digest,
  ...limits,
});

export const coordinatorMessages: { readonly [kind in CoordinatorMessage['kind']]: fc.Arbitrary<CoordinatorMessage> } = {
  welcome: record({ kind: fc.constant('welcome' as const), leaseTermMs: fc.integer({ min: 1, max: 2 ** 32 - 1 }), heartbeatMs: fc.integer({ min: 1, max: 2 ** 32 - 1 }), lost: fc.array(lease) }),
  refused: record({ kind: fc.constant('refused' as const), code: text, message: text, retry: fc.boolean() }),
  offer: record({ kind: fc.constant('offer' as const), attempt: text, token: text, work: fc.oneof(trainWork, evaluateWork) }),
  answer: record({
    kind: fc.constant('answer' as const),
    seq,
    verdict: fc.constantFrom('ok' as const, 'stale' as const),
    next: fc.constantFrom('continue' as const, 'stop' as const),
    keep: fc.boolean(),
    evaluate: fc.boolean(),
  }),
  keep: record({ kind: fc.constant('keep' as const), attempt: text, epoch }),
  drain: fc.constant({ kind: 'drain' as const }),
  restore: record({ kind: fc.constant('restore' as const), blob: digest }),
  follow: record({ kind: fc.constant('follow' as const), attempt: text, token: text, from: bytes, forMs: epoch }),
  cancel: record({ kind: fc.constant('cancel' as const), attempt: text, how: fc.constantFrom('release' as const, 'abandon' as const) }),
};

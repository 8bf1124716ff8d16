/** The work of an offer on the wire: the one message whose parts are open-ended. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { EpochRun, EvaluateWork as WireEvaluateWork, Offer, OfferSchema, TrainWork as WireTrainWork } from './generated/trawl_pb.js';
import { isClassifier, type EpochSettings, type EvaluateWork, type TrainWork, type Trajectory, type Work } from './work.js';
import { bytesToDigest, digestToBytes, fromUint64, parseObject, parts, ProtocolError, toUint64, uint32 } from './wire.js';

type WorkInit = NonNullable<MessageInitShape<typeof OfferSchema>['work']>;

export function offerToWire(work: Work): WorkInit {
  return work.kind === 'train' ? trainToWire(work) : evaluateToWire(work);
}

export function offerFromWire(work: Offer['work']): Work {
  if (work.case === 'train') return trainFromWire(work.value);
  if (work.case === 'evaluate') return evaluateFromWire(work.value);
  throw new ProtocolError('an offer holds no work of a known kind');
}

function trainToWire(work: TrainWork): WorkInit {
  checkSpan(work.from, work.to, work.keys.length, work.epochs.length);
  return {
    case: 'train',
    value: {
      trajectoryJson: JSON.stringify(work.trajectory),
      from: uint32('from', work.from),
      to: uint32('to', work.to),
      keys: work.keys.map((key) => digestToBytes('key', key)),
      epochs: runsOf(work.epochs),
      keep: work.keep.map((epoch) => uint32('keep', epoch)),
      evaluate: work.evaluate.map((epoch) => uint32('evaluate', epoch)),
      awaitFrom: uint32('awaitFrom', work.awaitFrom),
      checkpointEveryMs: work.checkpointEveryMs,
      ...(work.checkpoint === null ? {} : { checkpoint: digestToBytes('checkpoint', work.checkpoint) }),
      ...(work.dataset === null ? {} : { dataset: digestToBytes('dataset', work.dataset) }),
      ...(work.silenceMs === null ? {} : { silenceMs: work.silenceMs }),
      ...limitsToWire(work),
    },
  };
}

function trainFromWire(wire: WireTrainWork): TrainWork {
  const settings = wire.epochs.reduce((sum, run) => sum + run.count, 0);
  checkSpan(wire.from, wire.to, wire.keys.length, settings);
  return {
    kind: 'train',
    trajectory: trajectoryFrom(wire.trajectoryJson),
    from: wire.from,
    to: wire.to,
    keys: wire.keys.map((key) => bytesToDigest('key', key)),
    epochs: wire.epochs.flatMap(settingsOf),
    checkpoint: wire.checkpoint === undefined ? null : bytesToDigest('checkpoint', wire.checkpoint),
    keep: wire.keep,
    evaluate: wire.evaluate,
    awaitFrom: wire.awaitFrom,
    dataset: wire.dataset === undefined ? null : bytesToDigest('dataset', wire.dataset),
    ...limitsFromWire(wire),
    silenceMs: wire.silenceMs ?? null,
    checkpointEveryMs: wire.checkpointEveryMs,
  };
}

function evaluateToWire(work: EvaluateWork): WorkInit {
  return {
    case: 'evaluate',
    value: {
      trajectoryJson: JSON.stringify(work.trajectory),
      epoch: uint32('epoch', work.epoch),
      key: digestToBytes('key', work.key),
      checkpoint: digestToBytes('checkpoint', work.checkpoint),
      parts: work.parts.map((part) => parts.encode(part)),
      dataset: digestToBytes('dataset', work.dataset),
      ...limitsToWire(work),
    },
  };
}

function evaluateFromWire(wire: WireEvaluateWork): EvaluateWork {
  const trajectory = trajectoryFrom(wire.trajectoryJson);
  if (!isClassifier(trajectory)) throw new ProtocolError(`an evaluation of a trainable ${trajectory.trainable}, which has no predictions`);
  return {
    kind: 'evaluate',
    trajectory,
    epoch: wire.epoch,
    key: bytesToDigest('key', wire.key),
    checkpoint: bytesToDigest('checkpoint', wire.checkpoint),
    parts: wire.parts.map((part) => parts.decode(part)),
    dataset: bytesToDigest('dataset', wire.dataset),
    ...limitsFromWire(wire),
  };
}

/** Checked before runs are expanded, so that a short frame cannot ask for endless memory. */
function checkSpan(from: number, to: number, keys: number, settings: number): void {
  const span = to - from;
  if (span < 1 || keys !== span || settings !== span) throw new ProtocolError(`work for epochs [${from}, ${to}): found ${keys} keys and settings for ${settings} epochs`);
}

function runsOf(epochs: readonly EpochSettings[]): { count: number; settingsJson: string }[] {
  const runs: { count: number; settingsJson: string }[] = [];
  let previous: EpochSettings | undefined;
  for (const settings of epochs) {
    const last = runs.at(-1);
    const settingsJson = settings === previous && last !== undefined ? last.settingsJson : JSON.stringify(settings);
    if (last?.settingsJson === settingsJson) last.count += 1;
    else runs.push({ count: 1, settingsJson });
    previous = settings;
  }
  return runs;
}

function settingsOf(run: EpochRun): EpochSettings[] {
  const settings = parseObject('epoch settings', run.settingsJson) as unknown as EpochSettings;
  return new Array<EpochSettings>(run.count).fill(settings);
}

/** A trainable that is missing here does not compile. */
const TRAINABLES: { readonly [trainable in Trajectory['trainable']]: true } = { 'image-classifier': true, classical: true, synthetic: true, command: true, module: true };

function trajectoryFrom(text: string): Trajectory {
  const value = parseObject('trajectory', text);
  const { trainable } = value;
  if (typeof trainable !== 'string' || !Object.hasOwn(TRAINABLES, trainable)) throw new ProtocolError(`trajectory: found the trainable ${JSON.stringify(trainable)}, expected one of ${Object.keys(TRAINABLES).join(', ')}`);
  return value as unknown as Trajectory;
}

interface Limits {
  readonly memoryBytes: number | null;
  readonly timeoutMs: number | null;
}

function limitsToWire(work: Limits): { memoryBytes?: bigint; timeoutMs?: number } {
  return {
    ...(work.memoryBytes === null ? {} : { memoryBytes: toUint64('memoryBytes', work.memoryBytes) }),
    ...(work.timeoutMs === null ? {} : { timeoutMs: work.timeoutMs }),
  };
}

function limitsFromWire(wire: { readonly memoryBytes?: bigint | undefined; readonly timeoutMs?: number | undefined }): Limits {
  return {
    memoryBytes: wire.memoryBytes === undefined ? null : fromUint64('memoryBytes', wire.memoryBytes),
    timeoutMs: wire.timeoutMs ?? null,
  };
}

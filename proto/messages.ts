/**
 * The session protocol, as plain types. One protobuf set (trawl.proto) carries these over every
 * carrier; `codec.ts` translates. Messages with a `seq` are reliable: the worker keeps them in its
 * outbox until the coordinator's answer (sent after commit) and sends them again after a reconnect.
 */
import type { BlobId, EpochCost, EpochKey, EpochResult, EvaluatedPart, EvaluationResult, Outcome, Work } from './work.js';

/** Raised on an incompatible change of the messages. */
export const PROTOCOL_VERSION = 1;

/** The fenced right to run one attempt. A write that does not carry both changes nothing. */
export interface LeaseRef {
  readonly attempt: string;
  readonly token: string;
}

/** Features of workers that change what they may be sent. */
export const FEATURE_DRAIN = 'drain';
export const FEATURE_RESTORE = 'restore';
export const FEATURE_LOG = 'log';

/** A GPU of a box. */
export interface GpuFacts {
  readonly index: number;
  readonly name: string;
  readonly memoryBytes: number;
}

/** What a person put a box down as, and what it has. */
export interface BoxFacts {
  /** Null for none. */
  readonly pool: string | null;
  readonly labels: { readonly [key: string]: string };
  /** What it trains with where nothing else is asked for, for a person. */
  readonly engine: string;
  readonly gpus: readonly GpuFacts[];
}

export interface GpuUse {
  readonly index: number;
  readonly memoryUsedBytes: number;
  /** From 0 to 1. */
  readonly utilisation: number;
  readonly celsius: number;
}

/** What a box keeps on its disk to use again: packs, decoded images, programs. */
export interface CacheUse {
  readonly bytes: number;
  readonly limitBytes: number;
}

/** How a box is used now. */
export interface BoxUse {
  /** Trained over the last minute. */
  readonly epochsPerSecond: number;
  readonly gpus: readonly GpuUse[];
  /** Absent from a worker that does not tell. */
  readonly cache?: CacheUse;
}

export interface Hello {
  readonly kind: 'hello';
  readonly protocol: number;
  readonly features: readonly string[];
  /** Stable over restarts of the agent on one home, e.g. wrk_… */
  readonly worker: string;
  readonly name: string;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly slotMemoryBytes: number;
  /** Numerics that this worker can reproduce; placement keeps a trajectory on its own. */
  readonly numerics: readonly string[];
  readonly node: string;
  /** Attempts still running here (a reconnect, or a new leader). */
  readonly leases: readonly LeaseRef[];
  /** Attempts among the leases that no slot has begun. */
  readonly waiting: readonly string[];
  /** Absent from a worker that does not tell. */
  readonly box?: BoxFacts;
}

export interface Heartbeat {
  readonly kind: 'heartbeat';
  /** Absent from a worker that does not tell. */
  readonly use?: BoxUse;
}

/** For people who watch; may be lost. */
export interface Progress {
  readonly kind: 'progress';
  readonly attempt: string;
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** NaN before the first step. */
  readonly loss: number;
}

/** Part of a data set, or a program, that the store should have and has not: others may have a copy. May be lost, and is said again. */
export interface MissingBlob {
  readonly kind: 'missing';
  readonly blob: BlobId;
}

/** Of what an attempt's process printed, for people who follow it; may be lost. What lies between two of them was left out. */
export interface LogText extends LeaseRef {
  readonly kind: 'log';
  /** Bytes that it had printed before these. */
  readonly from: number;
  /** Seldom whole lines; mostly UTF-8. */
  readonly text: Uint8Array;
}

export interface EpochReport extends LeaseRef {
  readonly kind: 'epoch';
  readonly seq: number;
  readonly epoch: number;
  readonly key: EpochKey;
  readonly result: EpochResult;
  readonly cost: EpochCost;
}

/** The bytes are in the blob store already. */
export interface CheckpointSaved extends LeaseRef {
  readonly kind: 'checkpoint';
  readonly seq: number;
  readonly epoch: number;
  readonly key: EpochKey;
  readonly blob: BlobId;
  readonly bytes: number;
}

export interface EvaluationReport extends LeaseRef {
  readonly kind: 'evaluation';
  readonly seq: number;
  readonly key: EpochKey;
  readonly part: EvaluatedPart;
  readonly result: EvaluationResult;
}

export interface Finished extends LeaseRef {
  readonly kind: 'finished';
  readonly seq: number;
  readonly outcome: Outcome;
  /** The end of what was printed. */
  readonly log: string;
}

export type ReliableMessage = EpochReport | CheckpointSaved | EvaluationReport | Finished;
export type WorkerMessage = Hello | Heartbeat | Progress | MissingBlob | LogText | ReliableMessage;

export interface Welcome {
  readonly kind: 'welcome';
  readonly leaseTermMs: number;
  readonly heartbeatMs: number;
  /** Leases of the hello that are gone: their attempts must be ended at once. */
  readonly lost: readonly LeaseRef[];
}

/** The session cannot be: another protocol version, no right. `retry` false means for good. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
  readonly retry: boolean;
}

export interface Offer extends LeaseRef {
  readonly kind: 'offer';
  readonly work: Work;
}

/** Acknowledges one reliable message after its commit. */
export interface Answer {
  readonly kind: 'answer';
  readonly seq: number;
  /** `stale`: the lease is gone and nothing was changed; end the attempt. */
  readonly verdict: 'ok' | 'stale';
  /** For epoch reports: whether to begin the next epoch, and whether to save this epoch's checkpoint. */
  readonly next: 'continue' | 'stop';
  readonly keep: boolean;
  /** For epoch reports: evaluate this epoch now, since its weights are at hand. */
  readonly evaluate: boolean;
}

/** A branch appeared: save the checkpoint of this epoch too, if it has not passed. */
export interface Keep {
  readonly kind: 'keep';
  readonly attempt: string;
  readonly epoch: number;
}

/** `release`: stop at the next epoch end with a checkpoint. `abandon`: the lease is gone, stop at once. */
export interface Cancel {
  readonly kind: 'cancel';
  readonly attempt: string;
  readonly how: 'release' | 'abandon';
}

/** Give everything back, and leave. Only to a worker whose hello has FEATURE_DRAIN. */
export interface Drain {
  readonly kind: 'drain';
}

/** Put this blob into the store, if a copy of it is on the box. Only to a worker whose hello has FEATURE_RESTORE. */
export interface RestoreBlob {
  readonly kind: 'restore';
  readonly blob: BlobId;
}

/** Tell what this attempt's process prints. Only to a worker whose hello has FEATURE_LOG. */
export interface FollowLog extends LeaseRef {
  readonly kind: 'follow';
  /** Bytes of it that are here already. */
  readonly from: number;
  /** From its arrival on; 0 ends it. */
  readonly forMs: number;
}

export type CoordinatorMessage = Welcome | Refused | Offer | Answer | Keep | Cancel | Drain | RestoreBlob | FollowLog;

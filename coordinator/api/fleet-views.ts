/** Workers, tokens and blobs that nobody needs, as the application service answers them (views.ts). */
import type { Role } from '../access/roles.js';
import type { WaitReason } from '../placement/waiting.js';

export interface GpuView {
  readonly index: number;
  readonly name: string;
  readonly memoryBytes: number;
  /** Null where it is not told. */
  readonly usedBytes: number | null;
  readonly utilisation: number | null;
  readonly celsius: number | null;
}

/** What a worker is at. */
export interface WorkerStage {
  readonly kind: 'train' | 'evaluate';
  /** Name of a sweep that wants it; null where none does any more. */
  readonly sweep: string | null;
  /** Numbers of the trials that wait for it. */
  readonly trials: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
}

export interface WorkerView {
  readonly id: string;
  readonly name: string;
  /** `draining`: it gives everything back and leaves. `quarantined`: it is given nothing for a while, since what it was given failed. */
  readonly state: 'active' | 'draining' | 'quarantined' | 'gone';
  /** Null where it is not known. */
  readonly carrier: 'grpc' | 'nats' | null;
  readonly pool: string | null;
  readonly labels: { readonly [key: string]: string };
  /** What it trains with where nothing else is asked for, for a person. */
  readonly engine: string;
  /** What it can train with, the best first. */
  readonly numerics: readonly string[];
  readonly slots: number;
  readonly busy: number;
  readonly memoryBytes: number;
  readonly gpus: readonly GpuView[];
  /** Over the last minute; null where it is not told. */
  readonly epochsPerSecond: number | null;
  /** What it keeps on its disk to use again: packs, decoded images, programs; null where it is not told. */
  readonly cache: { readonly bytes: number; readonly limitBytes: number } | null;
  readonly lastSeenSeconds: number;
  /** Null outside quarantine. */
  readonly quarantinedForSeconds: number | null;
  /** How the last of the failures that put it there ended; null outside quarantine. */
  readonly quarantinedWhy: string | null;
  /** Of one that is draining, or has left since: who asked for it, and when (ISO 8601, UTC). Null where nobody has. */
  readonly drain: { readonly by: string; readonly at: string } | null;
  readonly stages: readonly WorkerStage[];
}

/** Pieces of work (stages and evaluations) that are ready, by what they wait for. Null where nobody leads here. */
export interface QueueView {
  readonly waiting: { readonly [reason in WaitReason]: number } | null;
}

/** What a slot was at for a while. */
export interface SlotSpan {
  readonly attempt: string;
  /** Id of the worker, and its name, which is the id where it is not known any more. */
  readonly worker: string;
  readonly name: string;
  /** Which of the worker's slots, from 0, as far as times tell: attempts of one lane never overlap. */
  readonly lane: number;
  readonly kind: 'train' | 'evaluate';
  /** Names of the sweeps on whose behalf. */
  readonly sweeps: readonly string[];
  /** Epochs [from, to). */
  readonly from: number;
  readonly to: number;
  /** Null as long as it runs. */
  readonly outcome: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** What slots were at between two times. */
export interface SlotTimeline {
  readonly from: string;
  readonly to: string;
  /** In order of their beginning. */
  readonly attempts: readonly SlotSpan[];
  /** There were more: those are the latest. */
  readonly more: boolean;
}

export interface Drained {
  /** False for a worker of an older version, which gives everything back, and stays without work. */
  readonly leaves: boolean;
}

export interface Released {
  /** False where it was not quarantined. */
  readonly released: boolean;
}

/** A token as its maker sees it; the secret is shown once, when it is made. */
export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly state: 'valid' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly createdBy: string;
  /** Null for never, as of the following. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** To the minute. */
  readonly lastUsed: string | null;
}

export interface TokenRequest {
  /** Null for the role's. */
  readonly name: string | null;
  readonly role: Role;
  /** Null for never. */
  readonly expiresInMs: number | null;
}

export interface MadeToken {
  readonly token: TokenView;
  readonly secret: string;
}

export interface GarbageRequest {
  /** At least an hour: bytes are put first, and referred to later. */
  readonly olderThanMs: number;
  /** Only say what would go. */
  readonly dryRun: boolean;
}

/** Blobs that nothing refers to, the longest unused first. */
export interface GarbageView {
  readonly deleted: boolean;
  /** Of a deletion: there was no time for all of them in one request. */
  readonly more: boolean;
  readonly bytes: number;
  readonly blobs: readonly { readonly id: string; readonly kind: string; readonly bytes: number | null; readonly lastUsed: string }[];
}

/**
 * What agent and training child say to each other over the child's IPC channel, as JSON. Each send
 * carries a list, because a send costs more than what is in it: the messages of one turn travel
 * together. The agent gives one order at a time; whatever else it sends speaks of that order.
 */
import type { EpochCost, EpochResult, EvaluatedPart, EvaluateWork, Outcome, TrainWork } from '../../proto/work.js';
import type { PixelTable } from '../data/pixel-cache.js';

/** The state to begin with: initial weights, what the child holds from its last order, or a file with a checkpoint's bytes. */
export type Start = { readonly from: 'nothing' } | { readonly from: 'held' } | { readonly from: 'file'; readonly path: string };

interface OrderBase {
  readonly attempt: string;
  readonly start: Start;
  /** null for trainables without data. */
  readonly pixels: PixelTable | null;
  /** Of a command the archive of its files, of a module its code; null for trainables without, and a command without files. */
  readonly program: string | null;
  /** Of a transfer the file of its base's weights; absent for others. */
  readonly weights?: string;
  /** Folder for the files that are handed over; each name begins with `prefix`. */
  readonly folder: string;
  readonly prefix: string;
  /** Limit on the child's resident memory. */
  readonly memoryBytes: number;
}

export interface TrainOrder extends OrderBase {
  readonly kind: 'train';
  readonly work: TrainWork;
}

export interface EvaluateOrder extends OrderBase {
  readonly kind: 'evaluate';
  readonly work: EvaluateWork;
}

export type Order = TrainOrder | EvaluateOrder;

/** The coordinator's answer to an epoch's report, as far as the child needs it. */
export interface EpochAnswer {
  readonly kind: 'answer';
  readonly attempt: string;
  readonly epoch: number;
  readonly next: 'continue' | 'stop';
  readonly keep: boolean;
  readonly evaluate: boolean;
}

export interface KeepEpoch {
  readonly kind: 'keep';
  readonly attempt: string;
  readonly epoch: number;
}

/** Stop at the next epoch end, with a checkpoint. */
export interface ReleaseOrder {
  readonly kind: 'release';
  readonly attempt: string;
}

export type ToChild = Order | EpochAnswer | KeepEpoch | ReleaseOrder;

export interface StepProgress {
  readonly kind: 'progress';
  readonly attempt: string;
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** null before the first step: JSON knows no NaN. */
  readonly loss: number | null;
}

export interface EpochDone {
  readonly kind: 'epoch';
  readonly attempt: string;
  readonly epoch: number;
  readonly result: EpochResult;
  readonly cost: EpochCost;
}

/** The file is the receiver's from now on. */
export interface StateWritten {
  readonly kind: 'state';
  readonly attempt: string;
  readonly epoch: number;
  readonly path: string;
}

/** Probabilities float32 little-endian [images, classes] are in the file, which is the receiver's from now on. */
export interface PartEvaluated {
  readonly kind: 'evaluated';
  readonly attempt: string;
  readonly epoch: number;
  readonly part: EvaluatedPart;
  readonly metrics: { readonly loss: number; readonly accuracy: number; readonly auc: number };
  readonly confusion: readonly (readonly number[])[];
  readonly path: string;
}

export interface OrderFinished {
  readonly kind: 'finished';
  readonly attempt: string;
  readonly outcome: Outcome;
  /** The epoch whose end the child's weights are at, and can go on from; null where it holds none. */
  readonly holds: number | null;
}

export type FromChild = StepProgress | EpochDone | StateWritten | PartEvaluated | OrderFinished;

/** The seam between the loop over a stage's epochs and what trains them. */
import type { RocSummary } from '../../proto/roc-summary.js';
import type { EpochCost, EpochResult, EpochSettings, EvaluatedPart } from '../../proto/work.js';

export interface TrainedEpoch {
  readonly result: EpochResult;
  readonly cost: EpochCost;
}

export interface Evaluation {
  readonly metrics: { readonly loss: number; readonly accuracy: number; readonly auc: number };
  readonly confusion: readonly (readonly number[])[];
  readonly roc: readonly RocSummary[];
  /** Time of the predictions. */
  readonly msPerImage: number;
  /** [images of the part in manifest order, classes] */
  readonly probabilities: Float32Array;
}

/** How an epoch in progress hears of the world, and the world of it. */
export interface EpochWatch {
  /** True once nobody wants this epoch any more: `train` returns null as soon as it can. */
  interrupted(): boolean;
  /** Settles when `interrupted` becomes true. */
  readonly interruption: Promise<void>;
  /** Settles when the stage is to end with this epoch, and its checkpoint is wanted. */
  readonly release: Promise<void>;
  /** After a step; `loss` is that step's. */
  step(step: number, steps: number, loss: number): void;
}

export type State = Uint8Array | AsyncIterable<Uint8Array>;

export interface Trainer {
  /**
   * Trains one epoch from the state at hand; null when it was interrupted, which leaves the state unusable, and
   * when a program that was asked to end has ended before it, where `state` is still that of the epoch before.
   */
  train(epoch: number, settings: EpochSettings, watch: EpochWatch): TrainedEpoch | null | Promise<TrainedEpoch | null>;
  /** Bytes of a checkpoint at the end of the last epoch; null for trainables without state, and where the program saved none. */
  state(): State | null | Promise<State | null>;
  /** Predictions and metrics from the weights at hand; null where the part has no images. */
  evaluate(part: EvaluatedPart): Promise<Evaluation | null>;
  /** Ends in peace what was started for it, after the last epoch that is wanted. */
  close?(): Promise<void>;
}

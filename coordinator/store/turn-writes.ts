/** What the store is given to write: a turn of the leader, and what people ask for. */
import type { BlobId, EpochKey, EpochResult, EvaluatedPart, EvaluationResult, Json, OutcomeClass } from '../../proto/work.js';
import type { BudgetEnd, DataSummary, SweepSpec, TrialPlan } from '../sweep/spec.js';
import type { WarmStart } from '../sweep/warm-start.js';
import type { MemoryPeak } from '../placement/memory.js';
import type { SweepState, TrialState } from '../trial/states.js';
import type { EventWrite, OpenAttempt, RevisionOrigin, Spent, StoredScore, SweepRecord, SweepSource, TokenRecord, TrialFailure } from './records.js';

/** The attempt as it is read again by a later leader, and the stage it is of. */
export interface GrantWrite extends OpenAttempt {
  readonly stage: string;
}

export interface EpochWrite {
  readonly attempt: string;
  readonly token: string;
  readonly key: EpochKey;
  readonly parent: EpochKey | null;
  readonly epoch: number;
  readonly result: EpochResult;
  readonly seconds: number;
  readonly params: number;
  readonly msPerImage: number | null;
}

/** A key that was trained again after a loss: counted, compared, never rewritten. */
export interface RetrainedWrite {
  readonly attempt: string;
  readonly token: string;
  readonly key: EpochKey;
}

export interface CheckpointWrite {
  readonly attempt: string;
  readonly token: string;
  readonly key: EpochKey;
  readonly blob: BlobId;
  readonly bytes: number;
}

export interface EvaluationWrite {
  readonly attempt: string;
  readonly token: string;
  readonly key: EpochKey;
  readonly part: EvaluatedPart;
  readonly result: EvaluationResult;
}

export interface AttemptEnd {
  readonly attempt: string;
  readonly token: string;
  readonly outcome: OutcomeClass;
  readonly message: string;
  /** The end of what was printed before a failure; else empty. */
  readonly log: string;
  /** How long after its lease a slot began it; null for one that never began. */
  readonly beganAfterMs: number | null;
}

export interface TrialUpdate {
  readonly id: string;
  /** As its sweep's record had it: a trial that went over to another revision since is not matched. */
  readonly revision: number;
  readonly state: TrialState;
  readonly epochs: number | null;
  /** Null leaves what is stored. */
  readonly until: number | null;
  readonly bestEpoch: number | null;
  readonly failure: TrialFailure | null;
  /** Of a completed trial; absent where it is not known. */
  readonly score?: StoredScore | undefined;
}

export interface SweepUpdate {
  readonly id: string;
  readonly state: SweepState;
  /** As its record had it: a sweep that a person changed since is not matched. */
  readonly changes: number;
}

export interface SpentWrite extends Spent {
  readonly id: string;
  readonly revision: number;
  readonly endedBy: BudgetEnd | null;
}

export interface WorkerWrite {
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly numerics: readonly string[];
  readonly connected: boolean;
  /** A person asked it to leave, and it has not left so far. */
  readonly draining: boolean;
  /** Who asked it last to leave, as the event has it. */
  readonly drainedBy: string | null;
}

export interface NewTrial extends FreshTrial {
  readonly id: string;
  readonly sweep: string;
  readonly revision: number;
}

/** All that one turn of the leader changes, in the order in which it is applied. */
export interface TurnWrites {
  readonly workers: WorkerWrite[];
  readonly epochs: EpochWrite[];
  readonly retrained: RetrainedWrite[];
  readonly checkpoints: CheckpointWrite[];
  /** Keys whose checkpoint is no longer wanted. */
  readonly dropped: EpochKey[];
  readonly evaluations: EvaluationWrite[];
  readonly ended: AttemptEnd[];
  readonly grants: GrantWrite[];
  readonly created: NewTrial[];
  readonly trials: TrialUpdate[];
  readonly sweeps: SweepUpdate[];
  readonly spent: SpentWrite[];
  readonly peaks: MemoryPeak[];
  readonly events: EventWrite[];
}

export interface NewSweep {
  readonly project: string;
  readonly actor: string;
  readonly spec: SweepSpec;
  readonly data: DataSummary | null;
  readonly numerics: string;
  /** Those that are known from the spec alone; more may be proposed while it runs. */
  readonly trials: readonly TrialPlan[];
  /** Null where it was made of nothing that could be kept. */
  readonly source: SweepSource | null;
  readonly origin: RevisionOrigin;
  readonly warmStart: WarmStart | null;
  /** For the event: what is new in the words of the file, or where it comes from. */
  readonly told: { readonly [field: string]: Json };
  /** What becomes of the trials of the revision before; null for a sweep of a new name. */
  readonly carried: Carried | null;
}

/** What a new revision takes over from the one before it. */
export interface Carried {
  /** What this was worked out from: where it is another by now, nothing is written. */
  readonly from: Pick<SweepRecord, 'id' | 'revision' | 'changes' | 'state'>;
  /** Ids of trials that go on under the new revision as they stand. */
  readonly kept: readonly string[];
  /** Whether their pruner is another one, so that how far it had let them go means nothing. */
  readonly judgedAnew: boolean;
  /** Whether they stop by another rule, so that none may have ended by the former one meanwhile. */
  readonly foldedAnew: boolean;
  /** How many trials the revision before had: one that was proposed meanwhile would be lost. */
  readonly known: number;
  /** Trials to be made, in the place of the new sweep's `trials`. */
  readonly fresh: readonly FreshTrial[];
  /** Whether the time that the sweep has run counts on. */
  readonly clockGoesOn: boolean;
  /** Whether kept trials that were cancelled are queued again, and the sampler goes on. */
  readonly revives: boolean;
  readonly state: SweepState;
}

export interface FreshTrial {
  readonly plan: TrialPlan;
  readonly ahead: number | null;
}

export interface NewToken extends Pick<TokenRecord, 'id' | 'name' | 'role' | 'hash'> {
  readonly project: string;
  /** Null for never. */
  readonly expiresInMs: number | null;
}

/** What the leader keeps in memory: sweeps, trials, workers and live attempts. Postgres holds the truth of all of it. */
import type { BoxFacts, BoxUse } from '../../proto/messages.js';
import type { BlobId, EpochKey, EvaluatedPart } from '../../proto/work.js';
import type { CarrierName } from '../dispatch/carrier.js';
import type { Pace } from '../placement/ahead.js';
import type { BoxHealth } from '../placement/quarantine.js';
import type { Judgement } from '../pruner/pruner.js';
import type { Told } from '../trial/told.js';
import type { Share } from './share.js';
import type { EpochNode, Span } from '../stage/forest.js';
import type { RecordedEpoch, RecordedEvaluation, Spent, SweepRecord, TrialFailure, TrialRecord } from '../store/records.js';
import type { TurnWrites } from '../store/turn-writes.js';
import type { BudgetEnd, TrialPlan } from '../sweep/spec.js';
import type { Fold, FoldRule } from '../trial/fold.js';
import type { Score } from '../trial/rank.js';
import type { SweepState, TrialState } from '../trial/states.js';

/** One sweep's pruner over its trials (pruning.ts). */
export interface Pruning {
  enter(trial: TrialRun, until: number | null): number;
  remember(trial: TrialRun): void;
  judge(trial: TrialRun): Judgement;
  promote(): { readonly trials: readonly TrialRun[]; readonly until: number } | null;
  leave(trial: TrialRun): void;
  close(): void;
}

/** One sweep's trials as they are proposed (proposing.ts). */
export interface Proposing {
  /** Whether the sampler will give no more. */
  exhausted: boolean;
  /** A batch is being made. */
  busy: boolean;
  readonly left: number;
  readonly more: boolean;
  adopt(plan: TrialPlan): void;
  tell(told: Told): void;
  propose(count: number): Promise<TrialPlan[]>;
  close(): void;
}

/** What can be handed out for one sweep. */
export interface ReadyItem {
  readonly kind: 'train' | 'evaluate';
  readonly sweep: SweepRun;
  /** train: the epoch to reach. evaluate: the epoch to evaluate. */
  readonly node: EpochNode;
  /** Whether a pruner has promoted a trial that waits: it goes before trials that have not begun. */
  readonly promoted: boolean;
  /** Least place of a trial that waits among those that a person enqueued; infinite where there is none. */
  readonly ahead: number;
  /** Epochs from here to the end of the longest trial that waits. */
  readonly remaining: number;
  /** Least trial number that waits: ties go by it. */
  readonly order: number;
}

/** One sweep's ready work in its order (ready-queue.ts). */
export interface Ready {
  readonly length: number;
  readonly counts: { readonly train: number; readonly evaluate: number };
  push(item: ReadyItem): void;
  take(): ReadyItem | undefined;
}

/** `score` is the trial's own, or the mean over its assignment's replicates. */
export interface Scored {
  readonly trial: TrialRun;
  readonly score: Score;
}

export interface SweepRun {
  readonly record: SweepRecord;
  readonly rule: FoldRule;
  /** Parts that have images: what a completed trial was evaluated on. */
  readonly parts: readonly EvaluatedPart[];
  readonly dataset: BlobId | null;
  readonly trials: TrialRun[];
  /** Null where all trials were known at the start. */
  readonly proposing: Proposing | null;
  readonly pruning: Pruning | null;
  /** Trials that their pruner lets wait; and those it has promoted that nobody has taken up yet. */
  readonly held: Set<TrialRun>;
  readonly promoted: Set<TrialRun>;
  readonly ready: Ready;
  /** Goes over from one revision to the next. */
  readonly share: Share;
  state: SweepState;
  /** Trials that have not ended; and of those, the ones that nobody has begun. */
  open: number;
  queued: number;
  /** Why the coordinator paused it by itself; null when a person did, or it runs. */
  problem: string | null;
  /** Whether an epoch of one of its trials has had all metrics that it goes by. */
  reports: boolean;
  /** Of each assignment that has replicates, the completed ones. */
  readonly replicates: Map<string, Scored[]>;
  /** Of the assignments whose replicates have all completed, the one with the best mean, and the best of them. */
  best: Scored | null;
  /** How long its stages take. */
  readonly pace: Pace;
  /** Whether one of its trials came further since the last turn, and when one last did, on the leader's clock; null before its first turn. */
  moved: boolean;
  movedAt: number | null;
  /** What it has used up; stands still where no budget counts it. */
  readonly spent: { -readonly [what in keyof Spent]: Spent[what] };
  /** How much of its time the store knows. */
  savedMs: number;
  /** What of its budget ended it. */
  endedBy: BudgetEnd | null;
}

export interface TrialRun {
  readonly id: string;
  readonly number: number;
  /** Place among the trials that a person enqueued, which go before all others; null for the others. */
  readonly ahead: number | null;
  readonly plan: TrialPlan;
  readonly sweep: SweepRun;
  readonly nodes: readonly EpochNode[];
  state: TrialState;
  fold: Fold;
  /** Length of its path: as planned, or as it ended. */
  length: number;
  /** After how many epochs its pruner judges it next; the length of its path for never. */
  until: number;
  /** `held`: its pruner lets it wait; it stands nowhere and its path ends, for now, where it has come to. */
  phase: 'train' | 'held' | 'evaluate' | 'ended';
  /** Best epoch so far (under restoreBest) or the chosen one, of completed trials too: its checkpoint is kept. */
  pinned: EpochNode | null;
  chosen: EpochNode | null;
  failure: TrialFailure | null;
}

export interface WorkerRun {
  readonly id: string;
  name: string;
  /** The carrier's peer; null while disconnected, which ends no lease before its term. */
  peer: string | null;
  /** Of its last session; null where it is not known. */
  carrier: CarrierName | null;
  /** Id of the token that its last session was opened with; null for the home's own, and where it is not known. */
  openedBy: string | null;
  features: ReadonlySet<string>;
  box: BoxFacts;
  /** As its last heartbeat told; null where it does not tell. */
  use: BoxUse | null;
  /** When it was last heard of, on the leader's clock in ms. */
  seenAt: number;
  /** A person asked it to leave: nothing more is offered to it. */
  draining: boolean;
  health: BoxHealth;
  slots: number;
  memoryBytes: number;
  slotMemoryBytes: number;
  numerics: ReadonlySet<string>;
  readonly attempts: Map<string, Attempt>;
  /** Of the attempts: those it has not begun, how long they will take a slot (in ms), and those that need the box to themselves. */
  waiting: number;
  waitingMs: number;
  alone: number;
  /** When its leases expire, on the leader's monotonic clock in ms; moved by every message. */
  deadline: number;
  /** The retry alone that waits for this box to be idle, and the epoch it begins with. */
  reserved: { readonly item: ReadyItem; readonly key: EpochKey } | null;
}

/** What a piece of work begins with, in the blob store. */
export interface WorkBlobs {
  /** Manifests. */
  readonly datasets: readonly BlobId[];
  /** Checkpoints, programs and weights. */
  readonly others: readonly BlobId[];
}

export interface Attempt extends Span {
  readonly id: string;
  readonly token: string;
  readonly kind: 'train' | 'evaluate';
  readonly worker: WorkerRun;
  readonly alone: boolean;
  /** What its worker may read meanwhile. */
  blobs: WorkBlobs;
  /** Sweeps on whose budget it goes. */
  payers: ReadonlySet<SweepRun>;
  /** Epochs that it was told to evaluate. */
  readonly evaluate: Set<number>;
  /** From this epoch on its worker waits for answers; before it, it runs ahead of them. */
  readonly awaitFrom: number;
  /** Until when the checkpoint of a reported epoch is waited for: one that was asked for too late never comes. */
  readonly due: Map<number, number>;
  /** The sweep that it was leased for, though others may want it too; null where a former leader leased it. */
  readonly sweep: SweepRun | null;
  /** Of the sweep that it counts for. */
  readonly share: Share;
  /** When its slot began it, on the leader's clock; null before: what is lost before that is an offer, not a worker. */
  begunAt: number | null;
  /** When it was leased, and how long it is expected to take its slot, in ms; 0 where nothing is known. */
  readonly leasedAt: number;
  readonly expectedMs: number;
  cancelled: boolean;
  progress: { readonly epoch: number; readonly step: number; readonly steps: number; readonly loss: number } | null;
}

export interface SweepFacts {
  readonly record: SweepRecord;
  readonly trials: readonly TrialRecord[];
  readonly epochs: readonly RecordedEpoch[];
  readonly evaluations: readonly RecordedEvaluation[];
}

/** New trials of one sweep, and what is recorded already on their paths. */
export interface Proposed extends Pick<SweepFacts, 'epochs' | 'evaluations'> {
  readonly trials: readonly { readonly id: string; readonly plan: TrialPlan }[];
}

export function emptyWrites(): TurnWrites {
  return { workers: [], epochs: [], retrained: [], checkpoints: [], dropped: [], evaluations: [], ended: [], grants: [], created: [], trials: [], sweeps: [], spent: [], peaks: [], events: [] };
}

export function isEmpty(writes: TurnWrites): boolean {
  return Object.values(writes).every((rows: readonly unknown[]) => rows.length === 0);
}

/** The first node of a span that has no result yet; else its last: what the attempt is for. */
export function goalOf(span: Pick<Span, 'nodes'>): EpochNode {
  const goal = span.nodes.find((node) => node.result === null) ?? span.nodes.at(-1);
  if (goal === undefined) throw new Error('a span has at least one epoch');
  return goal;
}

/**
 * A sweep as the store keeps it: validated, defaults filled in, nothing left to look up. It is what a
 * sweep file says after `parseSweepFile`, and what identifies a revision of a sweep.
 */
import type { WorkerSelector } from '../placement/selector.js';
import type { BlobId, BoxRegion, EpochKey, EpochSettings, ImageInput, Json, ModelChoice, OptimizerChoice, Part, Trajectory } from '../../proto/work.js';
import type { EnsembleRule } from '../ensemble/combine.js';

export type Assignment = { readonly [name: string]: Json };

/**
 * One hyperparameter with its values in grid order: scalars, or a schedule as {piecewise: …}, {cosine: …},
 * {constant: …}, an optimizer as {adam: …}, class weights as {CLASS: weight}, a list-valued knob as a list.
 */
export interface Axis {
  readonly name: string;
  readonly values: readonly Json[];
  /** All between `values`, which are then its two ends. Only with samplers that draw from ranges. */
  readonly range?: AxisRange;
  /** Where it exists; everywhere where this is absent. */
  readonly when?: AxisCondition;
}

/**
 * An axis inside a value of another one, which stands before it: `optimizer.adam.beta2` exists where
 * `optimizer` is adam, and its value stands at `path` in that value. There the other axis's `values` have
 * the first value of this one.
 */
export interface AxisCondition {
  readonly axis: string;
  /** Index into the other axis's `values`. */
  readonly value: number;
  readonly path: readonly string[];
}

export interface AxisRange {
  readonly min: number;
  /** Above min. */
  readonly max: number;
  readonly type: 'int' | 'float';
  readonly log: boolean;
}

export interface SplitSpec {
  /** Fraction of what is not given; null where the part is given or absent. */
  readonly val: number | 'given' | null;
  readonly test: number | 'given' | null;
  /** Pool the given parts first. */
  readonly merge: boolean;
  readonly seed: number;
}

/** Columns of a CSV file. */
export interface LabelsSpec {
  readonly file: string;
  readonly path: string;
  readonly label: string;
  readonly group: string | null;
  readonly part: string | null;
}

export interface DataSpec {
  /** As written in the file; resolved against the file's folder by whoever submits. */
  readonly path: string;
  readonly split: SplitSpec | null;
  /** Regular expression on the path below the folder; its first capture is the class. Null where folders name classes. */
  readonly label: string | null;
  /** A table of labels, its file as written and the names of its columns; or the file of an array of labels. */
  readonly labels: LabelsSpec | string | null;
  /** Names of the classes that arrays count from 0; null for the numbers themselves. */
  readonly classes: readonly string[] | null;
  /** Most images of a class (in each given part). */
  readonly perClass: number | null;
  /** Whether images of a given train folder that lie in val or test too are left out. */
  readonly dedupe: boolean;
  /** Regular expression on the base name; its first capture is the group. */
  readonly groupBy: string | null;
  readonly positive: string | null;
  readonly channels: 'gray' | 'rgb';
  readonly resize: ImageInput['resize'];
  /** Absent for the whole image. */
  readonly crop?: BoxRegion | MasksSpec;
  readonly normalisation: ImageInput['normalisation'] | null;
  /** Largest share of unreadable files that is tolerated. */
  readonly maxRejected: number;
}

/** A folder of masks as written, relative to the file's folder. */
export interface MasksSpec {
  readonly masks: string;
  readonly margin: number;
}

export interface StopSpec {
  /** A metric name, e.g. 'val.loss'. */
  readonly monitor: string;
  readonly direction: 'minimize' | 'maximize';
  readonly patience: number;
  readonly minDelta: number;
  readonly restoreBest: boolean;
}

export interface Goal {
  readonly metric: string;
  readonly direction: 'minimize' | 'maximize';
}

/** What is judged by where one number must do, and what a trial must keep to. */
export interface ObjectiveSpec extends Goal {
  /** Further objectives, weighed against the first by the Pareto front. */
  readonly others?: readonly Goal[];
  /** Metric name to the least value a trial must reach to be ranked before those that do not. */
  readonly floors: { readonly [metric: string]: number };
  /** Metric name to the largest value, above 0, that a trial may have. */
  readonly ceilings?: { readonly [metric: string]: number };
}

export interface WeightsSpec {
  /** As written: a path or an address. */
  readonly file: string;
  readonly sha256?: string;
  /** What was made of it; absent where it was not looked at. */
  readonly blob?: BlobId;
}

export type TrainableSpec =
  | {
      readonly kind: 'image-classifier';
      readonly data: DataSpec;
      /** A name of the zoo, or the path of a module as written. */
      readonly model: string;
      /** Digest of the module's code. */
      readonly module?: string;
      /** Of a base that was trained elsewhere; absent for none. */
      readonly weights?: WeightsSpec;
    }
  | {
      readonly kind: 'synthetic';
      readonly epochMs: number;
      readonly metrics: { readonly [metric: string]: string };
    }
  | CommandSpec
  | ModuleSpec;

interface ProgramSpecBase {
  /** Archive of a command's files, or a module's code; absent where it was not looked for, and for a command without files. */
  readonly program?: BlobId;
  /** Longest time without a sign of life. */
  readonly silenceMs: number;
}

export interface CommandSpec extends ProgramSpecBase {
  readonly kind: 'command';
  readonly command: readonly string[];
  /** Files, folders and patterns as written; null for the words of `command` that are files. */
  readonly files: readonly string[] | null;
  /** Whether it goes on from the checkpoint of any epoch, so that trials may share epochs. */
  readonly share: boolean;
  readonly environment: { readonly [name: string]: string };
}

export interface ModuleSpec extends ProgramSpecBase {
  readonly kind: 'module';
  /** As written. */
  readonly path: string;
}

/** How the completed trials become an ensemble. */
export interface EnsembleSpec {
  readonly rule: EnsembleRule;
  /** Most distinct trials. */
  readonly maxMembers: number;
}

/**
 * Who goes on, judged by the objective as each epoch reports it. `median`: a trial stops where its best
 * value so far is worse than the median of the others' at the same number of epochs. `asha` (successive
 * halving without waiting) and `hyperband` let trials wait at rungs of minEpochs * eta^k epochs and
 * promote the best 1/eta of each.
 */
export type PrunerSpec =
  | { readonly kind: 'median'; readonly minEpochs: number; readonly minTrials: number; readonly every: number }
  | { readonly kind: 'asha'; readonly minEpochs: number; readonly eta: number; readonly brackets: number }
  | { readonly kind: 'hyperband'; readonly minEpochs: number; readonly eta: number };

/** `grid`: every cell, first axis slowest. `shuffled`: in a seeded random order, which a budget may cut. */
export type GridSampler = 'grid' | { readonly grid: { readonly order: 'shuffled'; readonly seed: number } };

interface Seeded {
  readonly seed: number;
}

/** Each of these, in their order; what one leaves out has the one value of its axis. */
interface ListSampler {
  readonly list: readonly Assignment[];
}

/** `axes`: one hyperparameter at a time round the first value of each. The others draw from the space. */
export type SamplerSpec = GridSampler | 'axes' | ListSampler | { readonly random: Seeded } | { readonly sobol: Seeded } | { readonly tpe: Seeded } | { readonly gp: Seeded };

/** Each limit ends the sweep: what is trained is still evaluated, every other open trial is cancelled. */
export interface BudgetSpec {
  readonly trials: number | null;
  /** How long the sweep may run. */
  readonly wallClockMs: number | null;
  /** Epochs that are recorded for the first time, on its behalf. */
  readonly epochs?: number;
  /** Time of its attempts, summed over slots. */
  readonly slotMs?: number;
  /** The same, of a sweep that trains on GPUs. */
  readonly gpuMs?: number;
  /** Value of the objective that a completed trial reaches. */
  readonly target?: number;
  /** Trials in a row that end without a better best. */
  readonly stagnation?: number;
}

/** What of its budget ended a sweep, by its name in the sweep file. */
export type BudgetEnd = 'wallClock' | 'epochs' | 'slotHours' | 'gpuHours' | 'target' | 'stagnation';

export interface SweepSpec {
  readonly format: 1;
  readonly name: string;
  readonly trainable: TrainableSpec;
  /** What `space` names, in its order; then, with one value each, the model's defaults for what it leaves out. */
  readonly axes: readonly Axis[];
  /** Formulas over hyperparameters that every trial meets; absent for none. */
  readonly constraints?: readonly string[];
  readonly sampler: SamplerSpec;
  /** Names or ids of other sweeps whose trials the sampler knows before its first proposal, each once; absent for none. */
  readonly warmStart?: { readonly from: readonly string[] };
  readonly objective: ObjectiveSpec;
  readonly stop: StopSpec | null;
  readonly pruner: PrunerSpec | null;
  /** Null where none is wanted, and for trainables without predictions. */
  readonly ensemble: EnsembleSpec | null;
  readonly budget: BudgetSpec;
  readonly stageTimeoutMs: number | null;
  /** Which of several running sweeps goes first: the larger. Absent for 0. */
  readonly priority?: number;
  /** The most stages of it at once; absent for no limit. */
  readonly concurrency?: number;
  /** Which workers it may use; absent for all. */
  readonly workers?: WorkerSelector;
  readonly seed: number;
  /** How often each assignment is trained, 2 to 100; absent for once. */
  readonly replicates?: number;
  readonly sharing: boolean;
}

/** What is known of a data set once it was read and split. Stored with the sweep. */
export interface DataSummary {
  /** Blob of the DataManifest, and the digest in it that enters keys. */
  readonly manifest: BlobId;
  readonly digest: string;
  readonly images: number;
  readonly classes: readonly string[];
  /** Label index of the positive class. */
  readonly positive: number;
  readonly counts: { readonly [part in Part]: readonly number[] };
  readonly rejected: readonly { readonly file: string; readonly why: string }[];
  readonly warnings: readonly string[];
}

/** A trial before it runs: its settings resolved to what is in force in each epoch, and its path of keys. */
export interface TrialPlan {
  readonly number: number;
  readonly assignment: Assignment;
  readonly trajectory: Trajectory;
  readonly epochs: readonly EpochSettings[];
  /** One key per epoch. */
  readonly path: readonly EpochKey[];
}

export type { EpochSettings, ModelChoice, OptimizerChoice, Trajectory };

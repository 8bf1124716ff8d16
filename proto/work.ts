/**
 * The plain types that coordinator and worker share: what a trajectory is, what is in force in an
 * epoch, what an epoch yields, and the two units of dispatch (a stage to train, an epoch to
 * evaluate). Protobuf types never leave `proto/`, `coordinator/dispatch` and `worker/link`. Longer than
 * other files: types that name one another, and are read as one vocabulary.
 */
import type { PretrainedNormalisation } from './normalisations.js';
import type { RocSummary } from './roc-summary.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** SHA-256 in lower-case hex, 64 characters: the name of one epoch of a trajectory. */
export type EpochKey = string;

/** SHA-256 in lower-case hex, 64 characters: the name of stored bytes. */
export type BlobId = string;

/** Raised whenever the meaning of a hashed field changes; part of every key. */
export const KEY_FORMAT = 1;

/** A part of the data set. Evaluations exist for `val` and `test`; `train` is trained on. */
export type Part = 'train' | 'val' | 'test';
export type EvaluatedPart = 'val' | 'test';

/** [x, y, width, height] of an image, as shares of its width and height from its upper left corner. */
export type Box = readonly [number, number, number, number];

/** One box for every image. */
export interface BoxRegion {
  readonly box: Box;
}

/** Of each image its own box (DataFile.box): that of its mask, and `margin` of its sides more on each side. */
export interface MaskRegion {
  readonly masks: { readonly margin: number };
}

export type Region = BoxRegion | MaskRegion;

/** What the network sees of an image: `height` x `width` pixels, `channels` values each. */
export interface ImageInput {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** How other aspect ratios become the input's: distort, letter-box with black, or cut the centre. */
  readonly resize: 'stretch' | 'pad' | 'crop';
  /** What is cut out of an image before it is resized; absent for the whole. */
  readonly crop?: Region;
  /**
   * `scale`: v / 255. `zerocenter`: v / 255 minus the mean image of the training part (per element).
   * `standardise`: (v / 255 - mean) / deviation per channel over the training part. The others are those of
   * pretrained weights, with constants (proto/normalisations.ts).
   */
  readonly normalisation: 'scale' | 'zerocenter' | 'standardise' | PretrainedNormalisation;
}

export interface LayerConfig {
  readonly class_name: string;
  readonly config: { readonly name: string } & { readonly [field: string]: Json };
  /** Of a part of a model: the layer's position in the whole, from which its seeds draw. */
  readonly position?: number;
  /** Of a functional model: the layers that this one takes. */
  readonly inbound_nodes?: Json;
}

/**
 * A model as tf.layers serialises it (`model.toJSON`): a Sequential of layers, or a functional model
 * (`Model` in tf.layers and Keras 2, `Functional` in Keras since), with class names and configurations
 * in Keras' words. Built-in models write it directly, so a training child needs no TensorFlow.js; a
 * test loads each into tf.layers and compares outputs and gradients.
 */
export interface Topology {
  readonly class_name: 'Sequential' | 'Model' | 'Functional';
  readonly config: {
    readonly name: string;
    readonly layers: readonly LayerConfig[];
    /** Of a functional model: [[layer, 0, 0]]. */
    readonly input_layers?: Json;
    readonly output_layers?: Json;
  };
}

/** What makes a model of one that was trained elsewhere: its layers up to a cut are the base, and a head of its own follows. */
export interface Transfer {
  /** The base's weights, as safetensors: LAYER/kernel and so on, in Keras' layouts. */
  readonly weights: BlobId;
  /** The base's last layer; null for the one before the last global pooling or flattening. */
  readonly cutAt: string | null;
  readonly pooling: 'average' | 'flatten';
  /** Neurons of the head's dense layers, each with ReLU. */
  readonly hidden: readonly number[];
}

/** What of a transfer's base is not trained: `all`, `none`, so many of its first layers, or those up to the one of a name. */
export type Freeze = number | string;

export interface ModelChoice {
  /** A name of the zoo, or `module` for a model of the user's own. */
  readonly name: string;
  /** Structure only (filters, fcWidth); rates that may change by epoch stand in EpochSettings. */
  readonly knobs: { readonly [knob: string]: Json };
  /** One unit with a sigmoid and binary cross-entropy, for two classes; absent for a unit per class with softmax. */
  readonly head?: 'sigmoid';
  /**
   * Of a module, whole: what it built where the sweep was submitted. So nobody else runs its code, and
   * the key says what is trained rather than how it was written; `knobs` is empty then.
   */
  readonly topology?: Topology;
  /** Absent for a model that begins with weights drawn by its initializers. */
  readonly transfer?: Transfer;
}

export type OptimizerChoice = OptimizerRule & {
  /**
   * Beside each weight its exponential moving average over the steps: a = ema * a + (1 - ema) * w after each
   * step, after the first a = w. Evaluations and bundles have the averages in the place of the weights, and
   * statistics of batch norms are theirs. In (0, 1); absent for none.
   */
  readonly ema?: number;
};

/** g is the gradient, lr the rate in force; every sum is per element. */
type OptimizerRule =
  /** w -= lr * g. */
  | { readonly name: 'sgd' }
  /** a = momentum * a + g; w -= lr * a. */
  | { readonly name: 'sgdm'; readonly momentum: number }
  /** a = momentum * a + g; w -= lr * (g + momentum * a) (Sutskever et al. 2013, in the form of Keras and PyTorch). */
  | { readonly name: 'nesterov'; readonly momentum: number }
  /** v = rho * v + (1 - rho) * g^2; w -= lr * g / sqrt(v + epsilon) (Hinton 2012; epsilon within the root, as Keras has it). */
  | { readonly name: 'rmsprop'; readonly rho: number; readonly epsilon: number }
  /** Kingma and Ba 2015, the form before section 2.1, as Keras has it. */
  | { readonly name: 'adam'; readonly beta1: number; readonly beta2: number; readonly epsilon: number }
  /** First w -= lr * weightDecay * w, on every parameter; then Adam (Loshchilov and Hutter 2019). */
  | { readonly name: 'adamw'; readonly beta1: number; readonly beta2: number; readonly epsilon: number; readonly weightDecay: number };

/** All that determines an image classifier's trajectory before its first epoch: hashed whole into key(-1). */
export interface ImageTrajectory {
  readonly format: number;
  readonly trainable: 'image-classifier';
  /** Of the built-in trainable: raised with every change that moves numbers. */
  readonly version: number;
  /** What decides the last bits: executor, kernel digest, plain or fused, device kind. */
  readonly numerics: string;
  /** Digest of the data set's content: images, labels and parts, not names (DataManifest.digest). */
  readonly data: string;
  readonly classes: number;
  readonly input: ImageInput;
  readonly model: ModelChoice;
  readonly optimizer: OptimizerChoice;
  readonly loss: 'softmaxCrossEntropy';
  /** Initial weights draw from (initSeed, replicate). */
  readonly initSeed: number;
  readonly replicate: number;
  /** The trial's number under --no-sharing, else null. Enters the key, never a seed. */
  readonly salt: number | null;
}

/** A classical model of the zoo and all that it is told. */
export interface ClassicalChoice {
  readonly name: string;
  readonly knobs: { readonly [knob: string]: Json };
}

/** All that determines a classical model, which is fitted in one epoch: hashed whole into key(-1). */
export interface ClassicalTrajectory {
  readonly format: number;
  readonly trainable: 'classical';
  /** Raised with every change that moves numbers. */
  readonly version: number;
  /** Of plain JavaScript, and the decoder of the images. */
  readonly numerics: string;
  /** As an image classifier's, and so are `classes` and `input`. */
  readonly data: string;
  readonly classes: number;
  readonly input: ImageInput;
  readonly model: ClassicalChoice;
  /** What is drawn draws from (seed, replicate). */
  readonly seed: number;
  readonly replicate: number;
  readonly salt: number | null;
}

/** Of a trainable that has images and predicts their classes. */
export type ClassifierTrajectory = ImageTrajectory | ClassicalTrajectory;

/** The built-in `synthetic` trainable: sleeps and reports formulas; a pure function of epoch and hyperparameters. */
export interface SyntheticTrajectory {
  readonly format: number;
  readonly trainable: 'synthetic';
  readonly version: number;
  readonly numerics: 'none';
  readonly epochMs: number;
  /** Metric name to expression over `epoch`, `replicate` and the hyperparameters in force. */
  readonly metrics: { readonly [metric: string]: string };
  /** What formulas call `replicate`; absent for 0. */
  readonly replicate?: number;
  readonly salt: number | null;
}

/**
 * A program of the user's own, run as `command`, or a module of theirs: they learn what is in force in
 * each epoch and report its metrics. Both may save checkpoints, whose content is theirs alone.
 */
export interface CommandTrajectory {
  readonly format: number;
  readonly trainable: 'command';
  /** Of the contract between trawl and the program: raised where the same program would be told something else. */
  readonly version: number;
  readonly numerics: 'none';
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Variables of its environment beside those that every program gets. */
  readonly environment: { readonly [name: string]: string };
  /** Archive of its files; null where it has none. */
  readonly program: BlobId | null;
  readonly seed: number;
  readonly replicate: number;
  readonly salt: number | null;
}

export interface ModuleTrajectory {
  readonly format: number;
  readonly trainable: 'module';
  /** As of a command. */
  readonly version: number;
  readonly numerics: 'none';
  /** Its code with all that it imports, one JavaScript file. */
  readonly program: BlobId;
  readonly seed: number;
  readonly replicate: number;
  readonly salt: number | null;
}

export type ProgramTrajectory = CommandTrajectory | ModuleTrajectory;

export type Trajectory = ClassifierTrajectory | SyntheticTrajectory | ProgramTrajectory;

export function isProgram(trajectory: Trajectory): trajectory is ProgramTrajectory {
  return trajectory.trainable === 'command' || trajectory.trainable === 'module';
}

export function isClassifier(trajectory: Trajectory): trajectory is ClassifierTrajectory {
  return trajectory.trainable === 'image-classifier' || trajectory.trainable === 'classical';
}

/** Of a transfer's base; null for all else. */
export function weightsOf(trajectory: Trajectory): BlobId | null {
  return trajectory.trainable === 'image-classifier' ? (trajectory.model.transfer?.weights ?? null) : null;
}

/**
 * Random changes to each training image, drawn from (dataSeed, replicate, epoch, image), so that they
 * depend on no batch. 0 (and `none`) leaves a transformation out. Epochs' evaluations and batch-norm
 * statistics see the images as they are.
 */
export interface Augmentation {
  /** Degrees: up to so much either way. */
  readonly rotation: number;
  /** Fractions of width and height: up to so much either way. */
  readonly shiftHorizontal: number;
  readonly shiftVertical: number;
  /** Degrees: up to so much either way. */
  readonly shear: number;
  /** Each side by a factor of its own from 1 - zoom to 1 + zoom. */
  readonly zoom: number;
  /** Each direction with probability 1/2. */
  readonly flip: 'none' | 'horizontal' | 'vertical' | 'both';
  /** A factor from 1 - x to 1 + x: on the distance from the mean, and on the value. */
  readonly contrast: number;
  readonly brightness: number;
  /** A window whose sides are 1 - crop of the image's, anywhere in it, fills the input. */
  readonly crop: number;
  /** Standard deviation of what is added to each value, as a share of the full range; absent for 0, as those below. */
  readonly noise?: number;
  /** Sides of a hole over the image's: black, its centre anywhere in the image. */
  readonly cutout?: number;
  /** The image becomes a mixture with another of its epoch, by shares from Beta(mixup, mixup), its own the larger; its loss follows. */
  readonly mixup?: number;
  /** What lies beyond the image's border, as scipy.ndimage and Keras mean it; `constant` is black. */
  readonly fill: 'constant' | 'nearest' | 'reflect' | 'wrap';
}

/**
 * Reduces a learning rate where `monitor` has stopped improving, as Keras' ReduceLROnPlateau: after `patience`
 * epochs without a value better than the best by `minDelta`, the rate is multiplied by `factor`, but not below
 * `final`, and for `cooldown` epochs none is counted. Losses improve downwards, everything else upwards. A
 * pure function of the epochs before, all of which the key names: whoever trains decides, and what the rule
 * goes on from travels in the checkpoint.
 */
export interface PlateauRule {
  readonly monitor: 'train.loss' | 'train.accuracy' | 'val.loss' | 'val.accuracy' | 'val.auc';
  readonly factor: number;
  readonly patience: number;
  readonly minDelta: number;
  readonly cooldown: number;
  readonly final: number;
}

/** What is in force for a transfer's base in one epoch. An epoch that trains other parameters than the one before begins with a new optimizer. */
export interface BaseSettings {
  readonly freeze: Freeze;
  /** Of what is trained of the base, in the place of the epoch's; rounded to float32. */
  readonly lr?: number;
  /** What the epoch's rate is multiplied by for it. */
  readonly lrFactor?: number;
}

/** What is in force in one epoch of an image classifier: hashed whole into that epoch's key. */
export interface ImageEpochSettings {
  /** Rounded to float32. Step s of n takes lrFrom + (lr - lrFrom) * (s + 1) / n, counting from 0. */
  readonly lr: number;
  /** Equal to `lr` but in a warm-up and in one cycle. Rounded to float32. */
  readonly lrFrom: number;
  /** What reduces `lr` from the first epoch on that has it; absent where nothing does. */
  readonly plateau?: PlateauRule;
  readonly batch: number;
  /**
   * From 1 to `batch`: a step's images go through the network in so many parts, one after another, and
   * their gradients are summed before the one update. 1 is the whole batch at once.
   */
  readonly accumulate: number;
  readonly dropout: number;
  /** One weight per class, by label index; null where all are 1. */
  readonly classWeights: readonly number[] | null;
  /** l2 * sum(w^2) over all kernels is added to the loss. */
  readonly l2: number;
  /** In [0, 1): so much of the target is spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** Largest Euclidean norm of all gradients together; null for no clipping. */
  readonly clipNorm: number | null;
  /** In (0, 1]: trained on is this share of each class's training images. */
  readonly trainFraction: number;
  readonly augment: Augmentation | null;
  /** Of a transfer alone. */
  readonly base?: BaseSettings;
  /** Shuffling, dropout and augmentation draw from (dataSeed, replicate, epoch, step). */
  readonly dataSeed: number;
}

/** What is in force in the epoch of a classical model: hashed whole into its key. */
export interface ClassicalEpochSettings {
  /** As of an image classifier, and so are the others. */
  readonly classWeights: readonly number[] | null;
  readonly trainFraction: number;
  /** The choice of a share of the images draws from (dataSeed, replicate). */
  readonly dataSeed: number;
}

/** What is in force in one epoch of a synthetic trainable, a command or a module: hyperparameter name to value. */
export interface SyntheticEpochSettings {
  readonly values: { readonly [name: string]: Json };
}

export type EpochSettings = ImageEpochSettings | ClassicalEpochSettings | SyntheticEpochSettings;

/** What one epoch yields. Recorded once per key, never rewritten. */
export interface EpochResult {
  /** `train.loss`, `train.accuracy`, `val.loss`, `val.accuracy`, `val.auc`, or other trainables' own. */
  readonly metrics: { readonly [metric: string]: number };
  /** Counts on the validation part, confusion[true][predicted]; null where there is none. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** ROC curves on the validation part by levels, of as many classes as proto/roc-summary.ts says; absent where there are none. */
  readonly roc?: readonly RocSummary[];
  /** True where the loss, or any metric of a trainable that is not built in, ceased to be finite: remembered like any other result; nothing follows it. */
  readonly diverged: boolean;
}

/** Side facts of one execution of an epoch: they may differ from run to run and are not compared. */
export interface EpochCost {
  readonly seconds: number;
  readonly steps: number;
  /** Trainable parameters plus moving statistics; 0 where there is no model. */
  readonly params: number;
  /** Of predicting the validation part, measured; null where nothing was predicted. */
  readonly msPerImage: number | null;
}

/** Metrics of one epoch key on one part. */
export interface EvaluationResult {
  readonly metrics: { readonly loss: number; readonly accuracy: number; readonly auc: number };
  readonly confusion: readonly (readonly number[])[];
  /** Blob of float32 little-endian probabilities [images of the part in manifest order, classes]. */
  readonly probabilities: BlobId;
}

export interface DataFile {
  /** Path relative to the data set's folder, '/' as separator. */
  readonly name: string;
  /** SHA-256 of the file's bytes. */
  readonly digest: string;
  readonly label: number;
  readonly part: Part;
  /** Where the bytes lie: index into `packs`, offset and length in bytes. */
  readonly pack: number;
  readonly offset: number;
  readonly bytes: number;
  /** What its mask leaves of it; absent where no masks were given. */
  readonly box?: Box;
}

/** A data set as a worker gets it: a JSON blob that names pack blobs. Files are sorted by (part, digest, label). */
export interface DataManifest {
  readonly format: 1;
  readonly digest: string;
  readonly classes: readonly string[];
  readonly packs: readonly BlobId[];
  readonly files: readonly DataFile[];
}

/** The span [from, to) of a trajectory, to be trained in one lease. */
export interface TrainWork {
  readonly kind: 'train';
  readonly trajectory: Trajectory;
  readonly from: number;
  readonly to: number;
  /** For the epochs from..to-1, in order. */
  readonly keys: readonly EpochKey[];
  readonly epochs: readonly EpochSettings[];
  /** The state to begin with; null at epoch 0 and for trainables without state. */
  readonly checkpoint: BlobId | null;
  /** Epochs whose checkpoint is wanted for certain. */
  readonly keep: readonly number[];
  /** Epochs to evaluate on `val` and `test` while the weights are at hand. */
  readonly evaluate: readonly number[];
  /** From this epoch on, the answer to a report must be awaited before the next epoch begins. */
  readonly awaitFrom: number;
  /** Manifest blob; null for trainables without data. */
  readonly dataset: BlobId | null;
  /** Limit of the child's memory; null for the box's whole memory (a retry alone). */
  readonly memoryBytes: number | null;
  /** Longest time for the whole stage; null for none. */
  readonly timeoutMs: number | null;
  /** Longest time that a command or a module may say nothing; null for none. */
  readonly silenceMs: number | null;
  /** A checkpoint is saved at the first epoch end after so much time without one. */
  readonly checkpointEveryMs: number;
}

/** Predictions of one epoch key from its kept checkpoint. */
export interface EvaluateWork {
  readonly kind: 'evaluate';
  readonly trajectory: ClassifierTrajectory;
  readonly epoch: number;
  readonly key: EpochKey;
  readonly checkpoint: BlobId;
  readonly parts: readonly EvaluatedPart[];
  readonly dataset: BlobId;
  readonly memoryBytes: number | null;
  readonly timeoutMs: number | null;
}

export type Work = TrainWork | EvaluateWork;

/**
 * How an attempt ended.
 * `done`: everything of the work was reported. `released`: given back at an epoch end on request
 * (pause, stop, drain), with the last epoch's checkpoint saved. The others are failures with a rule each.
 */
export type OutcomeClass =
  | 'done'
  | 'released'
  | 'OutOfMemory'
  | 'TrainableError'
  | 'DataError'
  | 'WorkerLost'
  | 'Preempted'
  | 'Timeout'
  | 'DiskFull'
  | 'CheckpointLost'
  | 'DataLost';

export interface Outcome {
  readonly class: OutcomeClass;
  /** One line for a person; empty when done. */
  readonly message: string;
  /** Memory of the process: after an end in peace the most it had, where that could be measured; of OutOfMemory the measured or predicted need, where it is known. */
  readonly neededBytes: number | null;
}

/** What a trial's model is and predicts, as the API answers it for the dashboard (models.ts). */
import type { BlobId, EvaluatedPart } from '../../proto/work.js';
import type { EnsembleView } from './analysis-views.js';

/** What a model said of the images of one part, with what they are. */
export interface PredictionsView {
  readonly part: EvaluatedPart;
  /** Whose weights predicted, from 0. */
  readonly epoch: number;
  readonly classes: readonly string[];
  /** Label index of the positive class of two. */
  readonly positive: number;
  /** Images of the part. */
  readonly of: number;
  /** Those that are told here, all or evenly chosen: place in the manifest, name, label. */
  readonly images: readonly { readonly index: number; readonly name: string; readonly label: number }[];
  /** Of each of these images a probability per class, one image after the other. */
  readonly probabilities: readonly number[];
}

/** One layer of a model, as `trawl model` lists it. */
export interface LayerView {
  readonly name: string;
  /** The layer's class in Keras' words, e.g. Conv2D. */
  readonly className: string;
  /** [height, width, channels], or [units]. */
  readonly output: readonly number[];
  readonly learnables: number;
  /** Learnables and moving statistics. */
  readonly params: number;
  /** For one image. */
  readonly multiplyAdds: number;
  readonly activationBytes: number;
}

export interface LayersView {
  readonly layers: readonly LayerView[];
}

/** Something that a trial has stored. */
export interface TrialBlob {
  readonly id: BlobId;
  /** E.g. `checkpoint of epoch 3`. */
  readonly what: string;
  /** Null where it is not kept any more. */
  readonly bytes: number | null;
}

/** A curve of a binary question: one class against the rest, from (0, 0) to (1, 1). */
export interface RocCurve {
  readonly falsePositiveRate: readonly number[];
  readonly truePositiveRate: readonly number[];
  /** Area under it; null where the part has images of one kind only. */
  readonly auc: number | null;
}

/** The ensemble held against its members, all on the validation part. */
export interface EnsembleComparison {
  readonly ensemble: EnsembleView;
  /** The class that the curves tell from the rest. */
  readonly class: string;
  readonly curves: { readonly ensemble: RocCurve; /** In the order of the members. */ readonly members: readonly RocCurve[] };
  /** Share of the images of which two members say different classes, in the order of the members. */
  readonly disagreement: readonly (readonly number[])[];
  /** What the first k members score together, for every k: of rule greedy its path, see `ensemble.selection`; else the best trials in order. */
  readonly sizes: readonly { readonly number: number; readonly members: number; readonly value: number | null }[];
  /** What `sizes` are measured by. */
  readonly metric: string;
}

/** What an ensemble says of one image. */
export interface PredictionView {
  readonly class: string;
  readonly probabilities: readonly { readonly class: string; readonly probability: number }[];
  /** How far this machine is from what was predicted of the bundle's own images; null where it has none. */
  readonly selfCheck: number | null;
}

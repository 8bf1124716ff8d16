/** Models that are fitted at once to flattened images: what a network is measured against. Names and defaults are scikit-learn's. */
import type { ImageInput } from '../work.js';
import type { Knob } from './model.js';

export interface ClassicalModel {
  /** Tells it from a network. */
  readonly classical: true;
  readonly name: string;
  readonly meaning: string;
  /** What it is held to. */
  readonly from: string;
  readonly knobs: readonly Knob[];
  readonly minImageSize: number;
  /** Whether classes may count differently. */
  readonly takesClassWeights: boolean;
  readonly defaults: {
    readonly imageSize: number;
    readonly normalisation: ImageInput['normalisation'];
  };
}

/** Of every one of them. */
export const CLASSICAL_HYPERPARAMETERS = ['imageSize', 'epochs', 'trainFraction'] as const;

const DEFAULTS = { imageSize: 28, normalisation: 'scale' } as const;
const C: Knob = { name: 'C', kind: 'float', default: 1, min: 1e-9, max: 1e9, length: null, meaning: 'what the training images count beside the penalty on weights: the larger, the closer the fit' };

export const CLASSICAL: readonly ClassicalModel[] = [
  {
    classical: true,
    name: 'logistic-regression',
    meaning: 'multinomial logistic regression with an L2 penalty',
    from: 'scikit-learn: LogisticRegression',
    knobs: [C, { name: 'maxIter', kind: 'int', default: 1000, min: 1, max: 100_000, length: null, meaning: 'steps of L-BFGS, which ends before where nothing moves any more' }],
    minImageSize: 1,
    takesClassWeights: true,
    defaults: DEFAULTS,
  },
  {
    classical: true,
    name: 'knn',
    meaning: 'k nearest neighbours by Euclidean distance',
    from: 'scikit-learn: KNeighborsClassifier',
    knobs: [
      { name: 'neighbors', kind: 'int', default: 5, min: 1, max: 100_000, length: null, meaning: 'how many training images are asked' },
      { name: 'weights', kind: 'choice', default: 'uniform', choices: ['uniform', 'distance'], meaning: 'whether all of them count alike, or by the inverse of their distance' },
    ],
    minImageSize: 1,
    takesClassWeights: false,
    defaults: DEFAULTS,
  },
  {
    classical: true,
    name: 'svm',
    meaning: 'support vector machine with a Gaussian kernel, its probabilities by Platt',
    from: 'scikit-learn: CalibratedClassifierCV(SVC(), ensemble=False)',
    knobs: [
      C,
      { name: 'gamma', kind: 'float', words: ['scale', 'auto'], default: 'scale', min: 1e-12, max: 1e6, length: null, meaning: 'of the kernel exp(-gamma x squared distance); scale: 1 / (values of an image x their variance), auto: 1 / values of an image' },
    ],
    minImageSize: 1,
    takesClassWeights: true,
    defaults: DEFAULTS,
  },
  {
    classical: true,
    name: 'random-forest',
    meaning: 'random forest: trees grown on bootstraps of the images, by Gini impurity',
    from: 'scikit-learn: RandomForestClassifier',
    knobs: [
      { name: 'trees', kind: 'int', default: 100, min: 1, max: 10_000, length: null, meaning: 'how many trees' },
      { name: 'maxDepth', kind: 'int', words: [null], default: null, min: 1, max: 10_000, length: null, meaning: 'most splits one after another; null for any number' },
      { name: 'maxFeatures', kind: 'float', words: ['sqrt', 'log2'], default: 'sqrt', min: 1e-6, max: 1, length: null, meaning: 'of how many values of an image a split takes the best: the root of their number, its logarithm, or a share' },
      { name: 'minSamplesLeaf', kind: 'int', default: 1, min: 1, max: 100_000, length: null, meaning: 'least images on each side of a split' },
    ],
    minImageSize: 1,
    takesClassWeights: true,
    defaults: DEFAULTS,
  },
];

/** An ensemble held against its members, as the page shows it. Of each ensemble, what does not depend on the class is measured once. */
import type { BlobStore } from '../../blob/store.js';
import { meanProbabilities, mostProbable, type WeightedMember } from '../ensemble/combine.js';
import { bySize, disagreement, rocCurve } from '../ensemble/compare.js';
import { measure, measureNamed, scoreBy, type Truth } from '../ensemble/measure.js';
import type { EnsembleView } from './analysis-views.js';
import { readFloats } from './ensembles.js';
import { Kept } from './kept.js';
import type { EnsembleComparison } from './model-views.js';

export interface ComparisonOptions {
  readonly ensemble: EnsembleView;
  readonly blobs: BlobStore;
  /** Of the images of the validation part, in manifest order. */
  readonly labels: () => Promise<readonly number[]>;
}

/** Classes of one ensemble; each answer is some 100 KB. */
const MOST_CLASSES = 8;

export class Comparison {
  readonly #options: ComparisonOptions;
  /** By class. */
  readonly #answers = new Kept<EnsembleComparison>(MOST_CLASSES);
  readonly #anyClass = new Kept<Pick<EnsembleComparison, 'metric' | 'disagreement' | 'sizes'>>(1);

  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  /** `label`: the class that the curves tell from the rest. Rejects with the blob store's errors. */
  of(label: number): Promise<EnsembleComparison> {
    return this.#answers.of(String(label), () => this.#measured(label));
  }

  async #measured(label: number): Promise<EnsembleComparison> {
    const { ensemble, blobs } = this.#options;
    const { data, objective } = ensemble.sweep;
    const classes = data?.classes ?? [];
    const labels = await this.#options.labels();
    const members = await Promise.all(ensemble.members.map(async ({ weight, probabilities }) => ({ weight, probabilities: await readFloats(blobs, probabilities.val) })));
    const truth = { labels, classes, positive: data?.positive ?? 0 };
    const anyClass = await this.#anyClass.of('', async () => {
      const { metric } = scoreBy(objective.metric, objective.direction, truth);
      return { metric, disagreement: disagreement(members, classes.length), sizes: ensemble.selection?.path ?? worthBySize(ensemble, members, metric, truth) };
    });
    const curveOf = (probabilities: Float32Array): ReturnType<typeof rocCurve> => rocCurve(probabilities, labels, classes.length, label);
    return {
      ...{ ensemble, class: classes[label] ?? '', ...anyClass },
      curves: { ensemble: curveOf(meanProbabilities(members)), members: members.map(({ probabilities }) => curveOf(probabilities)) },
    };
  }
}

function worthBySize(ensemble: EnsembleView, members: readonly WeightedMember[], metric: string, truth: Truth): EnsembleComparison['sizes'] {
  const { labels, classes } = truth;
  const sizes = bySize(members, (mean) => {
    const predicted = Array.from(labels, (_, image) => mostProbable(mean, image * classes.length, classes.length));
    const measured = measure(mean, predicted, truth);
    return { 'val.loss': measured.loss, 'val.accuracy': measured.accuracy, 'val.auc': measured.auc, 'val.f1': measured.f1 }[metric] ?? measureNamed(metric, mean, predicted, truth) ?? NaN;
  });
  return sizes.map((size, index) => ({ number: ensemble.members[index]?.number ?? 0, ...size }));
}

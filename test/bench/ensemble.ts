/** How long the search for an ensemble takes, by what it is searched by. */
import { scoreBy } from '../../coordinator/ensemble/measure.js';
import { selectGreedy, type Candidate } from '../../coordinator/ensemble/select.js';
import { median, progress, repeat, timed, type Bench } from './bench.js';

interface Case {
  readonly models: number;
  readonly images: number;
  readonly classes: number;
  readonly metric: 'val.loss' | 'val.accuracy' | 'val.auc';
}

const CASES: readonly Case[] = [
  { models: 100, images: 1_000, classes: 10, metric: 'val.loss' },
  { models: 100, images: 1_000, classes: 10, metric: 'val.accuracy' },
  { models: 100, images: 1_000, classes: 2, metric: 'val.auc' },
  { models: 100, images: 5_000, classes: 10, metric: 'val.auc' },
  { models: 1_000, images: 5_000, classes: 10, metric: 'val.loss' },
];
const MAX_MEMBERS = 10;

/** Marsaglia's xorshift32: numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Models that lean to the truth, each a little more than the one before. */
function library({ models, images, classes }: Case): { labels: number[]; candidates: Candidate[] } {
  const next = generator(1);
  const labels = Array.from({ length: images }, () => Math.floor(next() * classes));
  const candidates = Array.from({ length: models }, (_, number) => {
    const probabilities = new Float32Array(images * classes);
    for (let image = 0; image < images; image += 1) {
      const row = probabilities.subarray(image * classes, (image + 1) * classes);
      for (let label = 0; label < classes; label += 1) row[label] = next() + (label === labels[image] ? 0.3 + (0.2 * number) / models : 0);
      const sum = row.reduce((total, value) => total + value, 0);
      for (let label = 0; label < classes; label += 1) row[label] = (row[label] ?? 0) / sum;
    }
    return { number, probabilities };
  });
  return { labels, candidates };
}

export const run: Bench = async ({ quick }, emit) => {
  for (const one of quick ? CASES.filter(({ images, models }) => images * models <= 100_000) : CASES) {
    const name = `${one.models} models x ${one.images} images x ${one.classes} classes`;
    progress(`${name} by ${one.metric}`);
    const { labels, candidates } = library(one);
    const score = scoreBy(one.metric, one.metric === 'val.loss' ? 'minimize' : 'maximize', { labels, classes: Array.from({ length: one.classes }, (_, label) => String(label)), positive: 1 });
    const ranked = candidates.toSorted((a, b) => score.of(b.probabilities) - score.of(a.probabilities));
    const runs = quick ? 1 : 5;
    const times = await repeat(runs, () => timed(() => selectGreedy(ranked, score, MAX_MEMBERS)));
    emit({ case: name, metric: `search by ${one.metric}`, value: median(times), unit: 'ms', runs, engine: null });
  }
};

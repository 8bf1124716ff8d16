/** Models with made-up probabilities, the same as in expected.py. */
import type { Candidate } from '../../../coordinator/ensemble/select.js';

function generator(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (1103515245n * state + 12345n) % 2n ** 31n;
    return Number(state) / 2 ** 31;
  };
}

export function models(seed: number, count: number, images: number, classes: number): { labels: number[]; library: Candidate[] } {
  const next = generator(seed);
  const labels = Array.from({ length: images }, () => Math.floor(next() * classes));
  const library = Array.from({ length: count }, (_, number) => {
    const rows = labels.map((label) => {
      const raw = Array.from({ length: classes }, (_, index) => next() + (index === label ? 0.2 : 0));
      const sum = raw.reduce((total, value) => total + value, 0);
      return raw.map((value) => value / sum);
    });
    return { number, probabilities: Float32Array.from(rows.flat()) };
  });
  return { labels, library };
}

export const classNames = (classes: number): string[] => Array.from({ length: classes }, (_, label) => `class ${label}`);

// The smallest of neural networks, written out: one hidden layer that learns the parity of two bits with noise.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Run {
  readonly seed: number;
  readonly load: string | null;
  readonly epochs: readonly { readonly epoch: number; readonly settings: { readonly lr: number; readonly hidden: number } }[];
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function points(seed: number, count: number): { x: number[]; y: number }[] {
  const draw = random(seed);
  return Array.from({ length: count }, () => {
    const bits = [draw() > 0.5, draw() > 0.5];
    return { x: [...bits.map((bit) => (bit ? 1 : -1) + draw() - 0.5), 1], y: bits[0] === bits[1] ? 0 : 1 };
  });
}

export function* train({ seed, load, epochs }: Run) {
  const hidden = epochs[0]?.settings.hidden ?? 1;
  const draw = random(seed);
  const weights: { first: number[][]; second: number[] } =
    load === null ? { first: Array.from({ length: hidden }, () => [draw() - 0.5, draw() - 0.5, draw() - 0.5]), second: Array.from({ length: hidden }, () => draw() - 0.5) } : JSON.parse(readFileSync(join(load, 'weights.json'), 'utf8'));
  const forward = (x: number[]) => {
    const inner = weights.first.map((row) => Math.tanh(row.reduce((sum, weight, i) => sum + weight * x[i]!, 0)));
    return { inner, p: 1 / (1 + Math.exp(-inner.reduce((sum, value, i) => sum + value * weights.second[i]!, 0))) };
  };
  const validation = points(2, 200);
  for (const { epoch, settings } of epochs) {
    // An epoch's draws depend on the epoch alone, so that it is the same wherever training was cut.
    for (const { x, y } of points(1000 + 7919 * seed + epoch, 300)) {
      const { inner, p } = forward(x);
      inner.forEach((value, i) => {
        const error = (p - y) * weights.second[i]! * (1 - value * value);
        weights.second[i]! -= settings.lr * (p - y) * value;
        x.forEach((input, j) => (weights.first[i]![j]! -= settings.lr * error * input));
      });
    }
    const correct = validation.filter(({ x, y }) => forward(x).p > 0.5 === (y === 1)).length;
    const loss = validation.reduce((sum, { x, y }) => sum - Math.log(Math.max(1e-12, y === 1 ? forward(x).p : 1 - forward(x).p)), 0);
    yield { metrics: { 'val.loss': loss / validation.length, 'val.accuracy': correct / validation.length }, save: (folder: string) => writeFileSync(join(folder, 'weights.json'), JSON.stringify(weights)) };
  }
}

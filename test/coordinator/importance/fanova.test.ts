import assert from 'node:assert/strict';
import test from 'node:test';
import { encode } from '../../../coordinator/importance/feature.js';
import { fanova, type Importances } from '../../../coordinator/importance/fanova.js';
import type { Assignment, Axis } from '../../../coordinator/sweep/spec.js';

/** Van der Corput's sequence: points that fill [0, 1) evenly (Halton 1960). */
function halton(index: number, base: number): number {
  let [digit, value] = [1, 0];
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    digit /= base;
    value += digit * (rest % base);
  }
  return value;
}

const axis = (name: string, min: number, max: number, log = false): Axis => ({ name, values: [min, max], range: { min, max, type: 'float', log } });

function importances(trials: readonly Assignment[], axes: readonly Axis[], value: (trial: Assignment) => number): Importances {
  return fanova(encode(trials, axes), trials.map(value), 0);
}

function shareOf({ alone }: Importances, name: string): number {
  return alone.find((each) => each.name === name)?.share ?? Number.NaN;
}

function near(found: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: found ${found}, expected ${expected} ± ${tolerance}`);
}

test('an additive function is explained by its terms, each by its share of the variance', () => {
  const trials = Array.from({ length: 400 }, (_, index) => ({ a: halton(index + 1, 2), b: halton(index + 1, 3), c: halton(index + 1, 5), idle: halton(index + 1, 7) }));
  const found = importances(trials, ['a', 'b', 'c', 'idle'].map((name) => axis(name, 0, 1)), ({ a, b, c }) => 4 * Number(a) + 2 * Number(b) + Number(c));
  // The variance of k x for x uniform in [0, 1] is k² / 12: 16, 4 and 1 parts of 21.
  near(shareOf(found, 'a'), 16 / 21, 0.04, 'a');
  near(shareOf(found, 'b'), 4 / 21, 0.04, 'b');
  // A forest sees less of a weak effect than there is: its trees run out of samples first.
  near(shareOf(found, 'c'), 1 / 21, 0.03, 'c');
  near(shareOf(found, 'idle'), 0, 0.01, 'idle');
  assert.deepEqual(found.alone.map(({ name }) => name).slice(0, 3), ['a', 'b', 'c']);
});

test('what only two hyperparameters together explain is nobody\'s own', () => {
  const trials = [0, 1].flatMap((a) => [0, 1].flatMap((b) => Array.from({ length: 20 }, () => ({ a, b }))));
  // An exclusive or: each alone says nothing.
  const found = importances(trials, [], ({ a, b }) => (a === b ? 0 : 1));
  near(shareOf(found, 'a'), 0, 0.02, 'a');
  near(shareOf(found, 'b'), 0, 0.02, 'b');
  near(found.together, 1, 0.04, 'together');
});

test('numbers on a log scale, lists and names agree with Optuna', () => {
  const names = ['sgdm', 'adam', 'rmsprop'] as const;
  const bonus = { sgdm: 0, adam: 0.15, rmsprop: -0.1 };
  const trials = Array.from({ length: 300 }, (_, before) => {
    const index = before + 1;
    return { lr: 10 ** (-4 + 3 * halton(index, 2)), dropout: 0.8 * halton(index, 3), batch: [16, 32, 64][Math.floor(3 * halton(index, 5))] ?? 0, optimizer: names[Math.floor(3 * halton(index, 7))] ?? 'sgdm' };
  });
  const axes = [axis('lr', 1e-4, 0.1, true), axis('dropout', 0, 0.8), { name: 'batch', values: [16, 32, 64] }, { name: 'optimizer', values: [...names] }];
  const value = ({ lr, dropout, batch, optimizer }: Assignment): number => {
    const x = Math.log10(Number(lr));
    return -0.1 * (x + 2) ** 2 + 0.2 * Math.sin(3 * Number(dropout)) + bonus[optimizer as keyof typeof bonus] + 0.001 * Number(batch) * (x + 2);
  };
  const found = importances(trials, axes, value);
  const explained = found.alone.reduce((sum, { share }) => sum + share, 0);
  // Optuna 5.0.0, FanovaImportanceEvaluator(seed=0..2) with lr given as its logarithm, which sums to 1: means of the three.
  for (const [name, expected] of OPTUNA) near(shareOf(found, name) / explained, expected, 0.04, name);
});

const OPTUNA = [
  ['lr', 0.555],
  ['optimizer', 0.304],
  ['dropout', 0.071],
  ['batch', 0.001],
] as const;

test('settings inside a choice count under their own names, and what never differs is left out', () => {
  const trials: Assignment[] = [{ optimizer: 'sgdm', epochs: 3 }, { optimizer: { adam: { beta2: 0.9 } }, epochs: 3 }, { optimizer: { adam: { beta2: 0.99 } }, epochs: 3 }, { optimizer: 'sgdm', epochs: 3 }];
  const { features, columns } = encode(trials, []);
  assert.deepEqual(features.map(({ name, kind, cells }) => [name, kind, cells]), [['optimizer', 'category', 2], ['optimizer.adam.beta2', 'category', 3]]);
  assert.deepEqual(columns.map((column) => [...column]), [[0, 1, 1, 0], [0, 1, 2, 0]]);
});

test('one value for all trials has no variance to explain', () => {
  const found = importances([{ a: 1 }, { a: 2 }], [], () => 3);
  assert.deepEqual(found, { alone: [{ name: 'a', share: 0, spread: 0 }], together: 0 });
});

test('the same seed gives the same answer', () => {
  const trials = Array.from({ length: 30 }, (_, index) => ({ a: halton(index + 1, 2), b: halton(index + 1, 3) }));
  const once = (): Importances => importances(trials, [axis('a', 0, 1), axis('b', 0, 1)], ({ a, b }) => Number(a) * Number(b));
  assert.deepEqual(once(), once());
});

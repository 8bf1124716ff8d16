import { sameJson } from '../../proto/canonical.js';
import type { EpochResult, Json } from '../../proto/work.js';

/**
 * Of the larger value, or of 1 where both are smaller. TensorFlow's threads add in another order from run
 * to run, and with the number of threads, which is each box's own; within an epoch or two of training
 * this grows from 1e-6 to what a few images of a small part make of an accuracy.
 */
const GRAPH_TOLERANCE = 0.05;

/**
 * Whether two trainings of one epoch gave the same: bit for bit where `numerics` promise that, and
 * roughly for `graph`, so that other data or wrong numbers are still told.
 */
export function sameResult(numerics: string, a: EpochResult, b: EpochResult): boolean {
  const names = Object.keys(a.metrics);
  const rough = numerics.startsWith('graph:');
  const same = (x: number | undefined, y: number | undefined): boolean => Object.is(x, y) || (rough && x !== undefined && y !== undefined && near(x, y));
  const metrics = names.length === Object.keys(b.metrics).length && names.every((name) => same(a.metrics[name], b.metrics[name]));
  return metrics && a.diverged === b.diverged && (rough || (sameJson(a.confusion, b.confusion) && sameJson(curves(a), curves(b))));
}

/** As JSON: the store gives the fields of a curve back in another order. */
function curves({ roc = [] }: EpochResult): Json {
  return roc.map((curve) => ({ ...curve }));
}

function near(x: number, y: number): boolean {
  return Math.abs(x - y) <= GRAPH_TOLERANCE * Math.max(1, Math.abs(x), Math.abs(y));
}

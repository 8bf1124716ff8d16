/**
 * Results as jsonb. JSON has no NaN, no infinities and no negative zero, all of which a diverging
 * training reports and a retraining is compared with bit for bit; they are kept as strings.
 */
import type { EpochResult, EvaluationResult } from '../../proto/work.js';
import { jsonText } from './batch.js';

interface StoredMetrics {
  readonly [metric: string]: number | string;
}

type Stored<Result extends { readonly metrics: object }> = Omit<Result, 'metrics'> & { readonly metrics: StoredMetrics };

export type StoredEpochResult = Stored<EpochResult>;
export type StoredEvaluationResult = Stored<EvaluationResult>;

export function writeResult(result: EpochResult | EvaluationResult): string {
  const metrics = Object.entries(result.metrics).map(([name, value]: [string, number]) => [name, isPlain(value) ? value : Object.is(value, -0) ? '-0' : String(value)] as const);
  return jsonText({ ...result, metrics: Object.fromEntries(metrics) });
}

export function readEpochResult(stored: StoredEpochResult): EpochResult {
  return { ...stored, metrics: readMetrics(stored.metrics) };
}

export function readEvaluationResult(stored: StoredEvaluationResult): EvaluationResult {
  const { loss = NaN, accuracy = NaN, auc = NaN } = readMetrics(stored.metrics);
  return { ...stored, metrics: { loss, accuracy, auc } };
}

function readMetrics(stored: StoredMetrics): { [metric: string]: number } {
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, Number(value)]));
}

function isPlain(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

/** How long a sweep will take, from a few timed steps of each image size. */
import { availableParallelism } from 'node:os';
import type { Preview, WorkGroup } from '../../coordinator/api/views.js';
import type { DataSummary } from '../../coordinator/sweep/spec.js';
import type { ImageEpochSettings } from '../../proto/work.js';
import type { UsableEngine } from '../../worker/engine/choose.js';
import { estimateSteps, type EstimateCase } from '../../worker/train/estimate.js';
import { RECALIBRATION_IMAGES } from '../../worker/train/order.js';

/** Nobody should have to wait for an estimate. */
const BUDGET_MS = 3_000;
/** A prediction has one pass where a training step has three: forward, to the inputs, to the weights. */
const PREDICTION_SHARE = 1 / 3;

export interface TimedSize {
  /** Of one image: height times width. */
  readonly pixels: number;
  /** Milliseconds to train on one image once. */
  readonly msPerImage: number;
}

/** Milliseconds of wall time; null where nothing is to be trained or nothing could be timed. */
export async function estimateMs(preview: Preview, data: DataSummary | null, engine: UsableEngine | null, slots: number, signal: AbortSignal): Promise<number | null> {
  if (data === null || engine === null || preview.work.length === 0) return null;
  const cases = timedCases(preview.work);
  const estimates = await estimateSteps({ engine, budgetMs: BUDGET_MS, cases }, signal);
  const timed = estimates.flatMap(({ index, msPerStep }) => {
    const chosen = cases[index];
    return chosen === undefined ? [] : [{ pixels: pixelsOf(chosen), msPerImage: msPerStep / chosen.batch }];
  });
  return timed.length === 0 ? null : wallMs(preview.work, timed, data, slots);
}

/** One kind of work for each size of image, the smallest first: time is short, and the larger follow from the smaller. */
function timedCases(work: readonly WorkGroup[]): EstimateCase[] {
  const bySize = new Map<number, EstimateCase>();
  for (const { trajectory, settings } of work) {
    const { batch, dropout } = settings as ImageEpochSettings;
    if (!bySize.has(pixelsOf({ trajectory }))) bySize.set(pixelsOf({ trajectory }), { trajectory, batch, dropout });
  }
  return [...bySize.values()].sort((a, b) => pixelsOf(a) - pixelsOf(b));
}

function pixelsOf({ trajectory }: Pick<WorkGroup, 'trajectory'>): number {
  return trajectory.input.height * trajectory.input.width;
}

/** Pure. Sizes that were not timed cost what the largest timed one does, pixel for pixel. */
export function wallMs(work: readonly Pick<WorkGroup, 'trajectory' | 'epochs'>[], timed: readonly TimedSize[], data: DataSummary, slots: number): number {
  const sum = (part: keyof DataSummary['counts']): number => data.counts[part].reduce((total, count) => total + count, 0);
  const trained = sum('train');
  const predicted = sum('val') + Math.min(trained, RECALIBRATION_IMAGES);
  const largest = timed.reduce((most, size) => (size.pixels > most.pixels ? size : most));
  let total = 0;
  for (const group of work) {
    const pixels = pixelsOf(group);
    const exact = timed.find((size) => size.pixels === pixels);
    const msPerImage = exact?.msPerImage ?? (largest.msPerImage * pixels) / largest.pixels;
    total += group.epochs * msPerImage * (trained + PREDICTION_SHARE * predicted);
  }
  return total / Math.min(slots, availableParallelism());
}

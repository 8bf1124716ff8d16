/** How long a sweep will take and how much memory a slot, from a few timed steps of each image size. */
import { availableParallelism } from 'node:os';
import type { Preview, WorkGroup } from '../../coordinator/api/views.js';
import type { DataSummary } from '../../coordinator/sweep/spec.js';
import type { ImageEpochSettings } from '../../proto/work.js';
import type { UsableEngine } from '../../worker/engine/choose.js';
import { estimateSteps, type EstimateCase } from '../../worker/train/estimate.js';
import { RECALIBRATION_IMAGES } from '../../worker/train/order.js';

/** Nobody should have to wait for an estimate. */
const BUDGET_MS = 3_000;
/** A training step has three where a prediction has one: forward, to the inputs, to the weights. */
const TRAINING_PASSES = 3;

export interface TimedSize {
  /** Of one image: height times width. */
  readonly pixels: number;
  /** What of the network is trained: `kindOf`'s. */
  readonly kind: string;
  /** Milliseconds to train on one image once. */
  readonly msPerImage: number;
  /** Of each image before the first epoch: the features of a frozen base. */
  readonly msPerImageOnce: number;
}

export interface RunEstimate {
  /** Wall time. */
  readonly ms: number;
  /** Memory of the model in training that needs most of it; null where that one could not be timed. */
  readonly slotBytes: number | null;
}

/** Null where nothing is to be trained or nothing could be timed. */
export async function estimateRun(preview: Preview, data: DataSummary | null, engine: UsableEngine | null, slots: number, signal: AbortSignal): Promise<RunEstimate | null> {
  if (data === null || engine === null || preview.work.length === 0) return null;
  const cases = timedCases(preview.work);
  const estimates = await estimateSteps({ engine, budgetMs: BUDGET_MS, cases }, signal);
  const timed = estimates.flatMap(({ index, msPerStep, msPerImageOnce }) => {
    const chosen = cases[index];
    return chosen === undefined ? [] : [{ pixels: pixelsOf(chosen), kind: kindOf(chosen), msPerImage: msPerStep / chosen.settings.batch, msPerImageOnce }];
  });
  if (timed.length === 0) return null;
  const slotBytes = estimates.length < cases.length ? null : Math.max(...estimates.map(({ bytes }) => bytes));
  return { ms: wallMs(preview.work.map((group) => ({ ...group, settings: group.settings as ImageEpochSettings })), timed, data, slots), slotBytes };
}

/** One group for each size of image and kind, of the largest batch; the smallest size first: time is short, and the larger follow from the smaller. */
function timedCases(work: readonly WorkGroup[]): EstimateCase[] {
  const cases = new Map<string, EstimateCase>();
  for (const { trajectory, settings: all } of work) {
    const settings = all as ImageEpochSettings;
    const name = `${pixelsOf({ trajectory })} ${kindOf({ trajectory, settings })}`;
    if ((cases.get(name)?.settings.batch ?? 0) < settings.batch) cases.set(name, { trajectory, settings });
  }
  return [...cases.values()].sort((a, b) => pixelsOf(a) - pixelsOf(b));
}

function pixelsOf({ trajectory }: Pick<WorkGroup, 'trajectory'>): number {
  return trajectory.input.height * trajectory.input.width;
}

/** What of a transfer's base is frozen, and whether its features may be kept; one kind for all other networks. */
function kindOf({ trajectory, settings }: Pick<Work, 'trajectory' | 'settings'>): string {
  return trajectory.model.transfer === undefined ? '' : JSON.stringify([settings.base?.freeze ?? 'none', settings.augment === null]);
}

/**
 * Passes through the network that a training image takes: forward alone where all of the base is frozen and no features
 * are kept. Of a base that is frozen in part, where that was not timed, an upper bound: its gradients end at the first layer that is trained.
 */
function passesOf(kind: string): number {
  return kind === FROZEN_ANEW ? 1 : TRAINING_PASSES;
}

const FROZEN_KEPT = JSON.stringify(['all', true]);
const FROZEN_ANEW = JSON.stringify(['all', false]);

type Work = Pick<WorkGroup, 'trajectory' | 'epochs'> & { readonly settings: Pick<ImageEpochSettings, 'base' | 'augment'> };

/**
 * Pure. Sizes that were not timed cost what the largest timed one of their kind does, pixel for pixel; kinds
 * that were not, their passes through the base, of which a timed kind tells what one takes. Features are computed
 * once for each network and input.
 */
export function wallMs(work: readonly Work[], timed: readonly TimedSize[], data: DataSummary, slots: number): number {
  const sum = (part: keyof DataSummary['counts']): number => data.counts[part].reduce((total, count) => total + count, 0);
  const trained = sum('train');
  const predicted = sum('val') + Math.min(trained, RECALIBRATION_IMAGES);
  const featured = new Set<string>();
  let total = 0;
  for (const group of work) {
    const { msPerImage, msPerImageOnce } = costOf(group, timed);
    total += group.epochs * msPerImage * (trained + predicted / passesOf(kindOf(group)));
    const base = JSON.stringify([group.trajectory.input, group.trajectory.model.name, group.trajectory.model.knobs, group.trajectory.model.transfer?.cutAt, group.trajectory.model.transfer?.pooling]);
    if (msPerImageOnce === 0 || featured.has(base)) continue;
    featured.add(base);
    total += msPerImageOnce * (trained + sum('val') + sum('test'));
  }
  return total / Math.min(slots, availableParallelism());
}

function costOf(group: Work, timed: readonly TimedSize[]): Pick<TimedSize, 'msPerImage' | 'msPerImageOnce'> {
  const [pixels, kind] = [pixelsOf(group), kindOf(group)];
  const same = timed.filter((size) => size.kind === kind);
  const largest = (same.length > 0 ? same : timed).reduce((most, size) => (size.pixels > most.pixels ? size : most));
  const known = same.find((size) => size.pixels === pixels);
  if (known !== undefined) return known;
  const scaled = (ms: number): number => (ms * pixels) / largest.pixels;
  if (same.length > 0) return { msPerImage: scaled(largest.msPerImage), msPerImageOnce: scaled(largest.msPerImageOnce) };
  const pass = scaled(largest.msPerImageOnce > 0 ? largest.msPerImageOnce : largest.msPerImage / passesOf(largest.kind));
  // Beside that a head costs next to nothing.
  return kind === FROZEN_KEPT ? { msPerImage: 0, msPerImageOnce: pass } : { msPerImage: passesOf(kind) * pass, msPerImageOnce: 0 };
}

/** How long a sweep will take, from a few timed steps of each image size. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Preview, WorkGroup } from '../../coordinator/api/views.js';
import type { DataSummary } from '../../coordinator/sweep/spec.js';
import { packageRoot } from '../../proto/package-root.js';
import type { ImageEpochSettings, ImageTrajectory } from '../../proto/work.js';
import { RECALIBRATION_IMAGES } from '../../worker/train/order.js';
import { childEnvironment } from '../host/environment.js';

/** How long the timing itself may take before it is given up. */
const LIMIT_MS = 30_000;

export interface TimingRequest {
  readonly trajectory: ImageTrajectory;
  readonly settings: ImageEpochSettings;
}

export interface TimedInput {
  readonly height: number;
  readonly width: number;
  readonly trainMsPerImage: number;
  readonly predictMsPerImage: number;
}

/** Milliseconds of wall time; null where nothing is to be trained or nothing could be timed. */
export async function estimateMs(preview: Preview, data: DataSummary | null, slots: number, signal: AbortSignal): Promise<number | null> {
  if (data === null || preview.work.length === 0) return null;
  const timed = await timeInputs(timingRequests(preview.work), signal);
  return timed === null || timed.length === 0 ? null : wallMs(preview.work, timed, data, slots);
}

/** One kind of work for each size of input, the smallest first: time is short, and the larger follow from the smaller. */
function timingRequests(work: readonly WorkGroup[]): TimingRequest[] {
  const bySize = new Map<number, TimingRequest>();
  for (const { trajectory, settings } of work) {
    const pixels = trajectory.input.height * trajectory.input.width;
    if (!bySize.has(pixels)) bySize.set(pixels, { trajectory, settings: settings as ImageEpochSettings });
  }
  return [...bySize].sort(([a], [b]) => a - b).map(([, request]) => request);
}

/** Pure. Sizes that were not timed cost what the largest timed one does, by pixels. */
export function wallMs(work: readonly WorkGroup[], timed: readonly TimedInput[], data: DataSummary, slots: number): number {
  const sum = (part: keyof DataSummary['counts']): number => data.counts[part].reduce((total, count) => total + count, 0);
  const trained = sum('train');
  const predicted = sum('val') + Math.min(trained, RECALIBRATION_IMAGES);
  const largest = timed.reduce((most, input) => (input.height * input.width > most.height * most.width ? input : most));
  let total = 0;
  for (const { trajectory, epochs } of work) {
    const { height, width } = trajectory.input;
    const exact = timed.find((input) => input.height === height && input.width === width);
    const { trainMsPerImage, predictMsPerImage } = exact ?? largest;
    const scale = exact === undefined ? (height * width) / (largest.height * largest.width) : 1;
    total += epochs * scale * (trained * trainMsPerImage + predicted * predictMsPerImage);
  }
  return total / Math.min(slots, availableParallelism());
}

async function timeInputs(requests: readonly TimingRequest[], signal: AbortSignal): Promise<TimedInput[] | null> {
  const child = fork(join(packageRoot(), 'dist', 'cli', 'run', 'estimate-child.js'), [], { detached: true, env: childEnvironment({}), stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const kill = (): void => void child.kill('SIGKILL');
  const timer = setTimeout(kill, LIMIT_MS);
  signal.addEventListener('abort', kill);
  try {
    child.send([...requests]);
    return await new Promise<TimedInput[] | null>((resolve) => {
      child.once('message', (timed) => resolve(timed as unknown as TimedInput[]));
      child.once('exit', () => resolve(null));
      child.once('error', () => resolve(null));
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
    kill();
  }
}

/**
 * Reads an LrRangeRequest from standard input, trains one step after another at rising rates, and prints
 * a JSON line for each: {"step", "rate", "loss"}, the loss null where it is no number. Ends after the
 * last step, or when the loss has diverged. What goes wrong is a line {"error"}.
 */
import { text } from 'node:stream/consumers';
import { openEngine } from '../engine/open.js';
import { buildModel } from '../model/zoo.js';
import { oneLine, outcomeOf } from './failure.js';
import { openImageData } from './image-data.js';
import { hasDiverged, rateOfStep } from './lr-range.js';
import type { LrRangeLine, LrRangeRequest } from './lr-range-process.js';
import { epochOrder, trainingSubset } from './order.js';
import { stepSettings } from './step-settings.js';

function print(line: LrRangeLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function run({ engine: chosen, trajectory, settings, pixels, range }: LrRangeRequest): Promise<void> {
  const { input, classes, optimizer, initSeed, replicate } = trajectory;
  const { batch, dataSeed, trainFraction } = settings;
  const data = openImageData(pixels, input.normalisation);
  const { source, parts, normalisation } = data;
  const images = trainingSubset(parts.train, source.labels, trainFraction, dataSeed, replicate);
  const room = { maxBatch: Math.min(batch, images.length), accumulate: settings.accumulate, clips: settings.clipNorm !== null, augments: settings.augment !== null };
  const engine = await openEngine(chosen);
  const executable = await engine.compile(buildModel(trajectory.model, input, classes), { optimizer, classes, normalisation, initSeed, replicate, ...room, memoryBytes: null }, source);
  const perEpoch = Math.ceil(images.length / batch);
  const losses: number[] = [];
  let order = images;
  for (let step = 0; step < range.steps && !hasDiverged(losses); step++) {
    const [epoch, within] = [Math.floor(step / perEpoch), step % perEpoch];
    if (within === 0) order = epochOrder(images, dataSeed, replicate, epoch);
    const chosen = order.subarray(within * batch, Math.min((within + 1) * batch, order.length));
    const rate = rateOfStep(range, step);
    const { loss } = executable.step(chosen, stepSettings(trajectory, settings, epoch, within, chosen, rate, images));
    losses.push(loss);
    print({ step, rate, loss: Number.isFinite(loss) ? loss : null });
  }
  executable.dispose();
  data.close();
}

try {
  await run(JSON.parse(await text(process.stdin)) as LrRangeRequest);
} catch (error) {
  const outcome = outcomeOf(error);
  print({ error: { class: outcome.class, message: oneLine(error) } });
}

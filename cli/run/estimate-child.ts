/**
 * Times a few training and prediction steps per kind of input, on images of noise. A process of its own,
 * since steps block the one they run in, and WebAssembly memory is given back only at a process' end.
 */
import { createWasmEngine } from '../../worker/engine/wasm/engine.js';
import type { ImageSource } from '../../worker/engine/engine.js';
import { buildModel } from '../../worker/model/zoo.js';
import type { TimedInput, TimingRequest } from './estimate.js';

/** Long enough for a few steps, short enough that nobody waits for it. */
const PER_INPUT_MS = 250;
const ALL_INPUTS_MS = 2_500;
const FEWEST_STEPS = 2;
const PREDICTED = 32;

/** `count` images of noise, always the same. */
function noise(request: TimingRequest, count: number): ImageSource {
  const { height, width, channels } = request.trajectory.input;
  const size = height * width * channels;
  const pixels = new Uint8Array(count * size);
  let state = 1;
  for (let place = 0; place < pixels.length; place += 1) {
    // Numerical Recipes' linear congruential generator: any noise will do.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[place] = state >>> 24;
  }
  return {
    count,
    height,
    width,
    channels,
    labels: Uint16Array.from({ length: count }, (_, image) => image % request.trajectory.classes),
    read: (indices, into) => indices.forEach((image, place) => into.set(pixels.subarray(image * size, (image + 1) * size), place * size)),
  };
}

/** Median milliseconds of a call, after one to warm up. */
function timeCalls(call: () => void): number {
  call();
  const times: number[] = [];
  const endAt = performance.now() + PER_INPUT_MS;
  while (times.length < FEWEST_STEPS || performance.now() < endAt) {
    const beganAt = performance.now();
    call();
    times.push(performance.now() - beganAt);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

async function timeInput(engine: Awaited<ReturnType<typeof createWasmEngine>>, request: TimingRequest): Promise<TimedInput> {
  const { trajectory, settings } = request;
  const { input, classes, optimizer, initSeed, replicate } = trajectory;
  const count = Math.max(settings.batch, PREDICTED);
  const training = { optimizer, classes, normalisation: { mean: null, deviation: null }, initSeed, replicate, maxBatch: settings.batch, memoryBytes: null };
  const executable = await engine.compile(buildModel(trajectory.model, input, classes), training, noise(request, count));
  try {
    const all = Int32Array.from({ length: count }, (_, image) => image);
    const { dropout, classWeights } = settings;
    // So small a rate that noise cannot make it diverge.
    const trainMs = timeCalls(() => executable.step(all.subarray(0, settings.batch), { lr: 1e-6, dropout, classWeights, dropoutSeed: 1 }));
    const predictMs = timeCalls(() => executable.predict(all.subarray(0, PREDICTED)));
    return { height: input.height, width: input.width, trainMsPerImage: trainMs / settings.batch, predictMsPerImage: predictMs / PREDICTED };
  } finally {
    executable.dispose();
  }
}

async function timeAll(requests: readonly TimingRequest[]): Promise<void> {
  const engine = await createWasmEngine();
  const endAt = performance.now() + ALL_INPUTS_MS;
  const timed: TimedInput[] = [];
  for (const request of requests) {
    if (timed.length > 0 && performance.now() > endAt) break;
    timed.push(await timeInput(engine, request));
  }
  process.send?.(timed, () => process.exit(0));
}

process.on('disconnect', () => process.exit(1));
process.once('message', (requests) => {
  timeAll(requests as TimingRequest[]).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
});

/** `trawl lr`: a range test of learning rates for the first trial of a sweep file. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { resolveTrials } from '../../coordinator/sweep/resolve.js';
import type { SweepSpec } from '../../coordinator/sweep/spec.js';
import type { BlobId, ImageEpochSettings, ImageTrajectory, Json } from '../../proto/work.js';
import { PackFolder } from '../../worker/data/packs.js';
import { PixelCache } from '../../worker/data/pixel-cache.js';
import { chooseEngine } from '../../worker/engine/choose.js';
import type { EngineName } from '../../worker/engine/names.js';
import { hasDiverged, lrCurve, suggestionOf, type LrRange, type LrSuggestion } from '../../worker/train/lr-range.js';
import { runLrRange, type LrRangeStep } from '../../worker/train/lr-range-process.js';
import { homeBlobs } from '../blobs.js';
import { surveyHome } from '../engine/survey.js';
import { BadInput } from '../exit.js';
import { homeAt, type Home } from '../home.js';
import { requirePlace, writeOver } from '../output-file.js';
import { near } from '../program-name.js';
import { Display } from '../run/display.js';
import { Interrupts } from '../run/interrupts.js';
import { loadSweep } from '../run/load.js';
import { settingText } from '../text/format.js';
import { renderLrChart } from './chart.js';

export interface LrOptions {
  readonly file: string;
  readonly home: string | undefined;
  readonly set: { readonly [hyperparameter: string]: Json };
  readonly range: LrRange;
  /** Null for the best there is. */
  readonly engine: EngineName | null;
  /** Null for `FILE-lr.png` beside the sweep file. */
  readonly out: string | null;
  readonly json: boolean;
}

interface Tested {
  readonly trajectory: ImageTrajectory;
  readonly settings: ImageEpochSettings;
  readonly steps: readonly LrRangeStep[];
}

/** Throws BadInput, LrRangeFailed, Interrupted. */
export async function runLr(options: LrOptions): Promise<void> {
  const interrupts = new Interrupts();
  const display = new Display();
  const out = pictureOf(options);
  try {
    // A sweep file that is not there is the better thing to say.
    if (options.out !== null || existsSync(options.file)) await requirePlace(out, 'name another file with --out FILE');
    const tested = await measure(options, homeAt(options.home), display, interrupts.signal);
    display.clear();
    await report(options, tested, out);
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

function pictureOf({ file, out }: LrOptions): string {
  return resolve(out ?? join(dirname(resolve(file)), `${basename(file, extname(file))}-lr.png`));
}

async function measure(options: LrOptions, home: Home, display: Display, signal: AbortSignal): Promise<Tested> {
  const facts = await surveyHome(home, { onTest: (label) => display.passing(`testing ${label}`), signal });
  const { engine } = chooseEngine(facts, options.engine);
  const { spec, data, request } = await loadSweep({
    file: resolve(options.file),
    home,
    blobs: await homeBlobs(home),
    sharing: true,
    engine: { asked: engine.kind, hasNative: facts.some(({ found }) => found !== null) },
    set: options.set,
    onWarning: (line) => display.say(`warning: ${line}`),
    withoutData: () => Promise.resolve(null),
    onProgress: ({ phase, done, total }) => display.passing(`${phase === 'scan' ? 'reading images' : 'storing images'}: ${done} of ${total}`),
    signal,
  });
  if (spec.trainable.kind === 'image-classifier' && spec.trainable.weights !== undefined) throw new BadInput(`${options.file}: weights: found ${spec.trainable.weights.file}, expected none; a range test from pretrained weights is known but not built yet`);
  const plan = resolveTrials(firstCell(spec), data, request.numerics, request.module ?? null)[0];
  if (plan?.trajectory.trainable === 'classical') throw new BadInput(`${options.file}: model: found ${plan.trajectory.model.name}, expected a network of the zoo; a classical model has no learning rate`);
  if (data === null || plan?.trajectory.trainable !== 'image-classifier') throw new BadInput(`${options.file}: found a trainable without learning rates, expected data; a range test trains an image classifier`);
  const { trajectory } = plan;
  const settings = plan.epochs[0] as ImageEpochSettings;
  const [pixels, close] = await pixelsOf(home, data.manifest, trajectory, (done, total) => display.passing(`decoding images: ${done} of ${total}`), signal);
  try {
    const { steps: total } = options.range;
    const onStep = ({ step, rate, loss }: LrRangeStep): void => {
      if (step === 0) display.say(`training up to ${total} steps with ${engine.label}`);
      display.passing(`step ${step + 1} of ${total}: rate ${rate.toPrecision(2)}, loss ${loss === null ? 'not finite' : loss.toFixed(4)}`);
    };
    return { trajectory, settings, steps: await runLrRange({ engine, trajectory, settings, pixels, range: options.range }, onStep, signal) };
  } finally {
    await close();
  }
}

/** The first value of every axis, in one trial. */
function firstCell(spec: SweepSpec): SweepSpec {
  return { ...spec, sampler: 'grid', axes: spec.axes.filter(({ when }) => when === undefined).map(({ name, values }) => ({ name, values: values.slice(0, 1) })) };
}

/** Decoded by a worker of this home already, or by this command for itself, as a worker's cache is the worker's alone. */
async function pixelsOf(home: Home, manifestId: BlobId, { input }: ImageTrajectory, onProgress: (done: number, total: number) => void, signal: AbortSignal) {
  const blobs = await homeBlobs(home);
  const packs = new PackFolder(home.blobs, blobs);
  const manifest = await packs.manifest(manifestId);
  const known = await PixelCache.look(join(home.worker, 'pixels'), manifest, input);
  if (known !== null) return [known, async () => undefined] as const;
  await mkdir(home.dataCache, { recursive: true });
  const folder = await mkdtemp(join(home.dataCache, 'lr-'));
  const cache = new PixelCache(folder);
  const close = async (): Promise<void> => {
    await cache.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return [await cache.ensure(manifest, input, packs, { onProgress, signal }), close] as const;
  } catch (error) {
    await close();
    throw error;
  }
}

async function report(options: LrOptions, { trajectory, settings, steps }: Tested, out: string): Promise<void> {
  const finite = steps.flatMap(({ rate, loss }) => (loss === null ? [] : [{ rate, loss }]));
  const [rates, losses] = [finite.map(({ rate }) => rate), finite.map(({ loss }) => loss)];
  const curve = lrCurve(losses);
  const suggestion = suggestionOf(rates, losses);
  const { model, input, optimizer } = trajectory;
  const title = `${model.name} at ${input.width} x ${input.height}, batch ${settings.batch}, ${optimizer.name}`;
  await writeOver(out, await renderLrChart({ title, rates, losses, smoothed: curve, marks: suggestion === null ? [] : marksOf(suggestion) }));
  const diverged = hasDiverged(steps.map(({ loss }) => loss ?? Number.NaN));
  if (options.json) {
    const { steps: planned, from, to } = options.range;
    const document = { model: model.name, imageSize: input.width, batch: settings.batch, optimizer, from, to, planned, rates, losses, smoothed: curve, diverged, suggestion, picture: out };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${reportLines(title, trajectory, steps, diverged, suggestion, near(out)).join('\n')}\n`);
}

function marksOf({ steepest, minimumTenth }: LrSuggestion) {
  return [
    { rate: steepest, text: `steepest descent: ${steepest.toPrecision(2)}`, ink: [110, 190, 250] as const },
    { rate: minimumTenth, text: `minimum / 10: ${minimumTenth.toPrecision(2)}`, ink: [120, 220, 130] as const },
  ];
}

function reportLines(title: string, { model }: ImageTrajectory, steps: readonly LrRangeStep[], diverged: boolean, suggestion: LrSuggestion | null, picture: string): string[] {
  const last = steps.at(-1);
  const end = diverged ? `the loss diverged at rate ${last?.rate.toPrecision(2) ?? '-'}` : `the loss had not diverged at rate ${last?.rate.toPrecision(2) ?? '-'}`;
  const head = `${title} (${settingText(model.knobs)}): ${steps.length} steps, ${end}`;
  if (suggestion === null) return [head, 'No rate of the range lowers the loss: try a wider --from and --to, or more --steps.', picture];
  const { steepest, minimum, minimumTenth, rise, clean } = suggestion;
  const suggested = [
    { rate: steepest, line: `steepest descent  ${steepest.toPrecision(2)}  where the loss falls fastest per factor of the rate: a rate that learns well` },
    { rate: minimumTenth, line: `minimum / 10      ${minimumTenth.toPrecision(2)}  a tenth of ${minimum.toPrecision(2)}, where the loss is least${rise === null ? '' : ' before it rises'}: as fast as is safe for a whole training` },
  ].sort((a, b) => a.rate - b.rate);
  return [
    head,
    ...suggested.map(({ line }) => line),
    ...(clean ? [] : [`The curve is not clean: it rises at ${rise?.toPrecision(2) ?? '-'} and falls again later; only what comes before the rise counts. More --steps or a larger batch make it smoother.`]),
    `Try rates from the lower of the two up to that of the least loss, e.g. space: {lr: [${[...suggested.map(({ rate }) => rate), minimum].map((rate) => Number(rate.toPrecision(2))).join(', ')}]}`,
    picture,
  ];
}

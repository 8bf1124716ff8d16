/**
 * The answer to what a person with two classes asks: if nearly all of the one are to be found, how many
 * of the other are called so by mistake, and which ones are missed? From stored predictions.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../../blob/store.js';
import { readFloats } from '../../coordinator/api/ensembles.js';
import type { EnsembleView } from '../../coordinator/api/analysis-views.js';
import { meanProbabilities } from '../../coordinator/ensemble/combine.js';
import { operatingPoint, specificityAt, type OperatingPoint } from '../../coordinator/ensemble/threshold.js';
import { decodeManifest } from '../../proto/manifest.js';
import type { BlobId, DataFile, DataManifest, EvaluatedPart } from '../../proto/work.js';
import { decodeImage } from '../../worker/data/decode.js';
import { TILE } from '../picture/canvas.js';
import { renderSheet, type Tile } from '../picture/sheet.js';

/** What a screening asks of it. */
const SENSITIVITY = 0.95;
/** More than these are not looked at one by one. */
const MOST_TILES = 120;

interface Predicted {
  readonly model: 'single' | 'ensemble';
  readonly name: string;
  readonly val: Float32Array;
  readonly test: Float32Array | null;
}

/** A threshold that was chosen on validation, and what it comes to on `Answer.part`. */
export interface ModelPoint extends OperatingPoint {
  readonly model: 'single' | 'ensemble';
  readonly name: string;
}

/** Part of the contract of `trawl run --json`. */
export interface Answer {
  /** What was asked for on validation. */
  readonly sensitivity: number;
  readonly positive: string;
  /** Where the points are measured: test, where every model has predictions for it. */
  readonly part: EvaluatedPart;
  /** The best single trial, then the ensemble where it has more than one member. */
  readonly models: readonly ModelPoint[];
  /** Contact sheet of what the last of the models misses; null where it misses none. */
  readonly sheet: string | null;
}

export interface QuestionOptions {
  readonly ensemble: EnsembleView;
  readonly blobs: BlobStore;
  /** Where the contact sheet is written. */
  readonly folder: string;
}

/** Null where there are not two classes. Throws the blob store's errors. */
export async function answerQuestion({ ensemble, blobs, folder }: QuestionOptions): Promise<Answer | null> {
  const data = ensemble.sweep.data;
  if (data?.classes.length !== 2) return null;
  const manifest = decodeManifest(await buffer(await blobs.open(data.manifest)));
  const single = await singleOf(ensemble, blobs);
  const all = ensemble.members.length > 1 ? [single, await ensembleOf(ensemble, blobs)] : [single];
  const part = all.every(({ test }) => test !== null) ? 'test' : 'val';
  const models = all.map((predicted) => pointOf(predicted, manifest, part, data.positive));
  const [shown, point] = [all.at(-1), models.at(-1)];
  const path = join(folder, `${ensemble.sweep.id}-misses.png`);
  const sheet = shown === undefined || point === undefined ? null : await missesSheet(shown, point, { manifest, part, blobs, classes: data.classes, positive: data.positive, name: ensemble.sweep.name });
  // One of an earlier run would show what is not missed any more.
  if (sheet === null) await rm(path, { force: true });
  else {
    await mkdir(folder, { recursive: true });
    await writeFile(path, sheet);
  }
  return { sensitivity: SENSITIVITY, positive: data.classes[data.positive] ?? '', part, models, sheet: sheet === null ? null : path };
}

/** Lines for a person. `threshold` is that of the ensemble, which `trawl predict` goes by; `shown` says how a path is shown. */
export function answerLines({ positive, part, models, sheet }: Answer, threshold: number | null, shown: (path: string) => string): string[] {
  const where = part === 'test' ? 'on the test part, with thresholds chosen on validation' : 'on validation, where the thresholds were chosen too, so that new images may do worse (there is no test part)';
  const last = models.at(-1);
  const lines = [`If 95 % of ${positive} must be found, ${where}:`, ...models.map((point) => `  ${point.name}, ${pointText(point)}`)];
  if (last !== undefined && last.threshold !== threshold) {
    lines.push(`  \`trawl predict\` calls ${positive} from ${(threshold ?? 0.5).toFixed(3)} on, not from here; to have it so, add to the sweep file's objective floors: {'val.recall[${positive}]': 0.95}`);
  }
  if (last !== undefined && sheet !== null) lines.push(`  what the ${last.name} misses, as pictures: ${shown(sheet)}`);
  return lines;
}

/** E.g. `from 0.31 on: sensitivity 0.96, specificity 0.81; misses 19 of 390`. */
function pointText({ threshold, sensitivity, specificity, misses, positives }: OperatingPoint): string {
  return `from ${threshold.toFixed(3)} on: sensitivity ${sensitivity.toFixed(2)}, specificity ${specificity.toFixed(2)}; misses ${misses} of ${positives}`;
}

/** Chosen on validation, measured on `part`. */
function pointOf({ model, name, val, test }: Predicted, manifest: DataManifest, part: EvaluatedPart, positive: number): ModelPoint {
  const labels = (of: EvaluatedPart): number[] => filesOf(manifest, of).map((file) => file.label);
  const chosen = specificityAt(SENSITIVITY, val, labels('val'), positive);
  return { model, name, ...(part === 'test' && test !== null ? operatingPoint(chosen.threshold, test, labels('test'), positive) : chosen) };
}

function filesOf(manifest: DataManifest, part: EvaluatedPart): readonly DataFile[] {
  return manifest.files.filter((file) => file.part === part);
}

async function readPair(blobs: BlobStore, ids: { readonly val: BlobId; readonly test: BlobId | null }): Promise<{ val: Float32Array; test: Float32Array | null }> {
  return { val: await readFloats(blobs, ids.val), test: ids.test === null ? null : await readFloats(blobs, ids.test) };
}

async function singleOf({ single }: EnsembleView, blobs: BlobStore): Promise<Predicted> {
  return { model: 'single', name: `best trial #${single.number}`, ...(await readPair(blobs, single.probabilities)) };
}

async function ensembleOf({ members }: EnsembleView, blobs: BlobStore): Promise<Predicted> {
  const pairs = await Promise.all(members.map(async (member) => ({ weight: member.weight, ...(await readPair(blobs, member.probabilities)) })));
  const tested = pairs.flatMap(({ weight, test }) => (test === null ? [] : [{ weight, probabilities: test }]));
  return {
    model: 'ensemble',
    name: `ensemble of ${members.length}`,
    val: meanProbabilities(pairs.map(({ weight, val }) => ({ weight, probabilities: val }))),
    test: tested.length === pairs.length ? meanProbabilities(tested) : null,
  };
}

interface SheetFacts {
  readonly manifest: DataManifest;
  readonly part: EvaluatedPart;
  readonly blobs: BlobStore;
  readonly classes: readonly string[];
  readonly positive: number;
  readonly name: string;
}

/** The positive images of the part below the point's threshold, least probable first; null where there are none. */
async function missesSheet(predicted: Predicted, point: ModelPoint, facts: SheetFacts): Promise<Buffer | null> {
  const { manifest, part, positive, classes } = facts;
  const probabilities = part === 'test' && predicted.test !== null ? predicted.test : predicted.val;
  const missed = filesOf(manifest, part)
    .map((file, index) => ({ file, probability: probabilities[2 * index + positive] ?? 0 }))
    .filter(({ file, probability }) => file.label === positive && probability < point.threshold)
    .sort((a, b) => a.probability - b.probability);
  if (missed.length === 0) return null;
  const tiles = await tilesOf(missed.slice(0, MOST_TILES), facts);
  const positiveName = classes[positive] ?? '';
  const rest = missed.length - tiles.length;
  const heading = `p = probability of ${positiveName}; the threshold, chosen on validation, is ${point.threshold.toFixed(3)}${rest > 0 ? `; ${rest} more are not shown` : ''}`;
  return renderSheet(`${facts.name}: ${missed.length} of ${point.positives} ${positiveName} that the ${predicted.name} misses (${part})`, [{ heading, tiles }]);
}

/** The pictures come from the packs, pack by pack: the folder of images may have changed since. */
async function tilesOf(missed: readonly { readonly file: DataFile; readonly probability: number }[], { manifest, blobs }: SheetFacts): Promise<Tile[]> {
  const tiles = new Map<DataFile, Tile>();
  for (const pack of new Set(missed.map(({ file }) => file.pack))) {
    const bytes = await buffer(await blobs.open(manifest.packs[pack] ?? ''));
    for (const { file, probability } of missed) {
      if (file.pack !== pack) continue;
      const shape = { width: TILE, height: TILE, channels: 3, resize: 'pad' } as const;
      const pixels = await decodeImage(bytes.subarray(file.offset, file.offset + file.bytes), shape);
      tiles.set(file, { picture: { ...shape, pixels }, caption: [file.name.slice(file.name.lastIndexOf('/') + 1), `p ${probability.toFixed(3)}`] });
    }
  }
  return missed.flatMap(({ file }) => tiles.get(file) ?? []);
}

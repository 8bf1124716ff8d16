/**
 * The answer to what a person with two classes asks: if nearly all of the one are to be found, how many
 * of the other are called so by mistake, and which ones are missed? From stored predictions.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../../blob/store.js';
import { readFloats } from '../../coordinator/api/ensembles.js';
import type { EnsembleView } from '../../coordinator/api/views.js';
import { meanProbabilities } from '../../coordinator/ensemble/combine.js';
import { operatingPoint, specificityAt, type OperatingPoint } from '../../coordinator/ensemble/threshold.js';
import { decodeManifest } from '../../proto/manifest.js';
import type { BlobId, DataFile, DataManifest, EvaluatedPart } from '../../proto/work.js';
import { decodeImage } from '../../worker/data/decode.js';
import { TILE } from '../picture/canvas.js';
import { renderSheet, type Tile } from '../picture/sheet.js';

/** What a screening asks of it. */
export const SENSITIVITY = 0.95;
/** More than these are not looked at one by one. */
const MOST_TILES = 120;

interface Predicted {
  readonly name: string;
  readonly val: Float32Array;
  readonly test: Float32Array | null;
}

export interface QuestionOptions {
  readonly ensemble: EnsembleView;
  readonly blobs: BlobStore;
  /** Where the contact sheet is written. */
  readonly folder: string;
  /** How a path is shown. */
  readonly shown: (path: string) => string;
}

/** Lines for a person; none where there are not two classes. Throws the blob store's errors. */
export async function questionLines(options: QuestionOptions): Promise<string[]> {
  const { ensemble, blobs } = options;
  const data = ensemble.sweep.data;
  if (data?.classes.length !== 2) return [];
  const manifest = decodeManifest(await buffer(await blobs.open(data.manifest)));
  const part = manifest.files.some((file) => file.part === 'test') ? 'test' : 'val';
  const files = { val: filesOf(manifest, 'val'), test: filesOf(manifest, 'test') };
  const single = await singleOf(ensemble, blobs);
  const all = ensemble.members.length > 1 ? [single, await ensembleOf(ensemble, blobs)] : [single];
  const lines = [`If 95 % of ${data.classes[data.positive] ?? ''} must be found, on ${part === 'test' ? 'the test part' : 'validation (there is no test part)'}:`];
  for (const predicted of all) lines.push(...linesOf(predicted, files, part, data.classes, data.positive));
  const shownFor = all.at(-1) ?? single;
  const sheet = await missesSheet(shownFor, { manifest, files: files[part], part, blobs, classes: data.classes, positive: data.positive, name: ensemble.sweep.name });
  if (sheet !== null) {
    await mkdir(options.folder, { recursive: true });
    const path = join(options.folder, `${ensemble.sweep.id}-misses.png`);
    await writeFile(path, sheet);
    lines.push(`  what the ${shownFor.name} misses, as pictures: ${options.shown(path)}`);
  }
  return lines;
}

/** E.g. `at 95 % sensitivity for PNEUMONIA: specificity 0.81; misses 19 of 390`. */
export function pointText(point: OperatingPoint, positive: string): string {
  return `at 95 % sensitivity for ${positive}: specificity ${point.specificity.toFixed(2)}; misses ${point.misses} of ${point.positives}`;
}

function linesOf(predicted: Predicted, files: { readonly [part in EvaluatedPart]: readonly DataFile[] }, part: EvaluatedPart, classes: readonly string[], positive: number): string[] {
  const labels = (of: EvaluatedPart): number[] => files[of].map((file) => file.label);
  const probabilities = predicted[part] ?? predicted.val;
  const point = specificityAt(SENSITIVITY, probabilities, labels(part), positive);
  const lines = [`  ${predicted.name}, ${pointText(point, classes[positive] ?? '')}`];
  if (part === 'test') {
    const chosen = specificityAt(SENSITIVITY, predicted.val, labels('val'), positive).threshold;
    const honest = operatingPoint(chosen, probabilities, labels('test'), positive);
    lines.push(`    with a threshold chosen on validation (${chosen.toFixed(3)}): sensitivity ${honest.sensitivity.toFixed(2)}, specificity ${honest.specificity.toFixed(2)}; misses ${honest.misses} of ${honest.positives}`);
  }
  return lines;
}

function filesOf(manifest: DataManifest, part: EvaluatedPart): readonly DataFile[] {
  return manifest.files.filter((file) => file.part === part);
}

async function readPair(blobs: BlobStore, ids: { readonly val: BlobId; readonly test: BlobId | null }): Promise<{ val: Float32Array; test: Float32Array | null }> {
  return { val: await readFloats(blobs, ids.val), test: ids.test === null ? null : await readFloats(blobs, ids.test) };
}

async function singleOf({ single }: EnsembleView, blobs: BlobStore): Promise<Predicted> {
  return { name: `best trial #${single.number}`, ...(await readPair(blobs, single.probabilities)) };
}

async function ensembleOf({ members }: EnsembleView, blobs: BlobStore): Promise<Predicted> {
  const pairs = await Promise.all(members.map(async (member) => ({ weight: member.weight, ...(await readPair(blobs, member.probabilities)) })));
  const tested = pairs.flatMap(({ weight, test }) => (test === null ? [] : [{ weight, probabilities: test }]));
  return {
    name: `ensemble of ${members.length}`,
    val: meanProbabilities(pairs.map(({ weight, val }) => ({ weight, probabilities: val }))),
    test: tested.length === pairs.length ? meanProbabilities(tested) : null,
  };
}

interface SheetFacts {
  readonly manifest: DataManifest;
  readonly files: readonly DataFile[];
  readonly part: EvaluatedPart;
  readonly blobs: BlobStore;
  readonly classes: readonly string[];
  readonly positive: number;
  readonly name: string;
}

/** The positive images below the threshold, least certain last; null where there are none. */
async function missesSheet(predicted: Predicted, facts: SheetFacts): Promise<Buffer | null> {
  const { files, positive, classes } = facts;
  const probabilities = predicted[facts.part] ?? predicted.val;
  const point = specificityAt(SENSITIVITY, probabilities, files.map((file) => file.label), positive);
  const missed = files
    .map((file, index) => ({ file, probability: probabilities[2 * index + positive] ?? 0 }))
    .filter(({ file, probability }) => file.label === positive && probability < point.threshold)
    .sort((a, b) => a.probability - b.probability);
  if (missed.length === 0) return null;
  const tiles = await tilesOf(missed.slice(0, MOST_TILES), facts);
  const positiveName = classes[positive] ?? '';
  const rest = missed.length - tiles.length;
  const heading = `p = probability of ${positiveName}; the threshold is ${point.threshold.toFixed(3)}${rest > 0 ? `; ${rest} more are not shown` : ''}`;
  return renderSheet(`${facts.name}: ${missed.length} of ${point.positives} ${positiveName} that the ${predicted.name} misses (${facts.part})`, [{ heading, tiles }]);
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

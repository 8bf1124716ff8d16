/** A small generated data set as a worker gets it: a pack blob of PNG files and a manifest blob. */
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import type { BlobStore } from '../../../blob/store.js';
import { encodeManifest, makeManifest } from '../../../proto/manifest.js';
import { IMAGE_CLASSIFIER_VERSION } from '../../../proto/models.js';
import { PURPOSE, RandomStream } from '../../../proto/random.js';
import {
  KEY_FORMAT,
  type DataFile,
  type DataManifest,
  type EvaluateWork,
  type ImageEpochSettings,
  type ImageTrajectory,
  type Part,
  type TrainWork,
} from '../../../proto/work.js';
import { nextKey, rootKey } from '../../../proto/keys.js';
import { wasmNumerics } from '../../../worker/engine/wasm/numerics.js';
import { imageNumerics } from '../../../worker/train/numerics.js';
import { imageSettings } from '../../support/settings.js';

export const SIZE = 16;
const IMAGES: { readonly [part in Part]: number } = { train: 22, val: 10, test: 6 };

export interface DataSet {
  readonly manifest: DataManifest;
  readonly blob: string;
}

/** Noise whose mean tells the class. */
async function png(label: number, serial: number): Promise<Buffer> {
  const random = new RandomStream(PURPOSE.shuffle, serial);
  const pixels = Uint8Array.from({ length: SIZE * SIZE }, () => random.below(120) + 70 * label);
  return sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 1 } }).png().toBuffer();
}

export async function storeDataSet(blobs: BlobStore): Promise<DataSet> {
  const files: Omit<DataFile, 'pack'>[] = [];
  const contents: Buffer[] = [];
  let offset = 0;
  let serial = 0;
  for (const part of ['train', 'val', 'test'] as const) {
    for (let image = 0; image < IMAGES[part]; image++) {
      const label = image % 2;
      const bytes = await png(label, serial++);
      files.push({ name: `${part}-${image}.png`, digest: createHash('sha256').update(bytes).digest('hex'), label, part, offset, bytes: bytes.length });
      contents.push(bytes);
      offset += bytes.length;
    }
  }
  const pack = await blobs.put(Buffer.concat(contents));
  const manifest = makeManifest(['DARK', 'LIGHT'], [pack.id], files.map((file) => ({ ...file, pack: 0 })));
  return { manifest, blob: (await blobs.put(encodeManifest(manifest))).id };
}

export function garthTrajectory(data: DataSet): ImageTrajectory {
  return {
    format: KEY_FORMAT,
    trainable: 'image-classifier',
    version: IMAGE_CLASSIFIER_VERSION,
    numerics: imageNumerics(wasmNumerics()),
    data: data.manifest.digest,
    classes: 2,
    input: { height: SIZE, width: SIZE, channels: 1, resize: 'stretch', normalisation: 'zerocenter' },
    model: { name: 'garth-cnn', knobs: { filters: [4, 4, 6], fcWidth: 8 } },
    optimizer: { name: 'sgdm', momentum: 0.9 },
    loss: 'softmaxCrossEntropy',
    initSeed: 3,
    replicate: 0,
    salt: null,
  };
}

export const GARTH_SETTINGS: ImageEpochSettings = imageSettings({ batch: 4, dataSeed: 11 });

/** Work on the span [from, to) of a trajectory that has the same settings in every epoch. */
export function trainWork(data: DataSet, change: Partial<TrainWork> & { readonly settings?: ImageEpochSettings } = {}): TrainWork {
  const { settings = GARTH_SETTINGS, ...rest } = change;
  const trajectory = rest.trajectory ?? garthTrajectory(data);
  const from = rest.from ?? 0;
  const to = rest.to ?? 2;
  const keys: string[] = [];
  let key = rootKey(trajectory);
  for (let epoch = 0; epoch < to; epoch++) {
    key = nextKey(key, settings);
    if (epoch >= from) keys.push(key);
  }
  return {
    ...{ kind: 'train', trajectory, from, to, keys, epochs: keys.map(() => settings), checkpoint: null },
    ...{ keep: [to - 1], evaluate: [], awaitFrom: to, dataset: data.blob, memoryBytes: 4 * 2 ** 30, timeoutMs: null, silenceMs: null, checkpointEveryMs: 3_600_000 },
    ...rest,
  };
}

export function evaluateWork(data: DataSet, epoch: number, key: string, checkpoint: string): EvaluateWork {
  return {
    ...{ kind: 'evaluate', trajectory: garthTrajectory(data), epoch, key, checkpoint, parts: ['val', 'test'] },
    ...{ dataset: data.blob, memoryBytes: 4 * 2 ** 30, timeoutMs: null },
  };
}

/** `trawl data preview`: a contact sheet per class of what the network will see. */
import { createHash } from 'node:crypto';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { regionOf } from '../../coordinator/sweep/image-input.js';
import type { DataSpec, SweepSpec } from '../../coordinator/sweep/spec.js';
import { decodeImage, type InputShape } from '../../worker/data/decode.js';
import { shapeOf } from '../../worker/data/raster.js';
import type { Augmentation } from '../../proto/work.js';
import { renderSheet, type Section, type Tile } from '../picture/sheet.js';
import { BadInput } from '../exit.js';
import { requirePlace, writeOver } from '../output-file.js';
import { AugmentedTraining, firstAugmentation, SHOWN_EPOCHS } from './augmented.js';
import { chooseFiles } from './prepare.js';
import { readImageSweep } from './read-sweep.js';
import { scanFolder, type Scan, type ScannedFile } from './scan.js';

const IMAGES_PER_CLASS = 16;
/** Where each stands beside what augmentation makes of it. */
const AUGMENTED_PER_CLASS = 6;
const AUGMENTED_COLUMNS = 3 * (1 + SHOWN_EPOCHS.length);
/** More classes than these make no sheet that anyone looks at. */
const MOST_CLASSES = 24;

export interface PreviewOptions {
  readonly file: string;
  /** Null for `FILE-preview.png` beside the sweep file. */
  readonly out: string | null;
  readonly cacheDir: string;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** What `data preview --json` prints. */
export interface Preview {
  /** The PNG's absolute path. */
  readonly file: string;
  /** As the network takes images; `resize` is how others are brought to it. */
  readonly input: InputShape;
  /** Of the first cell of the grid that augments: then images of train are shown, each beside what becomes of it in epochs 0 and 1. Null where none does. */
  readonly augment: Augmentation | null;
  /** How many images of how many are shown; classes beyond the most that are shown are left out. */
  readonly classes: { readonly [name: string]: { readonly shown: number; readonly images: number } };
}

/** Writes the PNG. Throws BadInput. */
export async function previewData(options: PreviewOptions): Promise<Preview> {
  const file = resolve(options.file);
  if (options.out !== null && extname(options.out).toLowerCase() !== '.png') throw new BadInput(`--out: found ${options.out}, expected a name that ends in .png: that is what is written`);
  const out = resolve(options.out ?? join(dirname(file), `${basename(file, extname(file))}-preview.png`));
  const { spec, data, place, told } = await readImageSweep(options.file);
  await requirePlace(out, 'write it elsewhere with --out FILE.png');
  const shape = firstShape(spec, data);
  try {
    const { maxRejected, resize } = data;
    const found = await scanFolder({ ...place, cacheDir: options.cacheDir, maxRejected, onProgress: options.onProgress, signal: options.signal });
    const scan: Scan = { ...found, files: chooseFiles(found.files, data, spec.seed).files };
    const sections: Section[] = [];
    const augment = firstAugmentation(spec);
    const training = augment === null ? null : new AugmentedTraining(augment, shape, spec.seed, scan, data);
    const shown: number[] = [];
    for (const [index, name] of scan.classes.slice(0, MOST_CLASSES).entries()) {
      const files = chosen(scan, index, training);
      shown.push(files.length);
      sections.push(await sectionOf(scan, index, name, files, shape, training));
    }
    const rest = scan.classes.length - sections.length;
    const title = `${spec.name}: ${shape.width} x ${shape.height}, ${shape.channels === 1 ? 'gray' : 'rgb'}, resize ${resize}${training === null ? '' : ', augmented'}${rest > 0 ? `; ${rest} more classes` : ''}`;
    await writeOver(out, await renderSheet(title, sections, training === null ? undefined : AUGMENTED_COLUMNS));
    const classes = scan.classes.slice(0, sections.length).map((name, label) => [name, { shown: shown[label] ?? 0, images: scan.files.filter((found) => found.label === label).length }] as const);
    return { file: out, input: shape, augment, classes: Object.fromEntries(classes) };
  } catch (error) {
    throw told(error);
  }
}

/** As the first trial of the grid sees its images. */
function firstShape(spec: SweepSpec, data: DataSpec): InputShape {
  const size = Number(spec.axes.find((axis) => axis.name === 'imageSize')?.values[0]);
  return { height: size, width: size, channels: data.channels === 'rgb' ? 3 : 1, resize: data.resize, ...(data.crop === undefined ? {} : { crop: regionOf(data.crop) }) };
}

async function sectionOf(scan: Scan, label: number, name: string, files: readonly ScannedFile[], shape: InputShape, training: AugmentedTraining | null): Promise<Section> {
  const tiles: Tile[] = [];
  for (const file of files) {
    const own = shapeOf(shape, file.box);
    if (own === null) continue;
    const pixels = await decodeImage(await scan.read(file), own);
    tiles.push({ picture: { ...shape, pixels }, caption: [basename(file.name)] });
    for (const augmented of training?.of(file, pixels) ?? []) tiles.push({ picture: { ...shape, pixels: augmented.pixels }, caption: [`augmented, epoch ${augmented.epoch}`] });
  }
  const images = scan.files.filter((file) => file.label === label).length;
  return { heading: `${name}: ${files.length} of ${images}`, tiles };
}

/** A sample by digest: the same every time, and not the first by name, which often come from one place. */
function chosen(scan: Scan, label: number, training: AugmentedTraining | null): ScannedFile[] {
  const order = (file: ScannedFile): string => createHash('sha256').update(`trawl preview ${file.digest}`).digest('hex');
  return scan.files
    .filter((file) => file.label === label && (training === null || training.has(file)))
    .map((file) => ({ file, order: order(file) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .slice(0, training === null ? IMAGES_PER_CLASS : AUGMENTED_PER_CLASS)
    .map(({ file }) => file);
}

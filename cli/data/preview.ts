/** `trawl data preview`: a contact sheet per class of what the network will see. */
import { createHash } from 'node:crypto';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { DataSpec, SweepSpec } from '../../coordinator/sweep/spec.js';
import { decodeImage, type PixelShape } from '../../worker/data/decode.js';
import { renderSheet, type Section, type Tile } from '../picture/sheet.js';
import { BadInput } from '../exit.js';
import { requirePlace, writeOver } from '../output-file.js';
import { readImageSweep } from './read-sweep.js';
import { scanFolder, type Scan, type ScannedFile } from './scan.js';

const TILES_PER_CLASS = 16;
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
  readonly input: PixelShape;
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
    const scan = await scanFolder({ ...place, cacheDir: options.cacheDir, maxRejected, onProgress: options.onProgress, signal: options.signal });
    const sections: Section[] = [];
    for (const [index, name] of scan.classes.slice(0, MOST_CLASSES).entries()) sections.push(await sectionOf(scan, index, name, shape));
    const rest = scan.classes.length - sections.length;
    const title = `${spec.name}: ${shape.width} x ${shape.height}, ${shape.channels === 1 ? 'gray' : 'rgb'}, resize ${resize}${rest > 0 ? `; ${rest} more classes` : ''}`;
    await writeOver(out, await renderSheet(title, sections));
    const classes = scan.classes.slice(0, sections.length).map((name, label) => [name, { shown: sections[label]?.tiles.length ?? 0, images: scan.files.filter((found) => found.label === label).length }] as const);
    return { file: out, input: shape, classes: Object.fromEntries(classes) };
  } catch (error) {
    throw told(error);
  }
}

/** As the first trial of the grid sees its images. */
function firstShape(spec: SweepSpec, data: DataSpec): PixelShape {
  const size = Number(spec.axes.find((axis) => axis.name === 'imageSize')?.values[0]);
  return { height: size, width: size, channels: data.channels === 'rgb' ? 3 : 1, resize: data.resize };
}

async function sectionOf(scan: Scan, label: number, name: string, shape: PixelShape): Promise<Section> {
  const files = scan.files.filter((file) => file.label === label);
  const tiles: Tile[] = [];
  for (const file of chosen(files)) {
    const pixels = await decodeImage(await scan.read(file), shape);
    tiles.push({ picture: { ...shape, pixels }, caption: [basename(file.name)] });
  }
  return { heading: `${name}: ${tiles.length} of ${files.length}`, tiles };
}

/** A sample by digest: the same every time, and not the first by name, which often come from one place. */
function chosen(files: readonly ScannedFile[]): ScannedFile[] {
  const order = (file: ScannedFile): string => createHash('sha256').update(`trawl preview ${file.digest}`).digest('hex');
  return files
    .map((file) => ({ file, order: order(file) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .slice(0, TILES_PER_CLASS)
    .map(({ file }) => file);
}

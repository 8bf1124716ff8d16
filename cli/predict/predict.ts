/** `trawl predict`: what a bundle says of image files. No home, database or coordinator is needed. */
import type { Box } from '../../proto/work.js';
import { widened } from '../../worker/data/mask.js';
import type { Engine } from '../../worker/engine/engine.js';
import { openBundle } from '../bundle/read.js';
import { cutOf, MaskFolder, namesakesIn } from '../data/masks.js';
import { DataProblem } from '../data/problem.js';
import { BadInput, CommandFailed, exitCodes } from '../exit.js';
import { count, metric } from '../text/format.js';
import { csv, table } from '../text/table.js';
import { imageFiles } from './files.js';
import { imagesIn, type NamedImage } from './images.js';
import { PREDICTION_BATCH, Predictor, SELF_CHECK_TOLERANCE, type DecodedImage } from './predictor.js';

export interface FilePrediction {
  readonly file: string;
  readonly class: string;
  readonly probabilities: { readonly [className: string]: number };
}

export interface PredictedFiles {
  readonly classes: readonly string[];
  readonly predictions: readonly FilePrediction[];
}

export interface PredictOptions {
  readonly bundle: string;
  /** Files, folders and patterns. */
  readonly images: readonly string[];
  /** A line for a person: a file that could not be read, a machine that predicts something else. */
  readonly onProblem: (line: string) => void;
  readonly engine: Engine;
  /** A folder of masks of these images; absent for none. */
  readonly masks?: string | undefined;
}

/** Throws BadBundle, BadInput where a name leads to nothing or may not be read or masks are missing, CommandFailed where no file could be read. */
export async function predictFiles(options: PredictOptions): Promise<PredictedFiles> {
  const files = imageFiles(options.images);
  const predictor = await Predictor.load(await openBundle(options.bundle), options.engine);
  const boxOf = await boxesBy(predictor, files, options);
  const difference = await predictor.selfCheck();
  if (difference === null) options.onProblem('note: this bundle holds no images to check itself with (it was pulled with --no-reference-images): whether this machine predicts as the one that trained is not known');
  else if (difference > SELF_CHECK_TOLERANCE) options.onProblem(`warning: this machine predicts the bundle's own images with a difference of ${metric(difference)}: its image decoder or engine differs from the one that the models were trained with`);
  const { images, close } = await imagesIn(files, options.onProblem);
  try {
    const predictions = await predictImages(predictor, images, boxOf, options.onProblem);
    if (predictions.length === 0) throw new CommandFailed(`none of ${count(files.length, 'file')} could be read as an image`);
    return { classes: predictor.classes, predictions };
  } finally {
    await close();
  }
}

/** What of an image is seen, by its name and its bytes; undefined for all. Throws what says why nothing is. */
type BoxOf = (name: string, bytes: Uint8Array) => Promise<Box | undefined>;

/** Throws BadInput. */
async function boxesBy({ masks }: Predictor, files: readonly string[], options: PredictOptions): Promise<BoxOf> {
  if (masks === null) {
    if (options.masks !== undefined) throw new BadInput(`--masks: found ${options.masks}, expected no masks: the models of ${options.bundle} see whole images; take it out`);
    return async () => undefined;
  }
  if (options.masks === undefined) throw new BadInput(`${options.bundle}: found no masks, expected --masks DIR, a folder of masks with the base names of the images: its models were trained on what masks leave of theirs`);
  const folder = await MaskFolder.open(options.masks).catch((error: unknown) => {
    if (error instanceof DataProblem) throw new BadInput(`--masks: found ${error.problem.found}, expected ${error.problem.expected}`);
    throw error;
  });
  const namesakes = namesakesIn(files);
  return async (name, bytes) => {
    const found = folder.of(name, namesakes(name));
    if (found.length === 0) throw new Error(`no mask in ${folder.folder} has its name`);
    const cut = await cutOf(bytes, found);
    if ('why' in cut) throw new Error(cut.why);
    return widened(cut.box, masks.margin);
  };
}

async function predictImages(predictor: Predictor, images: readonly NamedImage[], boxOf: BoxOf, onProblem: (line: string) => void): Promise<FilePrediction[]> {
  const predictions: FilePrediction[] = [];
  for (let from = 0; from < images.length; from += PREDICTION_BATCH) {
    const readable = await decodeImages(predictor, images.slice(from, from + PREDICTION_BATCH), boxOf, onProblem);
    predictor.predict(readable.map(({ image }) => image)).forEach((prediction, index) => {
      const named = Object.fromEntries(predictor.classes.map((name, label) => [name, prediction.probabilities[label] ?? 0]));
      predictions.push({ file: readable[index]?.file ?? '', class: prediction.class, probabilities: named });
    });
  }
  return predictions;
}

async function decodeImages(predictor: Predictor, images: readonly NamedImage[], boxOf: BoxOf, onProblem: (line: string) => void): Promise<{ file: string; image: DecodedImage }[]> {
  const decoded = await Promise.all(
    images.map(async ({ name: file, read }): Promise<{ file: string; image: DecodedImage } | { file: string; why: string }> => {
      try {
        const bytes = await read();
        return { file, image: await predictor.decode(bytes, await boxOf(file, bytes)) };
      } catch (error) {
        return { file, why: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
  return decoded.flatMap((result) => {
    if ('image' in result) return [result];
    onProblem(`${result.file}: ${result.why}`);
    return [];
  });
}

/** What stdout gets. */
function predictionText({ classes, predictions }: PredictedFiles, format: 'table' | 'json' | 'csv'): string {
  if (format === 'json') return `${JSON.stringify(predictions, null, 2)}\n`;
  if (format === 'csv') return csv([['file', 'class', ...classes], ...predictions.map((row) => [row.file, row.class, ...classes.map((name) => String(row.probabilities[name] ?? ''))])]);
  const columns = [
    { title: 'file', value: (row: FilePrediction) => row.file },
    { title: 'class', value: (row: FilePrediction) => row.class },
    ...classes.map((name) => ({ title: name, value: (row: FilePrediction) => metric(row.probabilities[name]), align: 'right' as const })),
  ];
  return `${table(columns, predictions).join('\n')}\n`;
}

/** Returns the exit code: 0 where at least one file could be read. */
export async function predict(bundle: string, images: readonly string[], format: 'table' | 'json' | 'csv', engine: Engine, masks?: string): Promise<number> {
  const predicted = await predictFiles({ bundle, images, engine, masks, onProblem: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(predictionText(predicted, format));
  return exitCodes.done;
}

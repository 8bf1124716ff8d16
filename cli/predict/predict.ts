/** `trawl predict`: what a bundle says of image files. No home, database or coordinator is needed. */
import type { Engine } from '../../worker/engine/engine.js';
import { openBundle } from '../bundle/read.js';
import { CommandFailed, exitCodes } from '../exit.js';
import { count, metric } from '../text/format.js';
import { csv, table } from '../text/table.js';
import { imageFiles } from './files.js';
import { imagesIn, type NamedImage } from './images.js';
import { PREDICTION_BATCH, Predictor, type DecodedImage } from './predictor.js';

/** Another decoder, or another engine, may move the last digits; this much is another model. */
const SELF_CHECK_TOLERANCE = 1e-3;

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
}

/** Throws BadBundle, BadInput where a name leads to nothing, CommandFailed where no file could be read. */
export async function predictFiles(options: PredictOptions): Promise<PredictedFiles> {
  const files = imageFiles(options.images);
  const predictor = await Predictor.load(await openBundle(options.bundle), options.engine);
  const difference = await predictor.selfCheck();
  if (difference > SELF_CHECK_TOLERANCE) options.onProblem(`warning: this machine predicts the bundle's own images with a difference of ${metric(difference)}: its image decoder or engine differs from the one that the models were trained with`);
  const { images, close } = await imagesIn(files, options.onProblem);
  try {
    const predictions = await predictImages(predictor, images, options.onProblem);
    if (predictions.length === 0) throw new CommandFailed(`none of ${count(files.length, 'file')} could be read as an image`);
    return { classes: predictor.classes, predictions };
  } finally {
    await close();
  }
}

async function predictImages(predictor: Predictor, images: readonly NamedImage[], onProblem: (line: string) => void): Promise<FilePrediction[]> {
  const predictions: FilePrediction[] = [];
  for (let from = 0; from < images.length; from += PREDICTION_BATCH) {
    const readable = await decodeImages(predictor, images.slice(from, from + PREDICTION_BATCH), onProblem);
    predictor.predict(readable.map(({ image }) => image)).forEach((prediction, index) => {
      const named = Object.fromEntries(predictor.classes.map((name, label) => [name, prediction.probabilities[label] ?? 0]));
      predictions.push({ file: readable[index]?.file ?? '', class: prediction.class, probabilities: named });
    });
  }
  return predictions;
}

async function decodeImages(predictor: Predictor, images: readonly NamedImage[], onProblem: (line: string) => void): Promise<{ file: string; image: DecodedImage }[]> {
  const decoded = await Promise.all(
    images.map(async ({ name: file, read }): Promise<{ file: string; image: DecodedImage } | { file: string; why: string }> => {
      try {
        return { file, image: await predictor.decode(await read()) };
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
export function predictionText({ classes, predictions }: PredictedFiles, format: 'table' | 'json' | 'csv'): string {
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
export async function predict(bundle: string, images: readonly string[], format: 'table' | 'json' | 'csv', engine: Engine): Promise<number> {
  const predicted = await predictFiles({ bundle, images, engine, onProblem: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(predictionText(predicted, format));
  return exitCodes.done;
}

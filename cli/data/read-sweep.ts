/** A sweep file for the commands that look at its images without running it. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { shellWord } from '../../proto/shell-word.js';
import type { DataSpec, SweepSpec } from '../../coordinator/sweep/spec.js';
import { BadInput } from '../exit.js';
import { readSweepWithModule } from '../module/read-sweep.js';
import { mistakeLines } from '../text/mistake-lines.js';
import { placeOf, type DataPlace } from './layout-of.js';
import { DataProblem } from './problem.js';

export interface ImageSweep {
  readonly spec: SweepSpec;
  readonly data: DataSpec;
  readonly place: DataPlace;
  /** A DataProblem as the lines that tell of it; anything else as it is. */
  readonly told: (error: unknown) => unknown;
}

/** Throws BadInput where the file cannot be read or has mistakes, or its trainable has no images. */
export async function readImageSweep(file: string): Promise<ImageSweep> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EISDIR') throw new BadInput(`${file}: found a folder, expected a sweep file; trawl init ${shellWord(file)} writes one`);
    throw new BadInput(`${file}: found no file that can be read, expected a sweep file; trawl init FOLDER writes one (${error instanceof Error ? error.message : String(error)})`);
  });
  const { parsed, close } = await readSweepWithModule(text, file, resolve(file));
  await close();
  if ('mistakes' in parsed) throw new BadInput(mistakeLines(file, parsed.mistakes));
  const { trainable } = parsed.spec;
  if (trainable.kind !== 'image-classifier') throw new BadInput(`${file}: found a trainable without images, expected data; there is nothing to look at`);
  return {
    spec: parsed.spec,
    data: trainable.data,
    place: placeOf(trainable.data, dirname(resolve(file))),
    told: (error) => {
      if (!(error instanceof DataProblem)) return error;
      return new BadInput(error.lines?.join('\n') ?? mistakeLines(file, parsed.place([error.problem])));
    },
  };
}

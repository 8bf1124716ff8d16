/** `trawl data check`: what a person sees of it. */
import { extname } from 'node:path';
import { readImageSweep, type ImageSweep } from '../data/read-sweep.js';
import { progressLine } from '../data/prepare.js';
import { DataProblem } from '../data/problem.js';
import { BadInput } from '../exit.js';
import { homeAt } from '../home.js';
import { Display } from '../run/display.js';
import { Interrupts } from '../run/interrupts.js';
import { checkFolder } from './check-folder.js';
import { findingsOf } from './findings.js';
import { checkLines } from './text.js';

export interface CheckCommand {
  /** A folder of images, a file of arrays, or a sweep file. */
  readonly target: string;
  readonly home: string | undefined;
  readonly groupBy: string | null;
  readonly json: boolean;
}

/** Throws BadInput. */
export async function runCheck(options: CheckCommand): Promise<void> {
  const interrupts = new Interrupts();
  const display = new Display();
  const sweep = await sweepOf(options.target);
  try {
    const check = await checkFolder({
      ...(sweep?.place ?? { folder: options.target }),
      cacheDir: homeAt(options.home).dataCache,
      groupBy: options.groupBy ?? sweep?.data.groupBy ?? null,
      onUnpack: (_, done, total) => display.passing(progressLine({ phase: 'unpack', done, total })),
      onProgress: (phase, done, total) => display.passing(`${phase} images: ${done} of ${total}`),
      signal: interrupts.signal,
    });
    const findings = findingsOf(check);
    display.clear();
    process.stdout.write(options.json ? `${JSON.stringify({ ...check, findings }, null, 2)}\n` : `${checkLines(check, findings).join('\n')}\n`);
  } catch (error) {
    if (sweep !== null) throw sweep.told(error);
    if (error instanceof DataProblem) throw new BadInput(error.message);
    throw error;
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

/** Null for a folder or arrays. Throws BadInput. */
async function sweepOf(target: string): Promise<ImageSweep | null> {
  return ['.yaml', '.yml', '.json'].includes(extname(target).toLowerCase()) ? readImageSweep(target) : null;
}

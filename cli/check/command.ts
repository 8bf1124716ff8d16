/** `trawl data check`: what a person sees of it. */
import { DataProblem } from '../data/problem.js';
import { BadInput } from '../exit.js';
import { homeAt } from '../home.js';
import { Display } from '../run/display.js';
import { Interrupts } from '../run/interrupts.js';
import { checkFolder } from './check-folder.js';
import { findingsOf } from './findings.js';
import { checkLines } from './text.js';

export interface CheckCommand {
  readonly folder: string;
  readonly home: string | undefined;
  readonly groupBy: string | null;
  readonly json: boolean;
}

/** Throws BadInput. */
export async function runCheck(options: CheckCommand): Promise<void> {
  const interrupts = new Interrupts();
  const display = new Display();
  try {
    const check = await checkFolder({
      folder: options.folder,
      cacheDir: homeAt(options.home).dataCache,
      groupBy: options.groupBy,
      onProgress: (phase, done, total) => display.passing(`${phase} images: ${done} of ${total}`),
      signal: interrupts.signal,
    });
    const findings = findingsOf(check);
    display.clear();
    process.stdout.write(options.json ? `${JSON.stringify({ ...check, findings }, null, 2)}\n` : `${checkLines(check, findings).join('\n')}\n`);
  } catch (error) {
    if (error instanceof DataProblem) throw new BadInput(error.message);
    throw error;
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

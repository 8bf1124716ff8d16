/** `trawl init`: what a person sees of it. */
import { resolve } from 'node:path';
import { progressLine } from '../data/prepare.js';
import { homeAt } from '../home.js';
import { commandLine, near } from '../program-name.js';
import { Display } from '../run/display.js';
import { Interrupts } from '../run/interrupts.js';
import { initSweep } from './init-sweep.js';

/** Throws BadInput. */
export async function runInit(options: { readonly folder: string; readonly file: string | null; readonly home: string | undefined; readonly json: boolean }): Promise<void> {
  const home = homeAt(options.home);
  const interrupts = new Interrupts();
  const display = new Display();
  try {
    const report = await initSweep({
      folder: options.folder,
      file: options.file === null ? null : resolve(options.file),
      home,
      onLine: (line) => display.say(line),
      onProgress: (done, total) => display.passing(progressLine({ phase: 'scan', done, total })),
      onUnpack: (_, done, total) => display.passing(progressLine({ phase: 'unpack', done, total })),
      signal: interrupts.signal,
    });
    display.say(`to run it: ${commandLine(['run', near(report.file)], home)}`);
    if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

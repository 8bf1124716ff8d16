/** `trawl data preview`: what a person sees of it. */
import { homeAt } from '../home.js';
import { previewData } from './preview.js';
import { near } from '../program-name.js';
import { Display } from '../run/display.js';
import { Interrupts } from '../run/interrupts.js';

/** Throws BadInput. */
export async function runPreview(options: { readonly file: string; readonly out: string | null; readonly home: string | undefined; readonly json: boolean }): Promise<void> {
  const interrupts = new Interrupts();
  const display = new Display();
  try {
    const preview = await previewData({
      file: options.file,
      out: options.out,
      cacheDir: homeAt(options.home).dataCache,
      onProgress: (done, total) => display.passing(`reading images: ${done} of ${total}`),
      signal: interrupts.signal,
    });
    display.clear();
    process.stdout.write(`${options.json ? JSON.stringify(preview, null, 2) : near(preview.file)}\n`);
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

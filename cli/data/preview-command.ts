/** `trawl data preview`: what a person sees of it. */
import { homeAt } from '../home.js';
import { previewData } from './preview.js';
import { near } from '../program-name.js';
import { Display } from '../run/display.js';
import { Interrupts } from '../run/interrupts.js';

/** Throws BadInput. */
export async function runPreview(options: { readonly file: string; readonly out: string | null; readonly home: string | undefined }): Promise<void> {
  const interrupts = new Interrupts();
  const display = new Display();
  try {
    const path = await previewData({
      file: options.file,
      out: options.out,
      cacheDir: homeAt(options.home).dataCache,
      onProgress: (done, total) => display.passing(`reading images: ${done} of ${total}`),
      signal: interrupts.signal,
    });
    display.clear();
    process.stdout.write(`${near(path)}\n`);
  } finally {
    display.clear();
    interrupts.dispose();
  }
}

/** Images and folders of images for tests, made on the spot. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { packageRoot } from '../../proto/package-root.js';

/** A folder that goes away with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A gray picture of `width` x `height` that differs with `seed`: a ramp with a step in it. */
export function picture(width: number, height: number, seed: number): Sharp {
  const pixels = Buffer.alloc(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) pixels[y * width + x] = (x * 3 + y * 5 + seed * 29 + (x > (seed * 7) % width ? 64 : 0)) & 255;
  }
  return sharp(pixels, { raw: { width, height, channels: 1 } });
}

/** PNG of `picture`. */
export function png(seed: number, width = 12, height = 10): Promise<Buffer> {
  return picture(width, height, seed).png().toBuffer();
}

/** JPEG of `picture`. */
export function jpeg(seed: number, width = 12, height = 10): Promise<Buffer> {
  return picture(width, height, seed).jpeg().toBuffer();
}

/** Writes files below `root`, '/' in their names; a name that ends in '/' is an empty folder. */
export function writeTree(root: string, files: { readonly [name: string]: Uint8Array | string }): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, content);
  }
}

/** A folder per class with `perClass` different PNG files each; seeds count on over the classes. */
export async function classFolders(root: string, classes: readonly string[], perClass: number): Promise<void> {
  for (const [label, name] of classes.entries()) {
    for (let index = 0; index < perClass; index += 1) {
      writeTree(root, { [`${name}/image${index}.png`]: await png(label * perClass + index) });
    }
  }
}

/** Real pretrained weights: the folder that TRAWL_TEST_MODELS names, else that beside the repository; null where there is none. */
export function sharedModels(): string | null {
  const folder = process.env.TRAWL_TEST_MODELS ?? join(packageRoot(), '..', 'shared', 'models');
  return existsSync(folder) ? folder : null;
}

/** A real image set beside the repository, or null where there is none. */
export function sharedData(name: string): string | null {
  const folder = join(packageRoot(), '..', 'shared', 'data', name);
  return existsSync(folder) ? folder : null;
}

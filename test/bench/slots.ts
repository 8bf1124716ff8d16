/**
 * `slots`: steps per second of garth-cnn at 100 px in two children as a worker's slots hold them
 * (supervised, in process groups of their own, without the environment), over those of two processes
 * that know nothing of each other, in turn. Both pairs share the machine's memory and caches alike; the
 * ratio is what being slots of one worker costs. Needs two cores.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../proto/package-root.js';
import { SupervisedChild } from '../../worker/agent/child-process.js';
import { type BenchOptions, type Emit, median, progress } from './bench.js';
import type { BenchEngine } from './engine-child.js';
import { MODELS } from './engine-models.js';
import { writePixels } from './engine-pixels.js';

const MODEL = MODELS.find(({ name }) => name === 'garth-cnn-100')!;
const ROUNDS = 5;

export async function run({ quick }: BenchOptions, emit: Emit): Promise<void> {
  const module = join(packageRoot(), 'dist', 'test', 'bench', 'engine-child.js');
  const folder = mkdtempSync(join(tmpdir(), 'trawl-slots-'));
  const wasm: BenchEngine = { kind: 'wasm', native: null };
  const args = [MODEL.name, writePixels(MODEL, folder), JSON.stringify(wasm), quick ? '1000' : '5000'];
  const slots: number[] = [];
  const alone: number[] = [];
  try {
    for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
      progress(`slots: round ${round + 1}`);
      slots.push(await both(() => supervised(module, args, folder)));
      alone.push(await both(() => independent(module, args)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const shared = { case: 'two-slots', runs: slots.length, engine: 'wasm' };
  emit({ ...shared, metric: 'stepsPerSecond', value: median(slots), unit: '1/s' });
  emit({ ...shared, metric: 'independentStepsPerSecond', value: median(alone), unit: '1/s' });
  emit({ ...shared, metric: 'ratio', value: median(slots.map((rate, round) => rate / alone[round]!)), unit: '1' });
}

async function both(start: () => Promise<number>): Promise<number> {
  const [first, second] = await Promise.all([start(), start()]);
  return first + second;
}

async function supervised(module: string, args: readonly string[], folder: string): Promise<number> {
  const child = new SupervisedChild({ module, args, folder }, () => undefined);
  return rateFrom((await child.exited).lastLine);
}

function independent(module: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [module, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', () => {
      resolve(rateFrom(output));
    });
  });
}

function rateFrom(line: string): number {
  const rate = Number(line);
  if (!(rate > 0)) throw new Error(`found "${line.trim()}", expected steps per second`);
  return rate;
}

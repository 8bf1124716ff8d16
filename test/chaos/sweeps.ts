/** The sweeps of a chaos run: one that trains images, with checkpoints and early stops, and one of many short trials. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { trawl } from '../cli/trawl.js';
import { classFolders } from '../support/images.js';
import type { World } from './world.js';

const LOOK_MS = 250;
const SUBMIT_TRIES = 10;

/** `minutes` of faults: so much is there to train at least. */
export async function writeSweeps(folder: string, minutes: number): Promise<readonly string[]> {
  await classFolders(join(folder, 'images'), ['left', 'right'], 80);
  mkdirSync(folder, { recursive: true });
  const dropouts = Array.from({ length: Math.ceil(4 * minutes) }, (_, index) => (index / (8 * minutes)).toFixed(4)).join(', ');
  const images = [
    'name: images',
    'data: {path: ./images, split: {val: 0.2, test: 0.2}}',
    'model: garth-cnn',
    `space: {imageSize: 24, batch: 8, epochs: [3, 6], fcWidth: [8, 16], dropout: [${dropouts}], lr: 0.01}`,
    'stop: {monitor: val.loss, patience: 3, restoreBest: true}',
    'ensemble: none',
  ];
  const cells = Math.ceil(100 * minutes);
  const formulas = [
    'name: formulas',
    'trainable: {synthetic: {epochMs: 300, metrics: {val.loss: "(x - 7) ** 2 + y / (epoch + 1) + 0.01 * (epoch - 6) ** 2"}}}',
    `space: {x: [{from: 1, to: 10, step: 1}], y: [{from: 1, to: ${Math.ceil(cells / 10)}, step: 1}], epochs: [5, 10]}`,
    'stop: {monitor: val.loss, patience: 2}',
    'objective: {minimize: val.loss}',
  ];
  return [images, formulas].map((lines, index) => {
    const file = join(folder, `${['images', 'formulas'][index]}.yaml`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  });
}

/** As a person would, and again where a coordinator has just gone. */
export async function submitAll(world: World, files: readonly string[]): Promise<void> {
  for (const file of files) {
    for (let tries = 1; ; tries += 1) {
      const { code, stderr } = await trawl(['submit', file, '--coordinator', world.urls, '--engine', 'wasm'], { env: { TRAWL_TOKEN: world.token } });
      if (code === 0) break;
      assert.ok(tries < SUBMIT_TRIES, `trawl submit ended with ${code}:\n${stderr}`);
    }
  }
}

/**
 * Null once all sweeps have ended; else which have not, after `limitMs`. A sweep that paused since no box had
 * a copy of data that its store has lost is submitted again, as it asks for.
 */
export async function unfinished(world: World, files: readonly string[], limitMs: number): Promise<string | null> {
  const service = world.service();
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    // What cannot be reached now may be in a moment: that is what the limit is for.
    const sweeps = await service.sweeps().catch(() => null);
    const open = sweeps?.filter(({ state }) => state === 'running' || state === 'paused') ?? null;
    if (open?.length === 0) return null;
    if (performance.now() > giveUpAt) return open === null ? 'no coordinator answers' : `not ended: ${open.map(({ name, state }) => `${name} (${state})`).join(', ')}`;
    const paused = open?.filter(({ state }) => state === 'paused').map(({ name }) => `${name}.yaml`) ?? [];
    await submitAll(world, files.filter((file) => paused.includes(basename(file))));
    await wait(LOOK_MS);
  }
}

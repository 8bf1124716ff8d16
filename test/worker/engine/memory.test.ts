/** What engines predict that a training takes, against what a process of its own took at its largest. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../../proto/package-root.js';
import { WITHOUT_NATIVE } from './graph/native.js';
import type { MemoryCase, MemoryFound } from './memory-child.js';

/** How far a prediction may be from the measured peak, as a share of it. */
const BOUND = 0.25;

/** A family each: many weights and small images, few and large, batch norms, branches, depthwise convolutions. */
const CASES: readonly MemoryCase[] = [
  { model: 'lmap3', size: 128, batch: 16 },
  { model: 'mlp', size: 64, batch: 32 },
  { model: 'resnet18', size: 64, batch: 16 },
  { model: 'vgg16', size: 64, batch: 8 },
  { model: 'mobilenetv2', size: 96, batch: 16 },
  { model: 'efficientnet-lite0', size: 96, batch: 16 },
  { model: 'inception', size: 96, batch: 16 },
];

const ENGINES = { wasm: false, graph: WITHOUT_NATIVE, eager: WITHOUT_NATIVE } as const;

for (const [engine, without] of Object.entries(ENGINES)) {
  for (const wanted of CASES) {
    const skip = process.platform === 'linux' ? without : 'peaks are read from /proc';
    test(`${engine}: the memory that ${wanted.model} at ${wanted.size} px is predicted to take is within a quarter of its peak`, { skip }, async () => {
      const child = join(packageRoot(), 'dist', 'test', 'worker', 'engine', 'memory-child.js');
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', child, engine, JSON.stringify(wanted)]);
      const { predicted, measured } = JSON.parse(stdout) as MemoryFound;
      const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
      assert.ok(Math.abs(predicted - measured) <= BOUND * measured, `predicted ${megabytes(predicted)}, measured ${megabytes(measured)} (${(predicted / measured).toFixed(2)})`);
    });
  }
}

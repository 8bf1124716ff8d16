/** The eager executor on the native engine under test; its JavaScript lies beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEagerEngine } from '../../../../worker/engine/eager/engine.js';
import type { Engine, Executable, ImageSource, Training } from '../../../../worker/engine/engine.js';
import type { Topology } from '../../../../worker/model/topology.js';
import { nativeUnderTest } from '../graph/native.js';

const FOLDERS = ['tfjs-node', 'node_modules/@tensorflow/tfjs-node', 'node_modules/@tensorflow/tfjs-node-gpu'];

let engine: Promise<Engine> | null = null;

export function eagerUnderTest(): Promise<Engine> {
  const native = nativeUnderTest();
  const folder = FOLDERS.map((name) => join(native.source, name)).find((name) => existsSync(join(name, 'dist')));
  if (folder === undefined) throw new Error(`${native.source}: no JavaScript of tfjs-node; expected one of ${FOLDERS.join(', ')}`);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  engine ??= createEagerEngine(native, { folder, version });
  return engine;
}

export async function eagerCompiled(topology: Topology, source: ImageSource, options: Training): Promise<Executable> {
  return (await eagerUnderTest()).compile(topology, options, source);
}

/**
 * A process that trains one model of the zoo for two steps and says what was predicted for it and what it took:
 * `node memory-child.js wasm|graph|eager CASE`, the case as JSON. A native engine is the one under test.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Json } from '../../../proto/work.js';
import { createGraphEngine } from '../../../worker/engine/graph/engine.js';
import type { Engine, Executable } from '../../../worker/engine/engine.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { namedModel } from '../../../proto/models.js';
import { ADAM, images, range, sequential, stepSettings, training } from './support.js';

export interface MemoryCase {
  readonly model: string;
  readonly size: number;
  readonly batch: number;
  readonly knobs?: { readonly [knob: string]: Json };
}

export interface MemoryFound {
  /** Bytes, by the engine's own word. */
  readonly predicted: number;
  /** Bytes of the process at its largest, beyond what it held with the engine open and warm. */
  readonly measured: number;
}

const CLASSES = 4;
const KIBIBYTE = 1024;

function statusBytes(field: 'VmHWM' | 'VmRSS'): number {
  return KIBIBYTE * Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

async function open(kind: string): Promise<Engine> {
  if (kind === 'wasm') return createWasmEngine();
  if (kind === 'graph') return createGraphEngine((await import('./graph/native.js')).nativeUnderTest());
  return (await import('./eager/under-test.js')).eagerUnderTest();
}

function train(executable: Executable, batch: number, steps: number): void {
  for (let step = 0; step < steps; step += 1) executable.step(range(batch), stepSettings({ lr: 1e-4, dropout: 0.2, dropoutSeed: step }));
  executable.state();
}

async function warmUp(engine: Engine): Promise<void> {
  const input = [12, 12, 3] as const;
  const topology = sequential(input, ['Conv2D', { filters: 8, kernel_size: 3, activation: 'relu' }], ['BatchNormalization', {}], ['MaxPooling2D', {}], ['Flatten', {}], ['Dense', { units: CLASSES, activation: 'softmax' }]);
  const executable = await engine.compile(topology, training(CLASSES, { optimizer: ADAM }), images(4, input, CLASSES, 1));
  train(executable, 4, 1);
  executable.dispose();
}

async function main(): Promise<void> {
  const [kind = '', text = ''] = process.argv.slice(2);
  const { model, size, batch, knobs = {} } = JSON.parse(text) as MemoryCase;
  const engine = await open(kind);
  // Code and libraries that any training loads are not the model's.
  await warmUp(engine);
  const defaults = Object.fromEntries(namedModel(model).knobs.map((knob) => [knob.name, knob.default]));
  const topology = buildModel({ name: model, knobs: { ...defaults, ...knobs } }, { height: size, width: size, channels: 3 }, CLASSES);
  const source = images(batch, [size, size, 3], CLASSES, 17);
  const settings = training(CLASSES, { optimizer: ADAM, maxBatch: batch });
  (globalThis as { gc?: () => void }).gc?.();
  const before = statusBytes('VmRSS');
  // From here on the kernel counts the largest anew (proc(5)).
  writeFileSync('/proc/self/clear_refs', '5');
  const executable = await engine.compile(topology, settings, source);
  train(executable, batch, 2);
  const found: MemoryFound = { predicted: engine.estimate(topology, settings), measured: statusBytes('VmHWM') - before };
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

await main();

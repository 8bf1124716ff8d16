/**
 * `node check-main.js probe|graph|eager PLACE`: loads the native engine that PLACE (a NativePlace as JSON)
 * names, tests that executor on it, and prints JSON lines of CheckLine. A process of its own: a library
 * that does not fit can end it.
 */
import { createGraphEngine } from '../graph/engine.js';
import { createWasmEngine } from '../wasm/engine.js';
import type { CheckLine } from './check.js';
import { compareEngines, timeStep } from './conformance.js';
import type { Engine } from '../engine.js';
import { loadNative, type NativePlace } from './load.js';
import type { NativeTensorFlow } from './native.js';

const SIZES = [28, 64];

function say(line: CheckLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main([mode = '', text = '']: readonly string[]): Promise<void> {
  const place = JSON.parse(text) as NativePlace;
  const native = loadNative(place, { tested: false });
  const engine = await openExecutor(mode, native, place);
  say({ kind: 'loaded', tensorflow: native.version, numerics: engine.numerics });
  if (mode === 'probe') return;
  const wasm = await createWasmEngine();
  for await (const result of compareEngines(engine, wasm)) say({ kind: 'check', ...result });
  for (const size of SIZES) {
    const { name, msPerStep } = await timeStep(engine, size);
    say({ kind: 'step', name, msPerStep, wasmMsPerStep: (await timeStep(wasm, size)).msPerStep });
  }
}

async function openExecutor(mode: string, native: NativeTensorFlow, { javascript }: NativePlace): Promise<Engine> {
  if (mode !== 'eager') return createGraphEngine(native);
  if (javascript === null) throw new Error('there is no JavaScript of tfjs-node');
  const { createEagerEngine } = await import('../eager/engine.js');
  return createEagerEngine(native, javascript);
}

try {
  await main(process.argv.slice(2));
  say({ kind: 'done' });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}

/**
 * `node check-main.js probe|test PLACE`: loads the native engine that PLACE (a NativePlace as JSON)
 * names and prints JSON lines of CheckLine. A process of its own: a library that does not fit can end it.
 */
import { createGraphEngine } from '../graph/engine.js';
import { createWasmEngine } from '../wasm/engine.js';
import type { CheckLine } from './check.js';
import { compareEngines, timeStep } from './conformance.js';
import { loadNative, type NativePlace } from './load.js';

const SIZES = [28, 64];

function say(line: CheckLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main([mode = '', text = '']: readonly string[]): Promise<void> {
  const native = loadNative(JSON.parse(text) as NativePlace, { tested: false });
  const engine = await createGraphEngine(native);
  say({ kind: 'loaded', tensorflow: native.version, numerics: engine.numerics });
  if (mode !== 'test') return;
  const wasm = await createWasmEngine();
  for await (const result of compareEngines(engine, wasm)) say({ kind: 'check', ...result });
  for (const size of SIZES) {
    const { name, msPerStep } = await timeStep(engine, size);
    say({ kind: 'step', name, msPerStep, wasmMsPerStep: (await timeStep(wasm, size)).msPerStep });
  }
}

try {
  await main(process.argv.slice(2));
  say({ kind: 'done' });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}

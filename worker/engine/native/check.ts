/** Tries a native engine in a process of its own: whether it can be loaded here and now, or computes rightly. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text as allText } from 'node:stream/consumers';
import { packageRoot, packageVersion } from '../../../proto/package-root.js';
import { CHECK_VERSION } from './conformance.js';
import { explainNative, othersWrite, replacing, type NativeProblem } from './errors.js';
import type { FoundNative } from './found.js';
import { CUDA_11, CUDA_12, surveyGpus, type Gpu } from './gpus.js';
import { jsonLine } from './json-line.js';
import { libraryPath, nativeEnvironment, type NativePlace } from './load.js';
import { writeStamp, type Stamp, type TestOutcome } from './stamp.js';

/** What check-main prints. */
export type CheckLine =
  | { readonly kind: 'loaded'; readonly tensorflow: string; readonly numerics: string }
  | { readonly kind: 'check'; readonly name: string; readonly worst: number | null; readonly limit: number }
  | { readonly kind: 'step'; readonly name: string; readonly msPerStep: number; readonly wasmMsPerStep: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };

/** A first call on a GPU that its kernels were not built for compiles them all. */
const LIMIT_MS = 10 * 60_000;
const PROBE_LIMIT_MS = 60_000;

export interface Probed {
  readonly problem: NativeProblem | null;
  readonly gpus: readonly Gpu[];
}

/** Whether it can be loaded here and now, and for an engine on the GPU which GPUs are to be had. */
export async function probeNative(native: FoundNative, signal?: AbortSignal): Promise<Probed> {
  const seen = await gpusFor(native);
  if ('problem' in seen) return { problem: seen.problem, gpus: [] };
  const { problem } = await tried('probe', native, seen.gpus[0] ?? null, () => undefined, signal);
  return { problem, gpus: seen.gpus };
}

/** An executor that runs on a native engine. */
export type Executor = 'graph' | 'eager';

/** Conformance and step times of each executor that runs on it; writes the stamp, also where it fails. Rejects with the signal's reason. */
export async function testNative(native: FoundNative, onLine: (line: CheckLine, executor: Executor) => void = () => undefined, signal?: AbortSignal): Promise<Stamp> {
  const seen = native.writable === null ? await gpusFor(native) : { problem: othersWrite(native.writable) };
  const gpu = 'problem' in seen ? null : (seen.gpus[0] ?? null);
  const attempt = async (executor: Executor): Promise<Tried> =>
    'problem' in seen ? { problem: seen.problem, lines: [] } : tried(executor, native, gpu, (line) => onLine(line, executor), signal);
  const graph = await attempt('graph');
  const eager = native.javascript === null ? null : await attempt('eager');
  const loaded = [...graph.lines, ...(eager?.lines ?? [])].find((line) => line.kind === 'loaded');
  const stamp: Stamp = {
    ...outcomeOf(graph, native.name),
    check: CHECK_VERSION,
    fingerprint: native.fingerprint,
    tensorflow: loaded?.tensorflow ?? null,
    eager: eager === null ? null : outcomeOf(eager, native.name),
    versions: { trawl: packageVersion(), node: process.version, driver: gpu?.driver ?? null },
    testedAt: new Date().toISOString(),
  };
  writeStamp(native.stamp, stamp);
  return stamp;
}

function outcomeOf({ problem, lines }: Tried, name: string): TestOutcome {
  const checks = lines.filter((line) => line.kind === 'check');
  const wrong = wrongNumbers(checks, name);
  return {
    problem: problem ?? wrong,
    wrong: problem === null && wrong !== null,
    numerics: lines.find((line) => line.kind === 'loaded')?.numerics ?? null,
    checks: checks.map((check) => ({ name: check.name, worst: check.worst, limit: check.limit })),
    steps: lines.filter((line) => line.kind === 'step').map((step) => ({ name: step.name, msPerStep: step.msPerStep, wasmMsPerStep: step.wasmMsPerStep })),
  };
}

/** JSON has no NaN: a difference that is none arrives as null. */
export function passes({ worst, limit }: { readonly worst: number | null; readonly limit: number }): boolean {
  return worst !== null && worst <= limit;
}

function wrongNumbers(checks: readonly { readonly name: string; readonly worst: number | null; readonly limit: number }[], name: string): NativeProblem | null {
  const wrong = checks.find((check) => !passes(check));
  if (wrong === undefined) return null;
  return { found: `it computes other numbers than wasm (${wrong.name}: ${wrong.worst ?? 'no number'}, at most ${wrong.limit} is right)`, remedy: replacing(name) };
}

/** The package that npm has is built with CUDA 11; trawl's own are of TensorFlow 2.18 and newer, which have CUDA 12. */
async function gpusFor({ device, from }: FoundNative): Promise<{ readonly gpus: readonly Gpu[] } | { readonly problem: NativeProblem }> {
  return device === 'cpu' ? { gpus: [] } : surveyGpus(from === 'package' ? CUDA_11 : CUDA_12);
}

interface Tried {
  readonly problem: NativeProblem | null;
  readonly lines: readonly CheckLine[];
}

async function tried(mode: 'probe' | Executor, native: FoundNative, gpu: Gpu | null, onLine: (line: CheckLine) => void, signal?: AbortSignal): Promise<Tried> {
  signal?.throwIfAborted();
  const { name, device, addon, javascript, folder } = native;
  const place: NativePlace = { name, device, addon, javascript, folder };
  const module = join(packageRoot(), 'dist', 'worker', 'engine', 'native', 'check-main.js');
  const child = spawn(process.execPath, [module, mode, JSON.stringify(place)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its warnings are what a failure is told from.
    env: { PATH: process.env.PATH, ...nativeEnvironment(gpu?.uuid ?? null), ...libraryPath(place), TF_CPP_MIN_LOG_LEVEL: '1' },
  });
  const kill = (): void => void child.kill('SIGKILL');
  const deadline = setTimeout(kill, mode === 'probe' ? PROBE_LIMIT_MS : LIMIT_MS);
  signal?.addEventListener('abort', kill);
  const lines: CheckLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const read = jsonLine(line) as CheckLine | null;
    if (read === null) return;
    lines.push(read);
    onLine(read);
  });
  const [said, how] = await Promise.all([
    allText(child.stderr),
    new Promise<NodeJS.Signals | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('close', (_code, killedBy) => resolve(killedBy));
    }),
  ]);
  clearTimeout(deadline);
  signal?.removeEventListener('abort', kill);
  signal?.throwIfAborted();
  if (lines.some(({ kind }) => kind === 'done')) return { problem: null, lines };
  const failed = lines.find((line) => line.kind === 'failed');
  return { problem: problemOf(said, failed?.message ?? null, how, native.name), lines };
}

/** What TensorFlow printed says more than that no GPU was seen; else what was thrown, cut in two again. */
function problemOf(said: string, message: string | null, signal: NodeJS.Signals | null, name: string): NativeProblem {
  const [found = '', ...remedy] = (message ?? '').replace(`${name}: `, '').split('; ');
  if (message !== null && remedy.length > 0 && !message.includes('sees no GPU')) return { found, remedy: remedy.join('; ') };
  return explainNative(name, said, signal);
}

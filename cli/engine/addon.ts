/** tfjs-node's addon, built against the libraries of a wheel: one call of a C++ compiler. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../proto/package-root.js';
import type { Device } from '../../worker/engine/native/found.js';
import { BuildFailed } from './errors.js';

const run = promisify(execFile);

const COMPILERS = ['g++', 'c++', 'clang++'];
const LIMIT_MS = 10 * 60_000;

export interface Compiler {
  readonly command: string;
  /** Before all others, where $CXX has some: of `ccache g++`, g++. */
  readonly args: readonly string[];
  /** The first line of its --version. */
  readonly version: string;
}

/** $CXX, or the first that there is. Throws BuildFailed. */
export async function findCompiler(environment: NodeJS.ProcessEnv = process.env): Promise<Compiler> {
  const named = environment.CXX?.trim();
  for (const words of named === undefined || named === '' ? COMPILERS.map((command) => [command]) : [wordsOf(named)]) {
    const [command = '', ...args] = words;
    try {
      const { stdout } = await run(command, [...args, '--version'], { env: environment, timeout: 20_000 });
      return { command, args, version: stdout.split('\n')[0]?.trim() ?? command };
    } catch {
      // Not there, or not one that works.
    }
  }
  const found = named === undefined || named === '' ? `none (${COMPILERS.join(', ')})` : `CXX=${named}, which does not run`;
  throw new BuildFailed(
    `C++ compiler: found ${found}, expected one; install it (apt install g++, dnf install gcc-c++, apk add g++), or give an addon that was built elsewhere with --addon FILE`,
  );
}

/** As make takes it: a command with its arguments, unless there is a file of that very name. */
function wordsOf(compiler: string): string[] {
  return existsSync(compiler) ? [compiler] : compiler.split(/\s+/);
}

export interface AddonBuild {
  readonly compiler: Compiler;
  /** Folder of tfjs_backend.cc. */
  readonly sources: string;
  /** Folder of node_api.h. */
  readonly headers: string;
  /** On a GPU graphs are rewritten as TensorFlow likes: what that is worth there has not been measured. */
  readonly device: Device;
  /** Folder with the libraries and TensorFlow's own headers in include/. */
  readonly tensorflow: string;
  readonly addon: string;
  readonly signal: AbortSignal;
}

/** Throws BuildFailed with the compiler's first error. */
export async function buildAddon({ compiler, sources, headers, device, tensorflow, addon, signal }: AddonBuild): Promise<void> {
  await mkdir(dirname(addon), { recursive: true });
  const nested = ['external/local_tsl', 'external/local_xla'].map((folder) => join(tensorflow, 'include', folder)).filter((folder) => existsSync(folder));
  const includes = [headers, join(tensorflow, 'include'), ...nested].map((folder) => `-I${folder}`);
  const args = [
    ...compiler.args,
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION', '-w'],
    ...includes,
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(sources, file)),
    ...(device === 'cpu' ? ['-DTF_NewSessionOptions=trawl_session_options', join(packageRoot(), 'worker/engine/native/session-options.cc')] : []),
    ...['-o', addon, `-L${tensorflow}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    // Relative, so that the folder can be renamed into its place, and a home moved.
    `-Wl,-rpath,$ORIGIN/${relative(dirname(addon), tensorflow)}`,
  ];
  try {
    await run(compiler.command, args, { signal, timeout: LIMIT_MS, maxBuffer: 64 * 0x100000 });
  } catch (error) {
    signal.throwIfAborted();
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    const first = said.split('\n').find((line) => /error|cannot|undefined|No space/i.test(line)) ?? said.split('\n')[0] ?? '';
    throw new BuildFailed(`${[compiler.command, ...compiler.args].join(' ')} cannot build the addon: ${first.trim()}; a compiler for C++17 is needed (g++ 9 or clang 10 and newer)`);
  }
}

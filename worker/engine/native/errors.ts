/** Why a native engine cannot be used, in words for the person who can mend it. */

/** An engine that was asked for cannot be used here and now. */
export class EngineUnusable extends Error {
  readonly code = 'EngineUnusable';
  constructor(engine: string, problem: NativeProblem) {
    super(`${engine}: ${problem.found}; ${problem.remedy}`);
    this.name = 'EngineUnusable';
  }
}

export interface NativeProblem {
  readonly found: string;
  readonly remedy: string;
}

/** Oldest driver for CUDA 12 on Linux (NVIDIA, CUDA compatibility, minor version compatibility). */
export const OLDEST_DRIVER = '525.60.13';

const DRIVER_REMEDY = `update the NVIDIA driver to ${OLDEST_DRIVER} or newer`;
const TAKEN_REMEDY = 'end what uses it (nvidia-smi shows it), choose another with CUDA_VISIBLE_DEVICES, or take --engine wasm';
const REINSTALL = 'install it again: trawl engine install';

/** What the dynamic linker, CUDA and TensorFlow print, and what it means. The first that matches counts. */
const WORDINGS: readonly { readonly pattern: RegExp; readonly problem: (match: RegExpExecArray) => NativeProblem }[] = [
  {
    pattern: /undefined symbol: (\w+)/,
    problem: ([, symbol = '']) => ({ found: `the TensorFlow library lacks the symbol ${symbol}`, remedy: 'install another version: trawl engine install --tf 2.21.0' }),
  },
  {
    pattern: /version [`'](GLIBC\w*_[\d.]+)'? not found/,
    problem: ([, version = '']) => ({ found: `the system's C libraries are older than ${version}`, remedy: 'use a newer system, or an older TensorFlow: trawl engine install --tf 2.18.1' }),
  },
  {
    pattern: /(lib[\w.+-]+): cannot open shared object file/,
    problem: ([, library = '']) => ({ found: `${library} is missing`, remedy: REINSTALL }),
  },
  {
    pattern: /invalid ELF header|file too short|wrong ELF class|cannot dynamically load|not a mach-o file/i,
    problem: () => ({ found: 'a library of it is damaged, or made for another system', remedy: REINSTALL }),
  },
  {
    pattern: /CUDA driver version is insufficient|INSUFFICIENT_DRIVER|system has unsupported display driver|kernel driver .* does not match/i,
    problem: () => ({ found: 'the NVIDIA driver is too old for CUDA 12', remedy: DRIVER_REMEDY }),
  },
  {
    pattern: /devices? (?:is|are) busy or unavailable|CUDA_ERROR_DEVICE_UNAVAILABLE|DEVICES?_UNAVAILABLE/i,
    problem: () => ({ found: 'the GPU is taken by another process', remedy: TAKEN_REMEDY }),
  },
  {
    pattern: /CUDA_ERROR_OUT_OF_MEMORY|failed to allocate [\d.]+\w* .*from device|failed to create cublas handle/i,
    problem: () => ({ found: "the GPU's memory is taken by another process", remedy: TAKEN_REMEDY }),
  },
  {
    pattern: /Cannot dlopen some GPU libraries|Could not load dynamic library '(?:libcud|libcublas|libcufft)/i,
    problem: () => ({ found: 'CUDA libraries are missing beside TensorFlow', remedy: 'install it again: trawl engine install --gpu' }),
  },
  {
    pattern: /CUDA_ERROR_NO_DEVICE|no CUDA-capable device|Could not find cuda drivers|failed call to cuInit/i,
    problem: () => ({ found: 'CUDA finds no GPU', remedy: 'check that nvidia-smi lists one and that CUDA_VISIBLE_DEVICES does not hide it' }),
  },
];

/** `signal`: what ended the process that tried, if something did; `text`: what it printed, or the message of an error. */
export function explainNative(text: string, signal: NodeJS.Signals | null = null): NativeProblem {
  if (signal === 'SIGILL') return { found: 'this processor lacks instructions that TensorFlow was built with (AVX)', remedy: 'take --engine wasm' };
  for (const { pattern, problem } of WORDINGS) {
    const match = pattern.exec(text);
    if (match !== null) return problem(match);
  }
  const last = text.trim().split('\n').at(-1)?.trim() ?? '';
  const how = signal === null ? 'it does not work' : `the process that tried it was ended by ${signal}`;
  return { found: last === '' ? how : `${how}: ${last.slice(0, 300)}`, remedy: 'take --engine wasm, or another version: trawl engine install --tf 2.20.0' };
}

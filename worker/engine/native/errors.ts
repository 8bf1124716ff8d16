/** Why a native engine cannot be used, in words for the person who can mend it. */
import { CodedError } from '../../../proto/coded-error.js';

/** An engine that was asked for cannot be used here and now. */
export class EngineUnusable extends CodedError {
  readonly code = 'EngineUnusable';
  constructor(engine: string, problem: NativeProblem) {
    super(`${engine}: ${problem.found}; ${problem.remedy}`);
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

/** Two that work: the other one is what to try instead of one. */
const TENSORFLOWS = ['2.21.0', '2.20.0'] as const;

/** The version and the device of an engine of trawl's own, by its name; null for any other. */
function installedParts(name: string): { readonly version: string; readonly gpu: string } | null {
  const [, version, device] = /^tensorflow-(.+)-(cpu|gpu)$/.exec(name) ?? [];
  return version === undefined ? null : { version, gpu: device === 'gpu' ? ' --gpu' : '' };
}

/** How an engine whose files are at fault is put in order. What is there has to go first: nothing is installed over it. */
export function reinstalling(name: string): string {
  const parts = installedParts(name);
  return parts === null ? "install trawl's own: trawl engine install" : `remove it and install it again: trawl engine remove ${name} && trawl engine install${parts.gpu} --tf ${parts.version}`;
}

/** The same where this version of TensorFlow is at fault. `other` where a certain one is called for. */
export function replacing(name: string, other?: string): string {
  const parts = installedParts(name);
  if (parts === null) return "install trawl's own: trawl engine install";
  const version = other === undefined || other === parts.version ? TENSORFLOWS.find((known) => known !== parts.version) : other;
  return `remove it and install another version: trawl engine remove ${name} && trawl engine install${parts.gpu} --tf ${version}`;
}

/** The addon is there, and what the eager executor runs on it is not. */
export function withoutJavaScript(name: string): NativeProblem {
  return { found: "it has no JavaScript of tfjs-node, which trawl's installations have from this version on", remedy: reinstalling(name) };
}

/** What is loaded as code must be nobody else's. */
export function othersWrite(path: string): NativeProblem {
  return { found: `others can write to ${path}, and what lies there would be run as code`, remedy: `make it yours alone: chmod go-w ${path} (and chown, where it is another's)` };
}

/** What the dynamic linker, CUDA and TensorFlow print, and what it means. The first that matches counts. */
const WORDINGS: readonly { readonly pattern: RegExp; readonly problem: (match: RegExpExecArray, name: string) => NativeProblem }[] = [
  {
    pattern: /undefined symbol: (\w+)/,
    problem: ([, symbol = ''], name) => ({ found: `the TensorFlow library lacks the symbol ${symbol}`, remedy: replacing(name) }),
  },
  {
    pattern: /version [`'](GLIBC\w*_[\d.]+)'? not found/,
    problem: ([, version = ''], name) => ({ found: `the system's C libraries are older than ${version}`, remedy: `use a newer system, or ${replacing(name, '2.18.1')}` }),
  },
  {
    pattern: /(lib[\w.+-]+): cannot open shared object file/,
    problem: ([, library = ''], name) => ({ found: `${library} is missing`, remedy: reinstalling(name) }),
  },
  {
    pattern: /invalid ELF header|file too short|wrong ELF class|cannot dynamically load|not a mach-o file/i,
    problem: (_, name) => ({ found: 'a library of it is damaged, or made for another system', remedy: reinstalling(name) }),
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
    problem: (_, name) => ({ found: 'CUDA libraries are missing beside TensorFlow', remedy: reinstalling(name) }),
  },
  {
    pattern: /CUDA_ERROR_NO_DEVICE|no CUDA-capable device|Could not find cuda drivers|failed call to cuInit/i,
    problem: () => ({ found: 'CUDA finds no GPU', remedy: 'check that nvidia-smi lists one and that CUDA_VISIBLE_DEVICES does not hide it' }),
  },
];

/** `name`: of the engine; `signal`: what ended the process that tried, if something did; `text`: what it printed, or the message of an error. */
export function explainNative(name: string, text: string, signal: NodeJS.Signals | null = null): NativeProblem {
  if (signal === 'SIGILL') return { found: 'this processor lacks instructions that TensorFlow was built with (AVX)', remedy: 'take --engine wasm' };
  for (const { pattern, problem } of WORDINGS) {
    const match = pattern.exec(text);
    if (match !== null) return problem(match, name);
  }
  const last = text.trim().split('\n').at(-1)?.trim() ?? '';
  const how = signal === null ? 'it does not work' : `the process that tried it was ended by ${signal}`;
  return { found: last === '' ? how : `${how}: ${last.slice(0, 300)}`, remedy: `take --engine wasm, or ${replacing(name)}` };
}

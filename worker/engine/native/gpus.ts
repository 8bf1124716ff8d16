/** The NVIDIA GPUs of this box, as nvidia-smi lists them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OLDEST_DRIVER, type NativeProblem } from './errors.js';

const run = promisify(execFile);

/** A driver that hangs shall not hang us. */
const LIMIT_MS = 10_000;
/** With less free, not even TensorFlow's own libraries find room. */
const LEAST_FREE_BYTES = 1_000_000_000;
const MEBIBYTE = 0x100000;

/** What an engine was built with, and the oldest driver that runs it. */
export interface Cuda {
  readonly version: number;
  readonly oldestDriver: string;
}

export const CUDA_12: Cuda = { version: 12, oldestDriver: OLDEST_DRIVER };
/** For Linux; NVIDIA, CUDA compatibility, minor version compatibility. */
export const CUDA_11: Cuda = { version: 11, oldestDriver: '450.80.02' };

/** A part of a card, as CUDA_VISIBLE_DEVICES names it. */
const MIG = 'MIG-';

export interface Gpu {
  /** -1 for a part of a card. */
  readonly index: number;
  /** What CUDA_VISIBLE_DEVICES takes, whatever order CUDA counts in. */
  readonly uuid: string;
  readonly name: string;
  readonly driver: string;
  /** 0 where it is not known. */
  readonly memoryBytes: number;
  readonly freeBytes: number;
}

export type GpuSurvey = { readonly gpus: readonly Gpu[] } | { readonly problem: NativeProblem };

/**
 * The GPUs that may be used: those that CUDA_VISIBLE_DEVICES of `environment` leaves, with room on
 * them. Otherwise why there is none. `nvidia-smi` is looked for on the environment's PATH.
 */
export async function surveyGpus(cuda: Cuda, environment: NodeJS.ProcessEnv = process.env): Promise<GpuSurvey> {
  const query = ['--query-gpu=index,uuid,name,driver_version,memory.total,memory.free', '--format=csv,noheader,nounits'];
  let stdout: string;
  try {
    ({ stdout } = await run('nvidia-smi', query, { timeout: LIMIT_MS, env: environment }));
  } catch (error) {
    return { problem: smiProblem(error) };
  }
  return usableGpus(parseGpus(stdout), environment.CUDA_VISIBLE_DEVICES, cuda);
}

function smiProblem(error: unknown): NativeProblem {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return { found: 'there is no nvidia-smi', remedy: 'install the NVIDIA driver' };
  }
  const said = error instanceof Error && 'stdout' in error ? `${String(error.stdout)}${'stderr' in error ? String(error.stderr) : ''}` : String(error);
  const line = said.trim().split('\n')[0] ?? '';
  return { found: `nvidia-smi fails${line === '' ? '' : `: ${line}`}`, remedy: 'mend the NVIDIA driver (a reboot after an update often does)' };
}

export function parseGpus(csv: string): Gpu[] {
  return csv
    .trim()
    .split('\n')
    .filter((line) => line.includes(','))
    .map((line) => {
      const [index = '', uuid = '', name = '', driver = '', total = '', free = ''] = line.split(',').map((field) => field.trim());
      return { index: Number(index), uuid, name, driver, memoryBytes: Number(total) * MEBIBYTE, freeBytes: Number(free) * MEBIBYTE };
    });
}

/** Pure. `visible`: as CUDA_VISIBLE_DEVICES, indices, the beginnings of uuids, or parts of cards (MIG), which are taken as they are named; undefined for all. */
export function usableGpus(all: readonly Gpu[], visible: string | undefined, { version, oldestDriver }: Cuda): GpuSurvey {
  if (all.length === 0) return { problem: { found: 'nvidia-smi lists no GPU', remedy: 'check the card and its driver' } };
  const old = all.find(({ driver }) => compareVersions(driver, oldestDriver) < 0);
  if (old !== undefined) return { problem: { found: `the NVIDIA driver ${old.driver} is too old for CUDA ${version}`, remedy: `update it to ${oldestDriver} or newer` } };
  const names = visible?.split(',').map((name) => name.trim());
  const shown = names === undefined ? all : names.flatMap((name) => (name.startsWith(MIG) ? [partOf(name, all)] : all.filter(({ index, uuid }) => String(index) === name || (name !== '' && uuid.startsWith(name)))));
  if (shown.length === 0) return { problem: { found: `CUDA_VISIBLE_DEVICES=${visible ?? ''} hides every GPU`, remedy: 'name one that nvidia-smi lists, or unset it' } };
  const free = shown.filter(({ memoryBytes, freeBytes }) => !(memoryBytes > 0) || freeBytes >= LEAST_FREE_BYTES);
  if (free.length > 0) return { gpus: free };
  const most = shown.reduce((best, gpu) => (gpu.freeBytes > best.freeBytes ? gpu : best));
  return {
    problem: {
      found: `the GPU is taken by others: GPU ${most.index} has ${Math.floor(most.freeBytes / MEBIBYTE)} of ${Math.floor(most.memoryBytes / MEBIBYTE)} MiB free`,
      remedy: 'end what uses it (nvidia-smi shows it), choose another with CUDA_VISIBLE_DEVICES, or take --engine wasm',
    },
  };
}

/** nvidia-smi's list is of whole cards: whether the part is there, and with room on it, loading tells. */
function partOf(name: string, all: readonly Gpu[]): Gpu {
  return { index: -1, uuid: name, name: 'part of a GPU', driver: all[0]?.driver ?? '', memoryBytes: 0, freeBytes: 0 };
}

function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

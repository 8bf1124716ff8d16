/** How the GPUs of this box are used, as nvidia-smi tells. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { GpuFacts, GpuUse } from '../../proto/messages.js';

const run = promisify(execFile);

const QUERY = ['--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu,temperature.gpu', '--format=csv,noheader,nounits'];
/** A driver that hangs shall not hang us. */
const LIMIT_MS = 5_000;
const KILLED_WITHIN_MS = 1_000;
const MEBIBYTE = 2 ** 20;

export interface GpuReading {
  readonly facts: GpuFacts;
  readonly uuid: string;
  /** Null where the card does not tell its utilisation. */
  readonly use: GpuUse | null;
}

/**
 * Pure. Lines of `index, uuid, name, memory.total [MiB], memory.used [MiB], utilization.gpu [%],
 * temperature.gpu`; a card writes [N/A] or [Not Supported] for what it does not tell. Anything else is passed over.
 */
export function parseGpuReadings(csv: string): GpuReading[] {
  return csv.split('\n').flatMap((line) => {
    const fields = line.split(',').map((field) => field.trim());
    // A name may hold commas: it is what lies between the two fields before and the four after it.
    if (fields.length < 7 || !/^\d+$/.test(fields[0] ?? '')) return [];
    const [total, used, utilisation, celsius] = fields.slice(-4).map((field) => (/^-?\d+(\.\d+)?$/.test(field) ? Number(field) : null));
    const index = Number(fields[0]);
    const facts = { index, name: fields.slice(2, -4).join(', '), memoryBytes: (total ?? 0) * MEBIBYTE };
    const tells = used !== null && used !== undefined && utilisation !== null && utilisation !== undefined;
    return [{ facts, uuid: fields[1] ?? '', use: tells ? { index, memoryUsedBytes: used * MEBIBYTE, utilisation: utilisation / 100, celsius: celsius ?? 0 } : null }];
  });
}

/** None where there is no nvidia-smi, or it fails, or is killed after `limitMs`. */
export async function readGpus(limitMs = LIMIT_MS): Promise<GpuReading[]> {
  try {
    return parseGpuReadings((await run('nvidia-smi', QUERY, { timeout: limitMs, killSignal: 'SIGKILL' })).stdout);
  } catch {
    return [];
  }
}

/**
 * Looks at the GPUs from time to time, aside from everything else; a box without any is looked at once. A look
 * that does not end, as in a driver that lets nothing be killed, tells of none, and none is begun beside it.
 */
export class GpuWatch {
  readonly #read: () => Promise<readonly GpuReading[]>;
  #readings: readonly GpuReading[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isLooking = false;
  readonly #limitMs: number;

  /** `limitMs`: how long a look is waited for. */
  constructor(read: () => Promise<readonly GpuReading[]> = readGpus, limitMs = LIMIT_MS + KILLED_WITHIN_MS) {
    this.#read = read;
    this.#limitMs = limitMs;
  }

  get gpus(): readonly GpuFacts[] {
    return this.#readings.map(({ facts }) => facts);
  }

  get use(): readonly GpuUse[] {
    return this.#readings.flatMap(({ use }) => use ?? []);
  }

  /** Settles after the first look. Idempotent. */
  async start(everyMs = 15_000): Promise<void> {
    if (this.#timer !== null) return;
    await this.#look();
    if (this.#readings.length === 0) return;
    this.#timer = setInterval(() => void this.#look(), everyMs).unref();
  }

  /** Idempotent. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const read = this.#read().finally(() => (this.#isLooking = false));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<readonly GpuReading[]>((resolve) => (timer = setTimeout(() => resolve([]), this.#limitMs)));
    this.#readings = await Promise.race([read, late]);
    clearTimeout(timer);
  }
}

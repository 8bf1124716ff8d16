import { OutOfMemoryError, type Training } from '../engine.js';
import type { Device } from './found.js';

/** What a training on a native engine asks for, in bytes. */
export interface RoomAsked {
  readonly device: Device;
  /** Free memory of the GPU; null where nobody told, or on a CPU. */
  readonly deviceBytes: number | null;
  /** Where it is computed. */
  readonly needed: number;
  /** On a GPU, of the process: what goes to the card. */
  readonly staged: number;
}

/** On a GPU the training lies in the card's memory, and the process has what goes to it. Throws OutOfMemoryError. */
export function expectRoom({ device, deviceBytes, needed, staged }: RoomAsked, { memoryBytes, maxBatch }: Pick<Training, 'memoryBytes' | 'maxBatch'>): void {
  const gpu = device === 'gpu';
  const asked = [
    { needed, limit: gpu ? deviceBytes : memoryBytes, what: 'the model needs', whose: gpu ? 'are free on the GPU' : 'it may take' },
    ...(gpu ? [{ needed: staged, limit: memoryBytes, what: "the GPU's images and weights need", whose: 'the process may take' }] : []),
  ];
  for (const { needed: bytes, limit, what, whose } of asked) {
    if (limit !== null && bytes > limit) throw new OutOfMemoryError(`${what} ${mebibytes(bytes)} at batch ${String(maxBatch)}, more than the ${mebibytes(Math.max(0, limit))} that ${whose}`, bytes);
  }
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;
}

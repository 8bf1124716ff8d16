import { availableParallelism } from 'node:os';

/** One training per two cores: its kernels use one thread, and the rest of the house needs some. */
export function slotsByCores(): number {
  return Math.max(1, Math.floor(availableParallelism() / 2));
}

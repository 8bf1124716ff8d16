import { numericsText } from '../../proto/numerics.js';

/** Pure. What a running sweep waits for, where no worker that is connected can take its work; else null. */
export function waitingFor(numerics: string, connected: readonly { readonly numerics: readonly string[] }[]): string | null {
  if (connected.length === 0) return 'waiting for a worker to connect';
  if (numerics === 'none' || connected.some((worker) => worker.numerics.includes(numerics))) return null;
  const other = numerics.startsWith('wasm:') ? 'graph' : 'wasm';
  return `waiting for a worker with the engine of this sweep, ${numericsText(numerics)}: none that is connected has it; start one that has, or end this and run the sweep with --engine ${other}`;
}

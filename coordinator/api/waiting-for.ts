import { isSelected, selectorText, type SelectedBox, type WorkerSelector } from '../placement/selector.js';
import { isPlainNumerics, numericsText } from '../../proto/numerics.js';

/** Pure. What a running sweep waits for, where no worker that is connected can take its work; else null. */
export function waitingFor(numerics: string, workers: WorkerSelector | null, connected: readonly { readonly numerics: readonly string[]; readonly box: SelectedBox }[]): string | null {
  if (connected.length === 0) return 'waiting for a worker to connect';
  const usable = connected.filter(({ box }) => workers === null || isSelected(workers, box));
  if (workers !== null && usable.length === 0) return `waiting for a worker that the sweep may use (${selectorText(workers)}): none that is connected is one`;
  if (numerics === 'none' || usable.some((worker) => worker.numerics.includes(numerics))) return null;
  if (isPlainNumerics(numerics)) return 'waiting for a worker of this version of trawl: none that is connected fits classical models to images as this sweep has them';
  const other = numerics.startsWith('wasm:') ? 'graph' : 'wasm';
  return `waiting for a worker with the engine of this sweep, ${numericsText(numerics)}: none that is connected has it; start one that has, or end this and run the sweep with --engine ${other}`;
}

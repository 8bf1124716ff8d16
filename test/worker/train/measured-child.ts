/** The real training child, which on SIGUSR2 also tells what it holds, garbage aside. Run with --expose-gc. */
import { readdirSync } from 'node:fs';
import '../../../worker/train/child-main.js';

export interface Holdings {
  readonly kind: 'holdings';
  readonly heap: number;
  /** Outside the heap, buffers aside: that of WebAssembly above all. */
  readonly memory: number;
  /** Node hands small ones out of pieces of 8 KiB. */
  readonly buffers: number;
  /** Open files, sockets and pipes. */
  readonly handles: number;
}

const collectGarbage = (globalThis as { gc?: () => void }).gc;

process.on('SIGUSR2', () => {
  for (let pass = 0; pass < 3; pass++) collectGarbage?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  const holdings: Holdings = { kind: 'holdings', heap: heapUsed, memory: external - arrayBuffers, buffers: arrayBuffers, handles: readdirSync('/proc/self/fd').length };
  process.send?.([holdings]);
});

import type { Outcome } from '../../proto/work.js';
import type { ChildExit } from './child-process.js';

/** Signals that a process brings on itself: an abort, a wild pointer. */
const CRASHES: ReadonlySet<NodeJS.Signals> = new Set(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP']);

/** What it means that a child went before it had finished its order, unless the agent itself ended it. */
export function outcomeOfExit(exit: ChildExit): Outcome {
  const said = exit.lastLine === '' ? 'it printed nothing' : exit.lastLine;
  if (exit.log.includes('JavaScript heap out of memory')) {
    return { class: 'OutOfMemory', message: 'the training process ran out of JavaScript heap', neededBytes: null };
  }
  if (exit.signal !== null && CRASHES.has(exit.signal)) {
    return { class: 'TrainableError', message: `the training process crashed (${exit.signal}): ${said}`, neededBytes: null };
  }
  if (exit.signal !== null) {
    return { class: 'WorkerLost', message: `the training process was killed by ${exit.signal}`, neededBytes: null };
  }
  if (exit.code === null) return { class: 'WorkerLost', message: `the training process could not be started: ${said}`, neededBytes: null };
  return { class: 'TrainableError', message: `the training process exited with code ${exit.code}: ${said}`, neededBytes: null };
}

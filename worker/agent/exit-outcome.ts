import type { Outcome } from '../../proto/work.js';
import type { ChildExit } from './child-process.js';

/** Signals that a process brings on itself: an abort, a wild pointer. */
const CRASHES: ReadonlySet<NodeJS.Signals> = new Set(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP']);

/** What a runtime prints before it aborts for want of memory: V8's heap, C++, libtensorflow's allocators. */
const LAST_WORDS = [/Fatal (process|JavaScript).*out of memory/, /std::bad_alloc/, /RESOURCE_EXHAUSTED/];

/**
 * What it means that a child went before it had finished its order, unless the agent itself ended it.
 * `oomKill`: the kernel has killed for want of memory where it ran, while it ran.
 */
export function outcomeOfExit(exit: ChildExit, oomKill = false): Outcome {
  const said = exit.lastLine === '' ? 'it printed nothing' : exit.lastLine;
  if (exit.log.includes('JavaScript heap out of memory')) {
    return { class: 'OutOfMemory', message: 'the training process ran out of JavaScript heap', neededBytes: null };
  }
  if (exit.code !== 0 && LAST_WORDS.some((words) => words.test(exit.log))) {
    return { class: 'OutOfMemory', message: `the training process got no more memory: ${said}`, neededBytes: null };
  }
  if (exit.signal === 'SIGKILL' && oomKill) {
    return { class: 'OutOfMemory', message: 'the training process was killed by the system, which had no memory left', neededBytes: null };
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

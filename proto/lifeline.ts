/**
 * A process that is busy in a loop sees no event, the end of its parent included. So a thread of its
 * own holds one end of a pipe whose other end the parent has: however the parent ends, the system
 * closes that, and the thread kills this process and the group that it leads.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Names the pipe's descriptor in the child's environment. */
export const LIFELINE = 'LIFELINE_FD';

/** Plain CommonJS, because it is all that the thread runs. */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const pipe = new (require('node:net').Socket)({ fd: workerData, readable: true, writable: false });
pipe.on('error', () => undefined);
pipe.on('close', () => {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
});
pipe.resume();
parentPort.postMessage('held');
`;

/** From when it settles on, this process ends with its parent. Does nothing where the parent gave no pipe. */
export async function holdLifeline(): Promise<void> {
  const descriptor = Number(process.env[LIFELINE] ?? '');
  // Standard streams are none: nobody named one, or somebody the wrong one.
  if (!Number.isInteger(descriptor) || descriptor < 3) return;
  const thread = new Worker(THREAD, { eval: true, workerData: descriptor, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 } });
  await once(thread, 'message');
  thread.unref();
}

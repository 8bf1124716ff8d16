/**
 * A slot's training process: `fork`ed by the agent, told what to do over the IPC channel. It lives
 * no longer than the agent, whatever ends that: the channel's end takes this process and all it
 * forked with it.
 */
// First: see there.
import { onOrphaned } from '../../proto/parent.js';
import { holdLifeline } from '../../proto/lifeline.js';
import { oneLine } from './failure.js';
import { TrainingChild, type WarmTrainers } from './child.js';
import type { ToChild } from './protocol.js';

function endWithGroup(): never {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // It leads no group of its own: it goes alone.
  }
  process.exit(1);
}

async function loadWarmImages(): Promise<WarmTrainers> {
  const [{ WarmImages }, { createWasmEngine }, { openImageData }] = await Promise.all([
    import('./warm-images.js'),
    import('../engine/wasm/engine.js'),
    import('./image-data.js'),
  ]);
  return new WarmImages(await createWasmEngine(), ({ pixels, work }) => {
    if (work.trajectory.trainable !== 'image-classifier') throw new TypeError(`a ${work.trajectory.trainable} trainable has no pixels`);
    return openImageData(pixels, work.trajectory.input.normalisation);
  });
}

onOrphaned(endWithGroup);
const child = new TrainingChild((messages) => process.send?.(messages), loadWarmImages);
process.on('message', (messages) => child.receive(messages as ToChild[]));
process.on('uncaughtException', (error) => {
  // The last line is what the agent quotes.
  process.stderr.write(`${error.stack ?? ''}\n${error.name}: ${oneLine(error)}\n`);
  process.exit(1);
});
// A step of a large model takes long, and no event is seen in it.
await holdLifeline();

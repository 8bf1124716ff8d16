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
import type { UsableEngine } from '../engine/choose.js';

function endWithGroup(): never {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    // It leads no group of its own: it goes alone.
  }
  process.exit(1);
}

async function loadWarmImages(): Promise<WarmTrainers> {
  const [{ WarmImages }, { openEngine }, { openImageData }] = await Promise.all([import('./warm-images.js'), import('../engine/open.js'), import('./image-data.js')]);
  // The agent names a native engine; wasm is what it names nothing for.
  const [, , named] = process.argv;
  const engine = named === undefined ? { kind: 'wasm' as const, native: null, gpus: [] } : (JSON.parse(named) as UsableEngine);
  return new WarmImages(await openEngine(engine), ({ pixels, work }) => {
    if (work.trajectory.trainable !== 'image-classifier') throw new TypeError(`a ${work.trajectory.trainable} trainable has no pixels`);
    return openImageData(pixels, work.trajectory.input.normalisation);
  });
}

onOrphaned(endWithGroup);
const child = new TrainingChild((messages) => process.send?.(messages), loadWarmImages, (line) => process.stdout.write(`${line}\n`));
process.on('message', (messages) => child.receive(messages as ToChild[]));
process.on('uncaughtException', (error) => {
  // The last line is what the agent quotes.
  process.stderr.write(`${error.stack ?? ''}\n${error.name}: ${oneLine(error)}\n`);
  process.exit(1);
});
// A step of a large model takes long, and no event is seen in it.
await holdLifeline();

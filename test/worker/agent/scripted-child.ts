/** A child that misbehaves on order: the values of the order's first epoch say how. It speaks the protocol as child-main does. */
import { spawn } from 'node:child_process';
import type { SyntheticEpochSettings } from '../../../proto/work.js';
import type { FromChild, ToChild } from '../../../worker/train/protocol.js';

const tell = (...messages: FromChild[]): void => void process.send?.(messages);
const hoard: Buffer[] = [];

/** Endless output, as fast as the pipe takes it, until so many bytes went out. */
function print(bytes: number, done: () => void): void {
  const chunk = Buffer.alloc(2 ** 20, 'x');
  chunk[chunk.length - 1] = 10;
  let left = bytes;
  const more = (): void => {
    left -= chunk.length;
    process.stdout.write(chunk, left > 0 ? more : done);
  };
  more();
}

function behave(attempt: string, how: string): void {
  const say = (fact: number): void => tell({ kind: 'progress', attempt, epoch: 0, step: fact, steps: 1, loss: null });
  const finish = (): void => tell({ kind: 'finished', attempt, outcome: { class: 'done', message: '', neededBytes: null }, holds: null });
  switch (how) {
    case 'finish':
      finish();
      return;
    case 'print':
      print(2 ** 30, finish);
      return;
    case 'fork': {
      // Ignores the death of its parent, as a daemon would.
      const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'inherit' });
      grandchild.once('spawn', () => say(grandchild.pid ?? 0));
      return;
    }
    case 'grow':
      hoard.push(Buffer.alloc(32 * 2 ** 20, 1));
      setTimeout(() => behave(attempt, how), 5);
      return;
    case 'throw':
      throw new Error('the trainable went wrong');
    case 'exit':
      process.stderr.write('giving up\n');
      return process.exit(3);
    case 'abort':
      return process.abort();
    case 'hang':
      say(process.pid);
      setTimeout(() => {
        for (;;);
      }, 20);
      return;
    case 'warn':
      process.stderr.write('RESOURCE_EXHAUSTED: ran out of memory, trying again\n', finish);
      return;
    case 'refuse':
      say(process.pid);
      tell({ kind: 'finished', attempt, outcome: { class: 'WorkerLost', message: 'the GPU is taken', neededBytes: null }, holds: null });
      return;
    case 'nonsense':
      tell({ kind: 'epoch', attempt, epoch: 99, result: { metrics: {}, confusion: null, diverged: false }, cost: { seconds: 0, steps: 0, params: 0, msPerImage: null } });
      return;
    default:
      throw new Error(`no such behaviour: ${how}`);
  }
}

process.on('message', (messages) => {
  for (const message of messages as ToChild[]) {
    if (message.kind !== 'train') continue;
    const { values } = message.work.epochs[0] as SyntheticEpochSettings;
    if (typeof values.how === 'string') behave(message.attempt, values.how);
  }
});
process.on('disconnect', () => process.exit(0));

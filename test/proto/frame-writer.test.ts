import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeFromWorker, encodeFromWorker, ProtocolError } from '../../proto/codec.js';
import { FrameWriter } from '../../proto/frame-writer.js';
import type { WorkerMessage } from '../../proto/messages.js';
import { Recorder } from '../contract/signals.js';

interface Line {
  readonly writer: FrameWriter<WorkerMessage>;
  readonly frames: Recorder<WorkerMessage[]>;
  takes: boolean;
  overflows: number;
}

function openLine(options: { readonly windowMs?: number; readonly maxPendingBytes?: number } = {}): Line {
  const frames = new Recorder<WorkerMessage[]>();
  const line: Line = {
    frames,
    takes: true,
    overflows: 0,
    writer: new FrameWriter<WorkerMessage>({
      encode: (message) => encodeFromWorker([message]),
      write(frame) {
        frames.push(decodeFromWorker(frame));
        return line.takes;
      },
      overflow() {
        line.overflows += 1;
      },
      ...options,
    }),
  };
  return line;
}

function step(number: number, attempt = 'att'): WorkerMessage {
  return { kind: 'progress', attempt, epoch: 0, step: number, steps: 1_000, loss: 0.5 };
}

describe('FrameWriter', () => {
  it('sends what one turn of the event loop says in one frame, in order', async () => {
    const { writer, frames } = openLine();
    const said = [step(1), step(2), step(3)];
    for (const message of said) writer.push(message);
    await frames.count(1);
    assert.deepEqual(frames.items, [said]);
  });

  it('holds what is said within the window and sends it together', async () => {
    const { writer, frames } = openLine({ windowMs: 20 });
    writer.push(step(0));
    await frames.count(1);
    for (let number = 1; number <= 3; number++) {
      writer.push(step(number));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await frames.count(2);
    assert.deepEqual(frames.items[1], [step(1), step(2), step(3)]);
  });

  it('waits for a carrier that is full, then goes on in order', async () => {
    const line = openLine({ windowMs: 0 });
    line.takes = false;
    line.writer.push(step(0));
    await line.frames.count(1);
    line.writer.push(step(1));
    await new Promise((resolve) => setImmediate(resolve));
    line.writer.push(step(2));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(line.frames.items.length, 1);
    line.takes = true;
    line.writer.drained();
    await line.frames.count(2);
    assert.deepEqual(line.frames.items[1], [step(1), step(2)]);
  });

  it('cuts frames of bounded size', async () => {
    const { writer, frames } = openLine();
    const said = [0, 1, 2, 3].map((number) => step(number, 'x'.repeat(400_000)));
    for (const message of said) writer.push(message);
    await frames.count(2);
    assert.deepEqual(frames.items.map((frame) => frame.length), [2, 2]);
    assert.deepEqual(frames.items.flat(), said);
  });

  it('gives up once, and drops all, when too much is pending', async () => {
    const line = openLine({ windowMs: 0, maxPendingBytes: 1_000 });
    line.takes = false;
    line.writer.push(step(0));
    await line.frames.count(1);
    for (let number = 0; number < 100; number++) line.writer.push(step(number));
    line.writer.flush();
    assert.equal(line.overflows, 1);
    assert.equal(line.frames.items.length, 1);
  });

  it('flushes at once, a full carrier or not, and says nothing after its close', async () => {
    const line = openLine();
    line.takes = false;
    line.writer.push(step(0));
    line.writer.flush();
    line.writer.push(step(1));
    line.writer.flush();
    assert.deepEqual(line.frames.items, [[step(0)], [step(1)]]);
    line.writer.close();
    line.writer.push(step(2));
    line.writer.flush();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(line.frames.items.length, 2);
  });

  it('refuses a message that cannot be written and carries the others', async () => {
    const { writer, frames } = openLine();
    writer.push(step(1));
    assert.throws(() => writer.push(step(-1)), ProtocolError);
    writer.push(step(2));
    await frames.count(1);
    assert.deepEqual(frames.items, [[step(1), step(2)]]);
  });
});

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { it, type TestContext } from 'node:test';
import { TooManyRequests } from '../../../coordinator/access/errors.js';
import { ModelProcess, ModelProcessEnded, type ModelAnswer, type ModelQuestion } from '../../../coordinator/api/model-process.js';
import type { ImageTrajectory } from '../../../proto/work.js';

/** A process that says what the test has it say. */
class Child extends EventEmitter {
  readonly asked: ModelQuestion[] = [];
  killed = false;
  send(question: ModelQuestion): boolean {
    this.asked.push(question);
    return true;
  }
  /** Is gone some time after, as processes are: `exit` is the test's to emit. */
  kill(): boolean {
    return (this.killed = true);
  }
  say(answer: ModelAnswer): void {
    this.emit('message', answer);
  }
}

/** So long a question may take, and a process that nobody asks is kept: 5 minutes. */
const LIMIT_MS = 300_000;
const LAYERS = { layers: [] } as never;

function processes(t: TestContext): { children: Child[]; models: ModelProcess; ask: () => Promise<unknown> } {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const children: Child[] = [];
  const models = new ModelProcess({
    home: '',
    blobs: '',
    start: () => {
      children.push(new Child());
      return children.at(-1) as unknown as ChildProcess;
    },
  });
  t.after(() => models.stop());
  return { children, models, ask: () => models.ask('layers', { trajectory: {} as ImageTrajectory }) };
}

it('a question may take its time from when its turn comes, however long it has waited', async (t) => {
  const { children, ask } = processes(t);
  const [first, second] = [ask(), ask()];
  const [child] = children;
  assert.equal(child?.asked.length, 1, 'one at a time');
  t.mock.timers.tick(LIMIT_MS - 1);
  child.say({ answer: LAYERS });
  await first;
  t.mock.timers.tick(LIMIT_MS - 1);
  assert.deepEqual([child.asked.length, child.killed], [2, false]);
  t.mock.timers.tick(1);
  await assert.rejects(second, (error: unknown) => error instanceof ModelProcessEnded && error.message.includes('it took longer than 5 min'));
  assert.equal(child.killed, true);
});

it('a question after the process was left idle goes to a new one, whenever the old one is gone; what the old one says is not heard', async (t) => {
  const { children, ask } = processes(t);
  const first = ask();
  children[0]?.say({ answer: LAYERS });
  await first;
  t.mock.timers.tick(LIMIT_MS);
  assert.equal(children[0]?.killed, true);
  const second = ask();
  children[0].say({ code: 'BadRequest', message: 'late' });
  children[0].emit('exit', null, 'SIGKILL');
  children[1]?.say({ answer: LAYERS });
  assert.equal(await second, LAYERS);
  assert.equal(children.length, 2);
});

it('the question at which the process ends is refused, and those that waited are answered by another', async (t) => {
  const { children, ask } = processes(t);
  const [first, second] = [ask(), ask()];
  children[0]?.emit('exit', 7, null);
  await assert.rejects(first, (error: unknown) => error instanceof ModelProcessEnded && error.message.includes('exit code 7'));
  children[1]?.say({ answer: LAYERS });
  assert.equal(await second, LAYERS);
});

it('where no process can be started the question is refused, and the next one is answered once one can be', async (t) => {
  const child = new Child();
  let starts = 0;
  const models = new ModelProcess({
    home: '',
    blobs: '',
    start: () => {
      starts += 1;
      if (starts <= 2) throw new Error('spawn ENOMEM');
      return child as unknown as ChildProcess;
    },
  });
  t.after(() => models.stop());
  const ask = (): Promise<unknown> => models.ask('layers', { trajectory: {} as ImageTrajectory });
  const isRefused = (error: unknown): boolean => error instanceof ModelProcessEnded && error.message.includes('spawn ENOMEM');
  await assert.rejects(ask(), isRefused);
  await assert.rejects(ask(), isRefused);
  const answered = ask();
  child.say({ answer: LAYERS });
  assert.equal(await answered, LAYERS);
  child.send = () => {
    throw new Error('channel closed');
  };
  await assert.rejects(ask(), (error: unknown) => error instanceof ModelProcessEnded && error.message.includes('channel closed'));
});

it('no more than eight questions wait, and all that are open are refused when it is stopped', async (t) => {
  const { children, models, ask } = processes(t);
  const open = Array.from({ length: 9 }, ask);
  await assert.rejects(ask(), TooManyRequests);
  models.stop();
  const ends = await Promise.allSettled(open);
  assert.ok(ends.every((end) => end.status === 'rejected' && end.reason instanceof ModelProcessEnded), JSON.stringify(ends));
  assert.deepEqual([children.length, children[0]?.killed], [1, true]);
});

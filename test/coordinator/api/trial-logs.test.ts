import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { LogMessages } from '../../../coordinator/api/log-views.js';
import { positionsIn, positionsText, type LogPositions, type LogReader } from '../../../coordinator/api/log-reader.js';
import { TrialLogs, type TrialLogsOptions } from '../../../coordinator/api/trial-logs.js';
import type { LiveLog } from '../../../coordinator/leader/followed-logs.js';
import { granted, newPath, sweepOf, turn } from '../store/facts.js';
import { loneService, type LoneService } from './lone-service.js';

let lone: LoneService;

before(async () => {
  lone = await loneService();
});
after(() => lone.close());

/** What a browser is sent, message by message. */
class Response extends EventEmitter {
  destroyed = false;
  writableEnded = false;
  writableLength = 0;
  readonly messages: { readonly type: keyof LogMessages; readonly id: string; readonly data: unknown }[] = [];

  write(text: string): void {
    const [, type, id, data] = /^event: (\w+)\nid: (.*)\ndata: (.*)\n\n$/.exec(text) ?? [];
    if (type === undefined) return;
    this.messages.push({ type: type as keyof LogMessages, id: id ?? '', data: JSON.parse(data ?? '') });
    this.emit('message');
  }

  end(): void {
    this.writableEnded = true;
    this.emit('end');
  }

  /** Of all texts so far. */
  get text(): string {
    return this.messages.flatMap(({ type, data }) => (type === 'text' ? [(data as LogMessages['text']).text] : [])).join('');
  }
}

/** A leader who has heard this. */
class Heard {
  logs: LiveLog[] = [];
  readonly asked: ReadonlySet<string>[] = [];

  followLogs = (path: ReadonlySet<string>): readonly LiveLog[] => {
    this.asked.push(path);
    return this.logs;
  };
}

const log = (attempt: string, pieces: readonly (readonly [number, string])[], changes: Partial<LiveLog> = {}): LiveLog => ({
  ...{ attempt, worker: { id: 'wrk_1', name: 'box' }, kind: 'train', from: 0, to: 2, state: 'live' },
  pieces: pieces.map(([from, text]) => ({ from, text: Buffer.from(text) })),
  ...changes,
});

const NOWHERE: LogPositions = new Map();

function readBy(heard: Heard, trial: string, positions: LogPositions = NOWHERE, mayRead = () => true): { readonly response: Response; readonly reader: LogReader; readonly logs: TrialLogs } {
  const logs = new TrialLogs({ store: lone.store, project: 'default', leader: heard, logger: { warn: () => undefined } });
  return { ...readerOf(logs, trial, positions, mayRead), logs };
}

function readerOf(logs: TrialLogs, trial: string, positions: LogPositions = NOWHERE, mayRead = () => true): { readonly response: Response; readonly reader: LogReader } {
  const response = new Response();
  return { response, reader: logs.read(trial, positions, response as unknown as ServerResponse, mayRead) };
}

async function trialOf(name: string): Promise<{ readonly id: string; readonly path: readonly string[] }> {
  const path = newPath(2);
  await lone.store.submit(sweepOf(name, [path]), await lone.leader.epoch());
  const { id } = (await lone.service.trial(`${name}/0`, { test: false })).trial;
  return { id, path };
}

describe('the log of a trial', () => {
  it('is told with its attempt and its place, as it comes, and with what was left out', async () => {
    const { id, path } = await trialOf('told');
    const heard = new Heard();
    heard.logs = [log('att_1', [[4, 'one\n']])];
    const { response, reader } = readBy(heard, id);
    while (!response.text.includes('one')) await once(response, 'message');
    assert.deepEqual([...(heard.asked.at(-1) ?? [])], path);
    heard.logs = [log('att_1', [[4, 'one\n'], [100, '\u001b[31m<img src=x onerror=alert(1)>€\n']], { state: 'ended' })];
    while (response.messages.at(-1)?.type !== 'attempt' || response.messages.length < 3) await once(response, 'message');
    reader.end();
    const attempt = { attempt: 'att_1', worker: 'wrk_1', name: 'box', kind: 'train', from: 0, to: 2 };
    assert.deepEqual(response.messages, [
      { type: 'attempt', id: '', data: { ...attempt, state: 'live' } },
      { type: 'text', id: 'att_1:8', data: { attempt: 'att_1', from: 4, to: 8, text: 'one\n' } },
      { type: 'text', id: 'att_1:137', data: { attempt: 'att_1', from: 100, to: 137, text: '\u001b[31m<img src=x onerror=alert(1)>€\n' } },
      { type: 'attempt', id: 'att_1:137', data: { ...attempt, state: 'ended' } },
    ]);
  });

  it('goes on from where a reader was cut off, nothing twice', async () => {
    const { id } = await trialOf('cut');
    const heard = new Heard();
    heard.logs = [log('att_1', [[0, 'one\n'], [4, 'two\n']]), log('att_2', [[0, 'other\n']])];
    const first = readBy(heard, id);
    while (!first.response.text.includes('other')) await once(first.response, 'message');
    first.reader.end();
    const position = positionsIn(first.response.messages.at(-1)?.id ?? '');
    assert.deepEqual(position, new Map([['att_1', 8], ['att_2', 6]]));
    heard.logs = [log('att_1', [[0, 'one\n'], [4, 'two\nthree\n']]), log('att_2', [[0, 'other\n']])];
    const second = readBy(heard, id, position);
    while (second.response.text === '') await once(second.response, 'message');
    second.reader.end();
    assert.equal(second.response.text, 'three\n');
  });

  it('is over once its trial has ended and nothing of it runs any more', async () => {
    const { id, path } = await trialOf('over');
    const epoch = await lone.leader.epoch();
    const grant = await granted(lone.store, epoch, path, {});
    const change = { id, revision: 1, bestEpoch: null, until: null };
    await lone.store.commitTurn(epoch, turn({ trials: [{ ...change, state: 'running', epochs: null, failure: null }] }));
    await lone.store.commitTurn(epoch, turn({ ended: [{ attempt: grant.attempt, token: grant.token, outcome: 'done', message: '', log: 'all of it\n', beganAfterMs: 0 }], trials: [{ ...change, state: 'failed', epochs: 0, failure: { class: 'Diverged', message: '' } }] }));
    const { response, logs } = readBy(new Heard(), id);
    if (!response.writableEnded) await once(response, 'end');
    assert.deepEqual([response.messages.map(({ type }) => type), logs.readers], [['over'], 0]);
    const { attempts } = await lone.service.trial(id, { test: false });
    assert.deepEqual(attempts.map(({ outcome, log: kept }) => [outcome, kept]), [['done', 'all of it\n']]);
    assert.equal(await lone.store.lastLog(id), '', 'of what did not fail, nothing is shown among failures');
  });

  it('goes on where the trial was retried while its last words were awaited', async () => {
    const { id } = await trialOf('retried');
    const heard = new Heard();
    heard.logs = [log('att_1', [[0, 'last words\n']])];
    const found = await lone.store.findTrial('default', id);
    assert.ok(found !== null);
    let state: 'failed' | 'queued' = 'failed';
    const store = { findSweep: async () => null, findNumberedTrial: async () => null, findTrial: async () => ({ ...found, state }) };
    const logs = new TrialLogs({ store, project: 'default', leader: heard, logger: { warn: () => undefined } });
    const response = new Response();
    const reader = logs.read(id, NOWHERE, response as unknown as ServerResponse, () => true);
    while (response.text === '') await once(response, 'message');
    state = 'queued';
    heard.logs = [log('att_1', [], { state: 'ended' })];
    while (response.messages.filter(({ type }) => type === 'attempt').length < 2) await once(response, 'message');
    heard.logs = [log('att_2', [[0, 'again\n']])];
    while (!response.text.includes('again')) {
      assert.equal(response.writableEnded, false, 'told to be over');
      await once(response, 'message');
    }
    reader.end();
  });

  it('is looked at once for all who read it, and each is told from where that one stands', async () => {
    const { id } = await trialOf('shared');
    let [looks, asks] = [0, 0];
    const { store } = lone;
    const counted: TrialLogsOptions['store'] = { findSweep: (...of) => store.findSweep(...of), findNumberedTrial: (...of) => store.findNumberedTrial(...of), findTrial: (...of) => ((looks += 1), store.findTrial(...of)) };
    // Each look at what was heard finds the next line, and no other any more.
    const leader = { followLogs: () => [log('att_1', [[10 * (asks += 1), `line ${String(asks).padStart(4)}\n`]])] };
    const logs = new TrialLogs({ store: counted, project: 'default', leader, logger: { warn: () => undefined } });
    const first = readerOf(logs, id);
    while (first.response.text === '') await once(first.response, 'message');
    const others = Array.from({ length: 10 }, () => readerOf(logs, id, new Map([['att_1', 10 * asks + 15]])));
    const before = { looks, asks, lines: first.response.text.length / 10 };
    while (first.response.text.length / 10 < before.lines + 3) await once(first.response, 'message');
    assert.equal(asks - before.asks, 3, 'looks at what was heard, for eleven readers');
    assert.ok(looks - before.looks <= 3, `${looks - before.looks} looks at the trial`);
    const line = (more: number): string => `line ${String(before.asks + more).padStart(4)}\n`;
    assert.deepEqual(others.map(({ response }) => response.text), others.map(() => line(1).slice(5) + line(2) + line(3)));
    assert.equal(logs.readers, 11);
    logs.stop();
    assert.equal(logs.readers, 0);
  });

  it('is told to nobody whose session has ended', async () => {
    const { id } = await trialOf('signed-out');
    const heard = new Heard();
    const { response } = readBy(heard, id, NOWHERE, () => false);
    if (!response.writableEnded) await once(response, 'end');
    assert.deepEqual([response.messages, heard.asked], [[], []]);
  });

  it('has positions that are read as they are written, and nothing else is read as one', () => {
    const positions = new Map([['att_x-1', 0], ['att_Y', 123_456]]);
    assert.equal(positionsText(positions), 'att_x-1:0,att_Y:123456');
    assert.deepEqual(positionsIn(positionsText(positions)), positions);
    assert.deepEqual(positionsIn(''), NOWHERE);
    for (const text of ['att', 'att:', 'att:-1', ':5', 'a:1,', 'a:1;b:2', `a:${'9'.repeat(16)}`, new Array(17).fill('a:1').join(',')]) assert.equal(positionsIn(text), null, text);
  });
});

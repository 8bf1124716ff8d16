import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { Access } from '../../../coordinator/access/access.js';
import { newSecret } from '../../../coordinator/access/secret.js';
import { EventFeed, positionIn, positionText, type News, type Position } from '../../../coordinator/api/event-feed.js';
import { EventStream } from '../../../coordinator/api/event-stream.js';
import { httpServer, listen, type HttpOptions } from '../../../coordinator/api/http.js';
import type { SweepService } from '../../../coordinator/api/sweep-service.js';
import type { EventView, EpochsMessage } from '../../../coordinator/api/event-views.js';
import type { Recordings, StoredEvent } from '../../../coordinator/store/records.js';
import { pageParts } from '../../support/access.js';
import { epochOf, granted, newPath, sweepOf, turn } from '../store/facts.js';
import { quietParts } from './lone-server.js';
import { loneService, type LoneService } from './lone-service.js';

const home = 'the-token-of-the-home';
const viewer = newSecret();
let revoked = false;

let lone: LoneService;
let folder: string;
let app: FastifyInstance;
let feed: EventFeed;
let access: Access;
let port: number;

before(async () => {
  lone = await loneService();
  folder = await mkdtemp(join(tmpdir(), 'trawl-stream-'));
  feed = new EventFeed({ store: lone.store, logger: { warn: () => undefined } });
  access = new Access({
    store: {
      findTokens: async (ids) => (ids.includes(viewer.id) ? [{ id: viewer.id, name: 'v', role: 'viewer', hash: viewer.hash, createdAt: new Date(0), createdBy: 'test', expiresAt: null, revokedAt: revoked ? new Date(0) : null, lastUsed: null, state: revoked ? 'revoked' : 'valid' }] : []),
      noteTokens: async () => undefined,
    },
    homeToken: home,
    homeActor: 'local',
    logger: { warn: () => undefined },
  });
  app = await httpServer(serverOptions());
  port = await listen(app, '127.0.0.1', 0);
});
after(async () => {
  await feed.stop();
  await app.close();
  await lone.close();
  await rm(folder, { recursive: true });
});

function serverOptions(more: Partial<HttpOptions> = {}): HttpOptions {
  return {
    serviceFor: (actor) => lone.service.as(actor),
    access,
    ...quietParts(folder),
    ...pageParts(),
    feed,
    ...more,
  };
}

interface Message {
  readonly type: string;
  readonly id: string;
  readonly data: unknown;
}

/** What a browser reads: messages as they come; ends where the server ends it. */
class Reader {
  readonly response: IncomingMessage;
  #rest = '';
  readonly #messages: Message[] = [];
  #wake: () => void = () => undefined;

  static async open(t: TestContext, query: string, { token = home, cookie, lastEventId }: { readonly token?: string; readonly cookie?: string; readonly lastEventId?: string } = {}): Promise<Reader> {
    const request = get({ port, host: '127.0.0.1', path: `/api/v1/events${query}`, headers: { ...(cookie === undefined ? { authorization: `Bearer ${token}` } : { cookie }), ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    t.after(() => response.destroy());
    return new Reader(response);
  }

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#take(chunk));
    // Who is cut off is told so as well.
    response.on('error', () => undefined);
  }

  #take(chunk: string): void {
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
      if (fields.event !== undefined) this.#messages.push({ type: fields.event, id: fields.id ?? '', data: JSON.parse(fields.data ?? 'null') });
    }
    this.#wake();
  }

  /** The next message of a type. */
  async next(type: string): Promise<Message> {
    while (true) {
      const at = this.#messages.findIndex((message) => message.type === type);
      if (at >= 0) return this.#messages.splice(0, at + 1).at(-1)!;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const typesIn = ({ data }: Message): string[] => (data as EventView[]).map(({ type }) => type);

it('a page is told of what happens from then on, and after a cut of what it missed, nothing twice', async (t) => {
  const epoch = await lone.leader.epoch();
  await lone.store.submit(sweepOf('before', [newPath(1)]), epoch);
  const page = await Reader.open(t, '');
  assert.match(String(page.response.headers['content-type']), /^text\/event-stream/);
  assert.match(String(page.response.headers['content-security-policy']), /default-src 'self'/);
  await page.next('beat');
  const path = newPath(3);
  const { id: sweep } = await lone.store.submit(sweepOf('during', [path]), epoch);
  const first = await page.next('log');
  assert.deepEqual((first.data as EventView[]).map(({ type, sweep: of, actor }) => [type, of, actor]), [['sweep.created', sweep, 'ada']]);
  const grant = await granted(lone.store, epoch, path, { payers: [sweep] });
  await lone.store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 0), epochOf(grant, 1)] }));
  const recorded = await page.next('epochs');
  assert.deepEqual((recorded.data as EpochsMessage).sweeps, [{ sweep, trained: 2, retrained: 0 }]);
  page.response.destroy();

  await lone.service.setState('during', 'paused');
  await lone.store.commitTurn(epoch, turn({ epochs: [epochOf(grant, 2)] }));
  const again = await Reader.open(t, '?after=0', { lastEventId: recorded.id });
  assert.deepEqual(typesIn(await again.next('log')), ['sweep.paused']);
  assert.deepEqual((await again.next('epochs')).data, { seq: await lone.store.recordedSeq(), sweeps: [{ sweep, trained: 1, retrained: 0 }] });
  const all = await Reader.open(t, '?after=0.0');
  assert.deepEqual(typesIn(await all.next('log')), ['sweep.created', 'sweep.created', 'sweep.paused']);
  const mine = await Reader.open(t, '?after=0&sweep=during');
  assert.deepEqual(typesIn(await mine.next('log')), ['sweep.created', 'sweep.paused']);
});

it('the log of a sweep is read in pages, with who did what', async () => {
  const ask = async (query: string) => (await app.inject({ url: `/api/v1/sweeps/during/events${query}`, headers: { authorization: `Bearer ${home}` } })).json<{ events: EventView[]; next: number | null }>();
  const first = await ask('?limit=1');
  assert.deepEqual([first.events.map(({ type }) => type), first.next], [['sweep.created'], first.events[0]?.id]);
  const second = await ask(`?limit=5&after=${first.next}`);
  assert.deepEqual([second.events.map(({ type, actor }) => [type, actor]), second.next], [[['sweep.paused', 'ada']], null]);
});

it('a position that is none is refused with what was expected; an unknown sweep is not found', async () => {
  const ask = (query: string) => app.inject({ url: `/api/v1/events${query}`, headers: { authorization: `Bearer ${home}` } });
  const bad = await ask('?after=now');
  assert.deepEqual([bad.statusCode, bad.json<{ message: string }>().message], [400, 'after: found now, expected EVENT or EVENT.SEQ, such as 1234.56789, the id of a message']);
  assert.equal((await ask('?sweep=none')).statusCode, 404);
});

it('a stream ends when its token is revoked', async (t) => {
  revoked = false;
  const page = await Reader.open(t, '', { token: viewer.secret });
  await page.next('beat');
  revoked = true;
  const ended = once(page.response, 'end');
  await access.runOnce();
  await ended;
});

it('a stream ends when its session is ended, and those of others go on', async (t) => {
  const signIn = async (): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/login`, { method: 'POST', headers: { 'x-trawl-request': '1', 'content-type': 'application/json' }, body: JSON.stringify({ token: home }) });
    return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  };
  const [mine, other] = [await signIn(), await signIn()];
  const page = await Reader.open(t, '', { cookie: mine });
  const theirs = await Reader.open(t, '', { cookie: other });
  await Promise.all([page.next('beat'), theirs.next('beat')]);
  const ended = once(page.response, 'end');
  await fetch(`http://127.0.0.1:${port}/api/v1/logout`, { method: 'POST', headers: { cookie: mine, 'x-trawl-request': '1' } });
  await ended;
  await lone.store.submit(sweepOf('after a logout', [newPath(1)]), await lone.leader.epoch());
  assert.deepEqual(typesIn(await theirs.next('log')), ['sweep.created']);
});

it('the token of somebody who left while their sweep was looked up is watched no more', async (t) => {
  const steps = new EventEmitter();
  const [asked, gone, left] = [once(steps, 'asked'), once(steps, 'gone'), once(steps, 'left')];
  const own = await httpServer(
    serverOptions({
      access: { require: access.require.bind(access), requireOpened: access.requireOpened.bind(access), watch: () => () => void steps.emit('left') },
      serviceFor: () => ({
        sweep: async () => {
          steps.emit('asked');
          await gone;
          return { id: 'swp_1' };
        },
      }) as unknown as SweepService,
    }),
  );
  t.after(() => own.close());
  own.server.on('connection', (socket) => socket.once('close', () => steps.emit('gone')));
  const request = get({ port: await listen(own, '127.0.0.1', 0), host: '127.0.0.1', path: '/api/v1/events?sweep=slow', headers: { authorization: `Bearer ${home}` } });
  request.on('error', () => undefined);
  await asked;
  request.destroy();
  await left;
});

it('a page that does not read is cut off with less than a message more than 1 MiB unsent, and nothing is written to it afterwards', () => {
  // As node:http has it: what is written waits until the other side has read it.
  const response = { writableLength: 0, destroyed: false, writableEnded: false, write: (text: string) => (response.writableLength += text.length), destroy: () => (response.destroyed = true) };
  const stream = new EventStream(response as unknown as ServerResponse, null, () => true);
  const news = (id: number): News => ({ position: { event: id, seq: 0 }, events: [{ id, at: new Date(0), actor: 'a', type: 'sweep.noted', sweep: null, trial: null, detail: { text: 'x'.repeat(300_000) } }], recorded: { seq: 0, sweeps: [] } });
  for (let id = 1; id <= 4; id += 1) stream.tell(news(id));
  assert.equal(response.destroyed, false);
  const unsent = response.writableLength;
  for (let id = 5; id <= 8; id += 1) stream.tell(news(id));
  assert.deepEqual([response.destroyed, response.writableLength], [true, unsent]);
});

/** A store in memory, whose commits come between the feed's reads. */
class Log {
  readonly events_: StoredEvent[] = [];
  seq = 0;
  /** Called before each read. */
  between: () => void = () => undefined;
  commit(events: number, epochs: number): void {
    for (let n = 0; n < events; n += 1) this.events_.push({ id: this.events_.length + 1, at: new Date(0), actor: 'a', type: 'sweep.noted', sweep: null, trial: null, detail: {} });
    this.seq += epochs;
  }
  async #read<T>(value: () => T): Promise<T> {
    this.between();
    await Promise.resolve();
    return value();
  }
  lastEvent = () => this.#read(() => this.events_.length);
  recordedSeq = () => this.#read(() => this.seq);
  events = (after: number, limit: number) => this.#read(() => this.events_.slice(after, after + limit));
  recordingsAfter = (seq: number, upTo: number | null): Promise<Recordings> =>
    this.#read(() => {
      const end = Math.max(seq, Math.min(upTo ?? Infinity, this.seq));
      return { seq: end, sweeps: end === seq ? [] : [{ sweep: 's', trained: end - seq, retrained: 0 }] };
    });
}

it('whoever joins when, leaves and comes again from where it was, is told everything once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ events: fc.nat(1_500), epochs: fc.nat(5) }), { maxLength: 12 }), fc.array(fc.nat(3), { minLength: 1, maxLength: 20 }), async (commits, moves) => {
      const log = new Log();
      log.commit(3, 2);
      const feed_ = new EventFeed({ store: log, logger: { warn: (detail) => assert.fail(JSON.stringify(detail)) } });
      const pending = [...commits];
      log.between = () => {
        const next = pending.shift();
        if (next !== undefined) log.commit(next.events, next.epochs);
      };
      const told: number[] = [];
      let epochs = 0;
      let at: Position = { event: 0, seq: 0 };
      const listener = {
        tell: ({ position, events, recorded }: News): void => {
          told.push(...events.map(({ id }) => id));
          for (const { trained } of recorded.sweeps) epochs += trained;
          at = position;
        },
        end: () => undefined,
      };
      const other = { tell: () => undefined, end: () => undefined };
      let joined = false;
      for (const move of moves) {
        if (move === 0 && !joined) await feed_.join(at, listener);
        if (move === 1) feed_.leave(listener);
        if (move < 2) joined = move === 0;
        if (move === 2) await feed_.join(null, { ...other });
        if (move === 3) await feed_.runOnce();
      }
      feed_.leave(listener);
      await feed_.join(at, listener);
      for (let round = 0; round < 100 && (at.event < log.events_.length || at.seq < log.seq || pending.length > 0); round += 1) await feed_.runOnce();
      assert.deepEqual(told, log.events_.map(({ id }) => id));
      assert.equal(epochs, log.seq);
      await feed_.stop();
    }),
    { numRuns: 60 },
  );
});

it('positions are written and read as EVENT.SEQ, or EVENT alone', () => {
  assert.equal(positionText({ event: 12, seq: 345 }), '12.345');
  assert.deepEqual([positionIn('12.345'), positionIn('12'), positionIn('12.'), positionIn('-1'), positionIn('1e3'), positionIn('9'.repeat(16))], [{ event: 12, seq: 345 }, { event: 12, seq: null }, null, null, null, null]);
});

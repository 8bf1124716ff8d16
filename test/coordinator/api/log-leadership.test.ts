/** A live log over a change of leaders, by the API of either coordinator. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, it, type TestContext } from 'node:test';
import { TrialLogs } from '../../../coordinator/api/trial-logs.js';
import { Leader } from '../../../coordinator/leader/leader.js';
import type { LeaseRef } from '../../../proto/messages.js';
import { ScriptedWorker } from '../leader/scripted-worker.js';
import { newPath, sweepOf } from '../store/facts.js';
import { loneServer } from './lone-server.js';
import { loneService, type LoneService } from './lone-service.js';

const TOKEN = 'home';
const LIMIT = { timeout: 30_000 };
const quiet = { info: () => undefined, warn: () => undefined };
let lone: LoneService;

before(async () => {
  lone = await loneService();
});
after(() => lone.close());

/** A coordinator that leads, with one worker at it. */
class Coordinator {
  readonly leader = new Leader({ store: lone.store, logger: quiet, proposingOf: () => null });
  readonly worker = new ScriptedWorker(this.leader);
  port = 0;

  async start(t: TestContext, leases: readonly LeaseRef[]): Promise<void> {
    t.after(() => this.leader.stop());
    this.leader.start('http://here');
    await this.leader.leading();
    const logs = new TrialLogs({ store: lone.store, project: 'default', leader: this.leader, logger: quiet });
    const { app } = await loneServer(lone, TOKEN, '/nowhere', { logs });
    t.after(() => app.close());
    await app.listen({ host: '127.0.0.1', port: 0 });
    this.port = (app.server.address() as AddressInfo).port;
    await this.worker.hello(leases);
  }
}

/** A page's stream of a log. */
class Page {
  readonly #response: IncomingMessage;
  text = '';
  constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => (this.text += chunk));
  }

  static async open(t: TestContext, { port }: Coordinator, trial: string, position: string): Promise<Page> {
    const request = get({ port, host: '127.0.0.1', path: `/api/v1/trials/${trial}/log`, headers: { authorization: `Bearer ${TOKEN}`, ...(position === '' ? {} : { 'last-event-id': position }) } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    t.after(() => response.destroy());
    return new Page(response);
  }

  async shows(text: string): Promise<void> {
    while (!this.text.includes(text)) await once(this.#response, 'data');
  }

  ended(): Promise<unknown> {
    return once(this.#response, 'end');
  }

  get position(): string {
    return [...this.text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
  }
}

it('a live log ends where its coordinator leads no more, and goes on with the next from where it was', LIMIT, async (t) => {
  const path = newPath(2);
  await lone.store.submit(sweepOf('handed-over', [path]), await lone.leader.epoch());
  await lone.leader.release();
  const { id } = (await lone.service.trial('handed-over/0', { test: false })).trial;
  const first = new Coordinator();
  await first.start(t, []);
  const offer = await first.worker.told('offer');
  first.worker.begins(offer);
  const before = await Page.open(t, first, id, '');
  await first.worker.told('follow');
  first.worker.prints(offer, 0, 'one\n');
  await before.shows('"text":"one\\n"');

  const ended = before.ended();
  await first.leader.stop();
  await ended;
  assert.ok(!before.text.includes('event: over'), 'the trial is not over');

  const next = new Coordinator();
  await next.start(t, [offer]);
  next.worker.begins(offer);
  const after = await Page.open(t, next, id, before.position);
  await next.worker.told('follow');
  next.worker.prints(offer, 0, 'one\ntwo\n');
  await after.shows('"text":"two\\n"');
  assert.ok(!after.text.includes('one'), 'what was told is told once');
});

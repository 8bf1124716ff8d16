/** Notes and tags of sweeps, over a real database and over HTTP. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { NoteView } from '../../../coordinator/api/views.js';
import { keyOf, revised, sweepOf } from '../store/facts.js';
import { loneServer, type LoneServer } from './lone-server.js';
import { loneService, type LoneService } from './lone-service.js';

const token = 'a-token-of-the-test';
const HOSTILE = `<img src=x onerror=alert(1)>\u202e${'x'.repeat(10_000)}`;

let lone: LoneService;
let folder: string;
let app: FastifyInstance;
let ask: LoneServer['ask'];

before(async () => {
  lone = await loneService();
  folder = await mkdtemp(join(tmpdir(), 'trawl-notes-'));
  ({ app, ask } = await loneServer(lone, token, folder));
});
after(async () => {
  await app.close();
  await lone.close();
  await rm(folder, { recursive: true });
});

async function made(name: string): Promise<string> {
  return (await lone.store.submit(sweepOf(name, [[keyOf(name)]]), await lone.leader.epoch())).id;
}

/** Types and details of the sweep's events, and who caused them. */
async function log(sweep: string): Promise<unknown[]> {
  return (await lone.service.events(sweep, { after: 0, limit: 100 })).events.map(({ type, actor, detail }) => [type, actor, detail]).slice(1);
}

/** A note, a sweep or a refusal. */
type Sent = NoteView & { readonly code: string; readonly message: string; readonly tags: readonly string[] };

async function send(path: string, payload: object): Promise<{ readonly status: number; readonly answer: Sent }> {
  const answer = await app.inject({ method: 'POST', url: `/api/v1${path}`, headers: { authorization: `Bearer ${token}` }, payload });
  return { status: answer.statusCode, answer: answer.json<Sent>() };
}

it('a note is written as it is, with who and when, and the log says so', async () => {
  const sweep = await made('noted');
  assert.deepEqual(await ask('/sweeps/noted/note'), { text: '', version: 0, editedAt: null, editedBy: null });
  const { status, answer } = await send('/sweeps/noted/note', { text: HOSTILE, version: 0 });
  assert.equal(status, 200);
  assert.deepEqual([answer.text, answer.version], [HOSTILE, 1]);
  const read = await ask<NoteView>('/sweeps/noted/note');
  assert.deepEqual(answer, read);
  assert.ok(Math.abs(Date.parse(read.editedAt ?? '') - Date.now()) < 600_000, read.editedAt ?? 'never');
  await lone.service.writeNote('noted', { text: '', version: 1 });
  const characters = HOSTILE.length;
  assert.deepEqual(await log(sweep), [['sweep.noted', read.editedBy, { version: 1, characters }], ['sweep.noted', 'ada', { version: 2, characters: 0 }]]);
});

it('of two who write over the same version the second is refused, and what the first wrote stays', async () => {
  const sweep = await made('twice');
  const bob = lone.service.as('bob');
  await lone.service.writeNote('twice', { text: 'first', version: 0 });
  await assert.rejects(bob.writeNote('twice', { text: 'second', version: 0 }), { code: 'NoteChanged', message: /version 1 now, written by ada, and not 0/ });
  const refused = await send('/sweeps/twice/note', { text: 'third', version: 7 });
  assert.deepEqual([refused.status, refused.answer.code], [409, 'NoteChanged']);
  assert.equal((await bob.note('twice')).text, 'first');
  const race = await Promise.allSettled(['a', 'b', 'c'].map((text) => lone.service.as(text).writeNote('twice', { text, version: 1 })));
  const [winner] = race.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  assert.equal(race.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal(winner?.text, winner?.editedBy);
  assert.deepEqual(await bob.note('twice'), winner);
  assert.equal((await log(sweep)).length, 2);
});

it('tags are a set, changed by whoever adds and removes some in the same moment', async () => {
  const sweep = await made('tagged');
  await Promise.all([lone.service.changeTags('tagged', { add: ['paper', 'Élan'] }), lone.service.as('bob').changeTags('tagged', { add: ['paper', 'baseline'] })]);
  assert.deepEqual((await lone.service.sweep('tagged')).tags, ['baseline', 'paper', 'Élan']);
  const { answer } = await send('/sweeps/tagged/tags', { remove: ['paper', 'never there'], add: ['<img/onerror=alert(1)>'] });
  assert.deepEqual(answer.tags, ['<img/onerror=alert(1)>', 'baseline', 'Élan']);
  const events = await log(sweep);
  await lone.service.changeTags('tagged', { add: ['baseline'] });
  assert.deepEqual(await log(sweep), events, 'nothing changed');
  assert.deepEqual(events.at(-1), ['sweep.tagged', (events.at(-1) as string[])[1], { added: ['<img/onerror=alert(1)>'], removed: ['paper'] }]);
  assert.deepEqual((await ask<readonly { id: string; tags: readonly string[] }[]>('/sweeps')).find(({ id }) => id === sweep)?.tags, answer.tags);
});

it('what is no tag, too many of them and too long a note are refused, and nothing is written', async () => {
  const sweep = await made('refused');
  const refusal = async (path: string, body: object): Promise<unknown> => {
    const { status, answer } = await send(`/sweeps/refused/${path}`, body);
    return [status, answer.code, answer.message];
  };
  const expected = 'expected a tag of 1 to 40 characters without spaces, commas and marks of direction';
  assert.deepEqual(await refusal('tags', { add: ['fine', 'a b', 'a,b', '', '\u202eabc', 'x'.repeat(41)] }), [400, 'BadRequest', ['"a b"', '"a,b"', '""', '"\u202eabc"', `"${'x'.repeat(41)}"`].map((tag) => `add: found ${tag}, ${expected}`).join('; ')]);
  assert.deepEqual(await refusal('tags', { add: ['a'], remove: ['a'] }), [400, 'BadRequest', 'remove: found "a", expected none that is to be added']);
  const tags = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  assert.equal((await send(`/sweeps/refused/tags`, { add: tags(20, 'a') })).status, 200);
  assert.deepEqual(await refusal('tags', { add: ['b'] }), [409, 'TooManyTags', 'tags: found 21 of them with the new ones, expected at most 20; remove some']);
  assert.deepEqual(await refusal('note', { text: 'x'.repeat(20_001), version: 0 }), [400, 'BadRequest', 'text: found 20001 characters, expected at most 20000']);
  assert.equal((await send('/sweeps/refused/note', { text: 'x' })).status, 400);
  assert.equal((await send('/sweeps/nothing/note', { text: 'x', version: 0 })).status, 404);
  assert.equal((await log(sweep)).length, 1);
});

it('a new revision of the sweep keeps what people wrote', async () => {
  await made('kept');
  await lone.service.changeTags('kept', { add: ['a'] });
  await lone.service.writeNote('kept', { text: 'why', version: 0 });
  assert.equal((await lone.store.submit(await revised(lone.store, 'kept', sweepOf('kept', [[keyOf('kept 1')], [keyOf('kept 2')]], { numerics: 'other' })), await lone.leader.epoch())).revision, 2);
  assert.deepEqual([(await lone.service.sweep('kept')).tags, (await lone.service.note('kept')).text], [['a'], 'why']);
});

it('a note is read as it was written, but for zero bytes', async () => {
  await made('any text');
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
      const { version } = await lone.service.note('any text');
      assert.equal((await lone.service.writeNote('any text', { text, version })).text, text.replaceAll('\0', '\ufffd'));
    }),
    { numRuns: 30 },
  );
});

import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import { ApiError } from '../../dashboard/api/api-error.js';
import { ask, isLoggedOut, refusalOf as whyRefused } from '../../dashboard/api/client.js';

function answeredBy(t: TestContext, answer: () => Promise<Response>): void {
  const method = mock.method(globalThis, 'fetch', answer);
  t.after(() => method.mock.restore());
}

async function refusalOf(work: Promise<unknown>): Promise<readonly [string, number]> {
  const error: unknown = await work.then(() => null, (thrown: unknown) => thrown);
  assert.ok(error instanceof ApiError, String(error));
  return [error.code, error.status];
}

test('an answer that is no JSON, as of a proxy with a login page, is told as such', async (t) => {
  answeredBy(t, async () => new Response('<!doctype html><title>Sign in</title>'));
  assert.deepEqual(await refusalOf(ask('GET /sweeps')), ['NoAnswer', 0]);
});

test('a connection that is refused, or breaks within an answer, is a coordinator that does not answer', async (t) => {
  answeredBy(t, async () => Promise.reject(new TypeError('Failed to fetch')));
  assert.deepEqual(await refusalOf(ask('GET /sweeps')), ['Unreachable', 0]);
  answeredBy(t, async () => new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError('network error')) })));
  assert.deepEqual(await refusalOf(ask('GET /sweeps')), ['Unreachable', 0]);
});

test('a refusal has the code that came, or its status where what came is none of the coordinator\'s', async (t) => {
  answeredBy(t, async () => new Response(JSON.stringify({ code: 'SweepNotFound', message: 'there is no sweep x' }), { status: 404 }));
  assert.deepEqual(await refusalOf(ask('GET /sweeps/:sweep', { at: { sweep: 'x' } })), ['SweepNotFound', 404]);
  answeredBy(t, async () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  assert.deepEqual(await refusalOf(ask('GET /sweeps')), ['InternalError', 502]);
});

test('why a stream is refused is told with when to ask again, and a login that is over is noted', async (t) => {
  answeredBy(t, async () => new Response(JSON.stringify({ code: 'TooManyRequests', message: 'too many' }), { status: 429, headers: { 'retry-after': '10' } }));
  const busy = await whyRefused('/trials/t/log');
  assert.deepEqual([busy?.code, busy?.status, busy?.retryAfterMs], ['TooManyRequests', 429, 10_000]);
  assert.equal(isLoggedOut.value, false);
  answeredBy(t, async () => new Response(JSON.stringify({ code: 'Unauthorized', message: 'no' }), { status: 401 }));
  assert.deepEqual([(await whyRefused('/trials/t/log'))?.retryAfterMs, isLoggedOut.value], [null, true]);
  isLoggedOut.value = false;
});

test('a stream that is given is let go of', async (t) => {
  let isGone = false;
  answeredBy(t, async () => new Response(new ReadableStream({ cancel: () => void (isGone = true) })));
  assert.deepEqual([await whyRefused('/trials/t/log'), isGone], [null, true]);
});

test('a mistake of the page\'s own, and a request that was given up, are not called a coordinator that does not answer', async (t) => {
  const thrown = [new RangeError('too long'), new DOMException('given up', 'AbortError')];
  for (const error of thrown) {
    answeredBy(t, async () => Promise.reject(error));
    await assert.rejects(ask('GET /sweeps'), (found) => found === error);
  }
});

test('names become segments of the path, whatever they hold', async (t) => {
  const urls: string[] = [];
  const method = mock.method(globalThis, 'fetch', async (url: string) => {
    urls.push(url);
    return new Response('{}');
  });
  t.after(() => method.mock.restore());
  await ask('GET /sweeps/:sweep/leaderboard', { at: { sweep: 'a/b ?#' }, query: { filter: 'lr > 0 && x', sort: null } });
  assert.deepEqual(urls, ['/api/v1/sweeps/a%2Fb%20%3F%23/leaderboard?filter=lr+%3E+0+%26%26+x']);
});

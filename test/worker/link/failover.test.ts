import assert from 'node:assert/strict';
import test from 'node:test';
import type { CoordinatorMessage } from '../../../proto/messages.js';
import { failoverLink } from '../../../worker/link/failover.js';
import type { Connection, Link, LinkClosed, LinkHandler } from '../../../worker/link/link.js';

const GONE: LinkClosed = { code: 'Unavailable', message: 'no coordinator answers', retry: true };
const WELCOME: CoordinatorMessage = { kind: 'welcome', leaseTermMs: 1, heartbeatMs: 1, lost: [] };

/** Links by name; `tried` says which were asked, and the last connection is told by the test what happens to it. */
function links(...names: readonly string[]): { readonly link: Link; readonly tried: string[]; readonly last: () => LinkHandler } {
  const tried: string[] = [];
  let handler: LinkHandler | null = null;
  const one = (name: string): Link => ({
    connect(given): Connection {
      tried.push(name);
      handler = given;
      return { send: () => undefined, close: () => given.closed({ ...GONE, code: 'Disconnected' }) };
    },
  });
  return { link: failoverLink(names.map(one)), tried, last: () => handler ?? assert.fail('nothing was tried') };
}

function listen(): { readonly handler: LinkHandler; readonly closed: LinkClosed[] } {
  const closed: LinkClosed[] = [];
  return { handler: { received: () => undefined, closed: (why) => closed.push(why) }, closed };
}

test('every address is tried before there is a reason to wait, and after the wait again', () => {
  const { link, tried, last } = links('a', 'b', 'c');
  const { handler, closed } = listen();
  for (let tries = 0; tries < 6; tries += 1) {
    link.connect(handler);
    last().closed(GONE);
  }
  assert.deepEqual(tried, ['a', 'b', 'c', 'a', 'b', 'c']);
  assert.deepEqual(closed.map(({ another }) => another), [true, true, false, true, true, false]);
});

test('a coordinator that led and is gone is left for the next at once', () => {
  const { link, tried, last } = links('a', 'b');
  const { handler, closed } = listen();
  link.connect(handler);
  last().received(WELCOME);
  last().closed(GONE);
  link.connect(handler);
  assert.deepEqual(tried, ['a', 'b']);
  assert.deepEqual(closed.map(({ another }) => another), [true]);
});

test('a session that ends itself to begin anew finds the same coordinator; one that was refused there does not', () => {
  const { link, tried, last } = links('a', 'b');
  const { handler } = listen();
  const welcomed = link.connect(handler);
  last().received(WELCOME);
  welcomed.close();
  const refused = link.connect(handler);
  last().received({ kind: 'refused', code: 'NotLeader', message: 'a standby', retry: true });
  refused.close();
  link.connect(handler);
  assert.deepEqual(tried, ['a', 'a', 'b']);
});

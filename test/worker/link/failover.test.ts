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

const BAD_NAME: LinkClosed = { code: 'CertificateRefused', message: 'its certificate is for another name', retry: false };

test('an address that refuses for good ends nothing while another may let us in', () => {
  const { link, tried, last } = links('leader', 'badly named');
  const { handler, closed } = listen();
  link.connect(handler);
  last().received(WELCOME);
  for (const why of [GONE, BAD_NAME, GONE, BAD_NAME]) {
    last().closed(why);
    link.connect(handler);
  }
  assert.deepEqual(tried, ['leader', 'badly named', 'leader', 'badly named', 'leader']);
  assert.deepEqual(closed.map(({ code, retry, another }) => [code, retry, another]), [
    ['Unavailable', true, true],
    ['CertificateRefused', true, false],
    ['Unavailable', true, true],
    ['CertificateRefused', true, false],
  ]);
});

test('it is over once every address of a round has refused for good, however it said so', () => {
  const { link, last } = links('a', 'b', 'c');
  const { handler, closed } = listen();
  for (const round of [['gone', 'bad', 'old'], ['bad', 'old', 'bad']]) {
    for (const what of round) {
      const connection = link.connect(handler);
      if (what === 'old') {
        last().received({ kind: 'refused', code: 'ProtocolVersion', message: 'install the same version on both', retry: false });
        connection.close();
      } else {
        last().closed(what === 'bad' ? BAD_NAME : GONE);
      }
    }
  }
  assert.deepEqual(closed.map(({ code, retry }) => [code, retry]), [
    ['Unavailable', true],
    ['CertificateRefused', true],
    ['ProtocolVersion', true],
    ['CertificateRefused', true],
    ['ProtocolVersion', true],
    ['CertificateRefused', false],
  ]);
});

test('a refusal by one address, of whatever layer, reaches the session as one to come back from; that another worker holds our id is final', () => {
  const { link, last } = links('a', 'b');
  const received: CoordinatorMessage[] = [];
  link.connect({ received: (message) => received.push(message), closed: () => undefined });
  const tooOld = { kind: 'refused', code: 'ProtocolVersion', message: 'too old', retry: false } as const;
  const replaced = { kind: 'refused', code: 'WorkerReplaced', message: 'two with one home', retry: false } as const;
  last().received(tooOld);
  last().received(replaced);
  const other = links('a', 'b');
  other.link.connect({ received: (message) => received.push(message), closed: () => undefined });
  other.last().closed(BAD_NAME);
  assert.deepEqual(received, [{ ...tooOld, retry: true }, replaced, { kind: 'refused', ...BAD_NAME, retry: true }]);
});

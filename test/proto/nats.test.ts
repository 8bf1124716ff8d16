import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseNatsUrl } from '../../proto/nats/address.js';
import type { PeerCertificate } from 'node:tls';
import { connectionOptions, natsTrouble } from '../../proto/nats/connecting.js';
import { pieceBytes, PieceCutter, PieceJoiner, pieceText, readPieceText } from '../../proto/nats/pieces.js';
import { epochOf, reignName, reignOf, sessionName, Subjects } from '../../proto/nats/subjects.js';

const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 10 });

function joinAll(joiner: PieceJoiner, pieces: readonly Parameters<PieceJoiner['join']>[0][]): Uint8Array[] {
  return pieces.flatMap((piece) => {
    const joined = joiner.join(piece);
    return joined.kind === 'frame' ? [joined.frame] : [];
  });
}

const plain = (bytes: readonly Uint8Array[]): number[][] => bytes.map((frame) => [...frame]);

describe('pieces', () => {
  it('of any size are joined to the frames that were cut, however often each comes in between', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 3 }), (sent, size, times) => {
        const cutter = new PieceCutter(size);
        const pieces = sent.flatMap((frame) => cutter.cut(frame));
        assert.deepEqual(pieces.map(({ number }) => number), [...pieces.keys()]);
        assert.ok(pieces.every(({ bytes }) => bytes.length <= size));
        const repeated = pieces.flatMap((piece, index) => [...Array<typeof piece>(times).fill(piece), ...(index > 0 ? [pieces[index - 1]!] : [])]);
        assert.deepEqual(plain(joinAll(new PieceJoiner(1_000), repeated)), plain(sent));
      }),
    );
  });

  it('that is missing is named, whichever it is', () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 10 }), fc.nat(), (sent, size, pick) => {
        const cutter = new PieceCutter(size);
        const pieces = sent.flatMap((frame) => cutter.cut(frame));
        const missing = pick % pieces.length;
        const joiner = new PieceJoiner(1_000);
        const kinds = pieces.flatMap((piece) => (piece.number === missing ? [] : [joiner.join(piece)]));
        const lost = kinds.find(({ kind }) => kind === 'lost');
        // The last one is missed by its count alone.
        if (missing === pieces.length - 1) assert.equal(joiner.count, cutter.count - 1);
        else assert.match(lost?.kind === 'lost' ? lost.problem : '', new RegExp(`piece ${missing} was lost`));
      }),
    );
  });

  it('of a frame beyond the limit end the session instead of filling the memory', () => {
    const cutter = new PieceCutter(10);
    const joiner = new PieceJoiner(25);
    assert.deepEqual(cutter.cut(new Uint8Array(31)).map((piece) => joiner.join(piece).kind).slice(0, 3), ['nothing', 'nothing', 'tooLarge']);
  });

  it('are numbered in a header that is read back, and nothing else is', () => {
    fc.assert(fc.property(fc.nat(), fc.boolean(), (number, goesOn) => assert.deepEqual(readPieceText(pieceText({ number, goesOn })), { number, goesOn })));
    for (const text of ['', '-1', '1.5', '1 ', '+', '1++', 'NaN']) assert.equal(readPieceText(text), null, text);
  });

  it('fit a server that takes little', () => {
    assert.equal(pieceBytes(4_096), 4_096 - 512);
    assert.equal(pieceBytes(64 * 2 ** 20), 256 * 2 ** 10);
  });
});

describe('subjects', () => {
  const subjects = new Subjects('lab');

  it('are those of the permissions in the documentation', () => {
    assert.deepEqual(
      [subjects.from('wrk_1'), subjects.ask('wrk_1'), subjects.lead, subjects.to('wrk_1', '4-x-1'), subjects.inbox('wrk_1'), subjects.stream],
      ['trawl.lab.from.wrk_1', 'trawl.lab.ask.wrk_1', 'trawl.lab.lead', 'trawl.lab.to.wrk_1.4-x-1', 'trawl.lab.to.wrk_1.inbox', 'TRAWL_lab'],
    );
    assert.equal(Subjects.workerOf('trawl.lab.from.wrk_1'), 'wrk_1');
  });

  it('refuse a fleet that would reach into others', () => {
    for (const fleet of ['', 'a.b', '*', '>', 'a b', 'a\n', 'ä', 'x'.repeat(65)]) assert.throws(() => new Subjects(fleet), RangeError, fleet);
  });

  it('have sessions whose names tell the reign, and the reign its epoch', () => {
    const reign = reignName(12, 'aZ_9');
    assert.equal(reignOf(sessionName(reign, 7)), reign);
    assert.equal(epochOf(reign), 12);
    for (const text of ['', '12', '12-a', 'a-b-1', '12-a-1.>', '12-a-1-2', '12-a.b-1']) assert.equal(reignOf(text), null, text);
    for (const text of ['', 'x-1', '12-', '-a']) assert.equal(epochOf(text), null, text);
  });
});

describe('the address', () => {
  it('is read with its login, which is never shown', () => {
    const found = parseNatsUrl('nats://ada:s%40cret@gpu.example:5222,nats://10.0.0.2');
    assert.deepEqual(found, { servers: ['gpu.example:5222', '10.0.0.2:4222'], tls: false, login: { user: 'ada', password: 's@cret' }, shown: 'nats://gpu.example:5222,nats://10.0.0.2:4222' });
    assert.deepEqual(parseNatsUrl('tls://t0ken@[::1]:4222')?.login, { token: 't0ken' });
    assert.equal(parseNatsUrl('tls://t0ken@[::1]:4222')?.shown, 'tls://[::1]:4222');
    const { user, pass, servers } = connectionOptions({ address: found, credentialsFile: null }, 'test');
    assert.deepEqual({ user, pass, servers }, { user: 'ada', pass: 's@cret', servers: ['gpu.example:5222', '10.0.0.2:4222'] });
  });

  it('is refused where it is none', () => {
    for (const text of ['', 'localhost:4222', 'http://localhost', 'nats://', 'nats://host:port', 'nats://host/fleet', 'nats://host?x=1', 'nats://a,b', 'nats://%zz@a', 'nats://a:99999']) assert.equal(parseNatsUrl(text), null, text);
  });

  it('asks the certificate of a server that is named by an IP address for that address', () => {
    const identity = (url: string): NonNullable<ReturnType<typeof connectionOptions>['tls']>['checkServerIdentity'] => {
      const address = parseNatsUrl(url);
      assert.ok(address !== null);
      return connectionOptions({ address, credentialsFile: null }, 'test').tls!.checkServerIdentity;
    };
    const certificate = (subjectaltname: string): PeerCertificate => ({ subject: { CN: 'nats' }, subjectaltname }) as PeerCertificate;
    // What Node asks for where the client hands it no name.
    const unnamed = 'localhost';
    assert.equal(identity('tls://10.1.2.3')(unnamed, certificate('IP Address:10.1.2.3')), undefined);
    assert.equal(identity('tls://[fd00::1]:4222')(unnamed, certificate('IP Address:fd00::1')), undefined);
    assert.equal(identity('tls://10.9.9.9,tls://10.1.2.3')(unnamed, certificate('IP Address:10.1.2.3')), undefined);
    assert.equal((identity('tls://10.1.2.3')(unnamed, certificate('DNS:localhost')) as NodeJS.ErrnoException).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.equal((identity('tls://10.1.2.3')(unnamed, certificate('IP Address:10.1.2.4')) as NodeJS.ErrnoException).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.equal(identity('tls://box.lan')('box.lan', certificate('DNS:box.lan')), undefined);
    assert.equal((identity('tls://box.lan,tls://10.1.2.3')('box.lan', certificate('IP Address:10.1.2.3')) as NodeJS.ErrnoException).code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('stands in one line about every failure of the client', () => {
    const named = (name: string): Error => Object.assign(new Error("first\nsecond"), { name });
    for (const name of ['AuthorizationError', 'ConnectionError', 'TimeoutError', 'JetStreamNotEnabled', 'Error']) assert.match(natsTrouble(named(name), 'nats://host:1').message.replace('first\nsecond', 'first'), /^[^\n]*nats:\/\/host:1[^\n]*$/, name);
    assert.equal(natsTrouble(named('AuthorizationError'), 'nats://host:1').kind, 'denied');
    assert.equal(natsTrouble(named('ConnectionError'), 'nats://host:1').kind, 'trouble');
  });
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { initAuthority, issueCertificate } from '../../cli/certs/files.js';
import { readCertificate } from '../../cli/certs/inspect.js';
import { listeningOf, type ListenOptions } from '../../cli/host/listening.js';
import { temporaryFolder } from '../support/images.js';
import { Trawl, trawl } from './trawl.js';

const DAY_MS = 86_400_000;

async function fleet(t: TestContext): Promise<{ readonly folder: string; readonly ca: string; readonly at: (name: string) => string }> {
  const folder = temporaryFolder(t);
  const ca = join(folder, 'ca');
  await initAuthority(ca, 'ours');
  return { folder, ca, at: (name) => join(ca, name) };
}

describe('a private CA', () => {
  it('issues certificates that OpenSSL, by way of Node, takes for what they are, and keys that only their owner may read', async (t) => {
    const { ca, at } = await fleet(t);
    await issueCertificate(ca, { name: 'sweeps.example.org', hosts: ['sweeps.example.org', '10.0.0.7'], client: false, days: 90 });
    await issueCertificate(ca, { name: 'gpu-1', hosts: [], client: true, days: 90 });
    const [authority, server, client] = ['ca', 'sweeps.example.org', 'gpu-1'].map((name) => new X509Certificate(readFileSync(at(`${name}.crt`)))) as [X509Certificate, X509Certificate, X509Certificate];
    assert.equal(authority.ca, true);
    assert.equal(server.ca, false);
    for (const issued of [server, client]) assert.ok(issued.checkIssued(authority) && issued.verify(authority.publicKey));
    assert.equal(server.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    assert.deepEqual([server.checkHost('sweeps.example.org'), server.checkIP('10.0.0.7'), server.checkHost('other.example.org')], ['sweeps.example.org', '10.0.0.7', undefined]);
    // RFC 5280, 4.2.1.12: serverAuth and clientAuth.
    assert.deepEqual([server.keyUsage, client.keyUsage], [['1.3.6.1.5.5.7.3.1'], ['1.3.6.1.5.5.7.3.2']]);
    const days = (new Date(server.validTo).getTime() - Date.now()) / DAY_MS;
    assert.ok(days > 89 && days <= 90, String(days));
    for (const name of ['ca.key', 'sweeps.example.org.key', 'gpu-1.key']) assert.equal(statSync(at(name)).mode & 0o777, 0o600);
    assert.equal(statSync(ca).mode & 0o077, 0);
  });

  it('overwrites nothing, and says every mistake', async (t) => {
    const { folder, ca, at } = await fleet(t);
    const before = readFileSync(at('ca.key'), 'utf8');
    const again = await trawl(['certs', 'init', ca]);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /ca\.crt: found a file, expected none; nothing is overwritten[^\n]*\n.*ca\.key: found a file/);
    assert.equal(readFileSync(at('ca.key'), 'utf8'), before);
    const made = await trawl(['certs', 'issue', 'box', '--dir', ca, '--host', 'box.lan']);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^made .*box\.crt and .*box\.key, good for 365 days, for box\.lan\nUse: trawl up --listen HOST --tls-cert .*box\.crt --tls-key .*box\.key\n$/);
    assert.equal((await trawl(['certs', 'issue', 'box', '--dir', ca])).code, 2);
    await assert.rejects(issueCertificate(ca, { name: '../box', hosts: ['a b', '10.0.0.7'], client: false, days: 1 }), { code: 'BadInput', message: 'name: found "../box", expected letters, digits, dots and dashes\n--host: found "a b", expected a host name or an address' });
    await assert.rejects(issueCertificate(folder, { name: 'x', hosts: [], client: true, days: 1 }), /without a ca\.crt and a ca\.key, expected the folder of a CA; make one with: trawl certs init/);
  });

  it('is looked at before it is used: what has expired is refused with its date, what soon will is warned of', async (t) => {
    const { ca, at } = await fleet(t);
    const now = new Date();
    await issueCertificate(ca, { name: 'short', hosts: ['short.lan'], client: false, days: 15 }, now);
    const in_ = (days: number): Date => new Date(now.getTime() + days * DAY_MS);
    const inspect = (days: number): ReturnType<typeof readCertificate> => readCertificate(at('short.crt'), '--tls-cert', in_(days));
    assert.deepEqual(inspect(0), { problem: null, warning: null });
    assert.match(inspect(2).warning ?? '', /short\.crt expires in 12 days, at 20/);
    const end = new Date(new X509Certificate(readFileSync(at('short.crt'))).validTo).toISOString();
    assert.equal(inspect(16).problem, `--tls-cert: found ${at('short.crt')}, which expired at ${end}; issue a new one: trawl certs issue`);
  });
});

describe('a coordinator that listens', () => {
  const mistakesOf = (options: ListenOptions): string => {
    try {
      listeningOf(options, () => undefined);
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };

  it('is reached by others over TLS, or where a person takes it upon them; by its own machine always', async (t) => {
    const { ca, at } = await fleet(t);
    await issueCertificate(ca, { name: 'box', hosts: ['box.lan'], client: false, days: 90 });
    const pair = { tlsCert: at('box.crt'), tlsKey: at('box.key') };
    const none = () => undefined;
    assert.match(mistakesOf({ listen: '0.0.0.0' }), /^--listen: found 0\.0\.0\.0, which others reach, without TLS: .*give --tls-cert FILE --tls-key FILE \(trawl certs makes them\), or say --insecure on a network that you trust$/);
    assert.equal(listeningOf({}, none).outer, null);
    assert.deepEqual(listeningOf({ httpPort: 1, grpcPort: 2 }, none), { loopback: { httpPort: 1, grpcPort: 2 }, outer: null });
    assert.deepEqual(listeningOf({ listen: '0.0.0.0', insecure: true }, none).outer, { host: '0.0.0.0', grpcPort: 7077, httpPort: 8080, tls: null, advertise: null, proxies: [] });
    assert.equal(listeningOf({ listen: '0.0.0.0', insecure: true, advertise: 'https://sweeps.lan:443/' }, none).outer?.advertise, 'https://sweeps.lan');
    for (const advertise of ['', 'box1', 'box1:8080', 'grpc://box1:8080', 'https://box1:8080/api', 'https://box1:8080?x']) {
      assert.match(mistakesOf({ listen: '127.0.0.1', advertise }), /^--advertise: found ".*", expected the URL at which others reach this coordinator, such as https:\/\/box1\.example\.org:8080$/);
    }
    assert.match(mistakesOf({ advertise: 'http://box1:8080' }), /^--advertise: found without --listen, expected both/);
    assert.deepEqual(listeningOf({ listen: '127.0.0.1', proxy: '127.0.0.1, 10.0.0.0/8,fd00::/8' }, none).outer?.proxies, ['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
    for (const proxy of ['', 'nginx', '10.0.0.0/33', '10.0.0.1:80', '::1/129', '10.0.0.1,']) assert.match(mistakesOf({ listen: '127.0.0.1', proxy }), /^--proxy: found ".*", expected the IP address of a reverse proxy, or a network such as 10\.0\.0\.0\/8$/, proxy);
    assert.match(mistakesOf({ proxy: '127.0.0.1' }), /^--proxy: found without --listen, expected both/);
    assert.deepEqual(listeningOf({ listen: '127.0.0.1' }, none).outer?.tls, null);
    assert.deepEqual(listeningOf({ listen: '0.0.0.0', ...pair, tlsCa: at('ca.crt') }, none).outer?.tls, { cert: pair.tlsCert, key: pair.tlsKey, clientCa: at('ca.crt') });
    assert.match(mistakesOf({ listen: '0.0.0.0', tlsCert: at('box.crt') }), /^--tls-key: found nothing beside --tls-cert/);
    assert.match(mistakesOf({ listen: '0.0.0.0', tlsCert: at('box.crt'), tlsKey: at('ca.key') }), /^--tls-key: found .*ca\.key, which is not the key of .*box\.crt$/);
    writeFileSync(join(ca, 'none.crt'), 'no certificate');
    assert.match(mistakesOf({ listen: '0.0.0.0', tlsCert: at('none.crt'), tlsKey: at('gone.key'), tlsCa: at('none.crt') }), /^--tls-cert: found .*none\.crt, which is none, expected a certificate in a PEM file\n--tls-key: found .*gone\.key, which cannot be read \(ENOENT\), expected a private key in a PEM file\n--tls-ca: found/);
  });

  it('serves workers and people over TLS, with nothing but its address, its CA and a token, and keeps strangers out', async (t) => {
    const { folder, ca, at } = await fleet(t);
    await issueCertificate(ca, { name: 'box', hosts: ['127.0.0.1'], client: false, days: 90 });
    await issueCertificate(ca, { name: 'gpu', hosts: [], client: true, days: 90 });
    const home = join(folder, 'home');
    const insecure = await trawl(['up', '--home', home, '--listen', '0.0.0.0']);
    assert.equal(insecure.code, 2, insecure.stderr);
    const up = new Trawl(['up', '--home', home, '--no-worker', '--listen', '127.0.0.1', '--grpc-port', '0', '--http-port', '0', '--tls-cert', at('box.crt'), '--tls-key', at('box.key'), '--tls-ca', at('ca.crt')]);
    try {
      const [, url = '', workers = ''] = await up.said(/from other machines: (https:\S+) \(HTTP\), (\S+) \(workers\); tokens/);
      const made = await trawl(['token', 'create', '--role', 'admin', '--home', home]);
      const env = { TRAWL_TOKEN: made.stdout.trim(), TRAWL_HOME: join(folder, 'here'), TRAWL_COORDINATOR: url, TRAWL_CA: at('ca.crt') };
      const worker = (...more: string[]): Trawl => new Trawl(['worker', '--coordinator', workers, '--home', join(folder, 'worker'), '--slots', '1', ...more], { env });
      const bare = worker('--ca', at('ca.crt'));
      await bare.said(/no coordinator answers at \S+: .*; if it wants a certificate of this worker, give one: --cert FILE --key FILE/);
      bare.signal('SIGTERM');
      await bare.ended;
      const running = worker('--ca', at('ca.crt'), '--cert', at('gpu.crt'), '--key', at('gpu.key'));
      writeFileSync(join(folder, 'secure.yaml'), "name: secure\ntrainable: {synthetic: {metrics: {val.loss: 'a'}}}\nspace: {a: [0.1, 0.2], epochs: 2}\nobjective: {minimize: val.loss}\n");
      assert.equal((await trawl(['submit', 'secure.yaml'], { cwd: folder, env })).code, 0);
      const watched = await trawl(['watch', 'secure'], { cwd: folder, env });
      assert.equal(watched.code, 0, watched.stderr);
      const stranger = await trawl(['ls'], { env: { ...env, TRAWL_CA: '' } });
      assert.equal(stranger.code, 1);
      assert.match(stranger.stderr, /^the coordinator at https:\S+ cannot be trusted: its certificate is of a CA that is not trusted here; name the right one with --ca FILE \[CertificateRefused\]\n$/);
      running.signal('SIGTERM');
      assert.equal((await running.ended).code, 0);
    } finally {
      up.signal('SIGINT');
      await up.ended;
    }
  });
});

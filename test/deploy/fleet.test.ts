/**
 * The fleet as deploy/ sets it up, on this machine: the command lines of the systemd units and of the worker on
 * NATS in the compose file, a CA and tokens made by trawl's own commands, nats-server with the deployed
 * configuration over TLS, and both kinds of workers on one sweep. Only places and ports are others.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';
import { Trawl, trawl, type Ended } from '../cli/trawl.js';
import { NatsServer } from '../support/nats.js';
import { readProjectFile } from './files.js';
import { simpleCommands } from './shell-words.js';
import { trawlLines } from './trawl-lines.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-fleet-'));
const at = (...names: readonly string[]): string => join(folder, ...names);
const trust = { NODE_EXTRA_CA_CERTS: at('certs', 'ca.crt') };

/** A deployed command line with other values for some of its options; null leaves one out. */
function deployed(words: readonly string[], values: { readonly [option: string]: string | null }): string[] {
  const options = new Map<string, string | null>();
  const [command = '', ...rest] = words;
  for (let index = 0; index < rest.length; index += 1) {
    const [option = '', inline] = (rest[index] ?? '').split(/=(.*)/s);
    const next = rest[index + 1];
    const separate = inline === undefined && next?.startsWith('--') === false;
    options.set(option, inline ?? (separate ? next : ''));
    if (separate) index += 1;
  }
  for (const [option, value] of Object.entries(values)) {
    assert.ok(value === null || options.has(option) || ['--home', '--slots', '--nats', '--nats-creds'].includes(option), `${option} does not stand in ${words.join(' ')}`);
    if (value === null) options.delete(option);
    else options.set(option, value);
  }
  return [command, ...[...options].flatMap(([option, value]) => (value === '' || value === null ? [option] : [option, value]))];
}

function unit(name: string): readonly string[] {
  return trawlLines(readProjectFile(`deploy/systemd/${name}.service`))[0]?.words ?? [];
}

async function made(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await trawl(words, { cwd: folder });
  assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
  return stdout;
}

function credentials(...args: readonly string[]): void {
  execFileSync(process.execPath, [join(packageRoot(), 'deploy', 'nats', 'credentials.mjs'), ...args], { stdio: 'ignore' });
}

async function natsServer(): Promise<NatsServer> {
  const { text } = readProjectFile('deploy/nats/nats-server.conf');
  const here = text.replaceAll(/^(listen|http|server_name): .*$/gm, '').replace('store_dir: /data', `store_dir: ${JSON.stringify(at('store'))}`).replaceAll('/etc/nats', at('certs'));
  const server = new NatsServer({ store: null, config: here.replace('include accounts.conf', readFileSync(at('nats', 'accounts.conf'), 'utf8')).split('\n') });
  await server.start();
  return server;
}

describe('the fleet of deploy/', { timeout: 300_000 }, () => {
  let nats: NatsServer;
  let up: Trawl;
  let url = '';
  let grpc = '';
  const workers: Trawl[] = [];

  before(async () => {
    await made('certs', 'init', 'certs');
    await made('certs', 'issue', 'coordinator', '--dir', 'certs', '--host', 'localhost', '--host', '127.0.0.1');
    await made('certs', 'issue', 'worker', '--dir', 'certs', '--client');
    await made('certs', 'issue', 'nats', '--dir', 'certs', '--host', 'localhost', '--host', '127.0.0.1');
    credentials('init', at('nats'));
    credentials('coordinator', at('nats'));
    credentials('worker', at('nats'), 'worker-nats');
    nats = await natsServer();
    up = new Trawl(
      deployed(unit('trawl-coordinator'), {
        ...{ '--home': at('home'), '--listen': '127.0.0.1', '--grpc-port': '0', '--http-port': '0', '--advertise': null, '--blobs': at('blobs') },
        ...{ '--tls-cert': at('certs', 'coordinator.crt'), '--tls-key': at('certs', 'coordinator.key'), '--tls-ca': at('certs', 'ca.crt') },
        ...{ '--nats': `tls://localhost:${nats.address.split(':')[1] ?? ''}`, '--nats-creds': at('nats', 'coordinator.creds') },
      }),
      { cwd: folder, env: trust },
    );
    const [, http = '', session = ''] = await up.said(/from other machines: (https:\S+) \(HTTP\), (\S+) \(workers\)/);
    [url, grpc] = [http, session];
    writeFileSync(at('worker.token'), await made('token', 'create', '--role', 'worker', '--home', 'home'));
    writeFileSync(at('operator.token'), await made('token', 'create', '--role', 'operator', '--home', 'home'));
  });

  after(async () => {
    for (const process of [...workers, up]) process.signal('SIGTERM');
    await Promise.all([...workers, up].map(({ ended }) => ended));
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (...words: readonly string[]): Promise<Ended> => trawl([...words, '--token-file', 'operator.token', '--coordinator', url, '--ca', at('certs', 'ca.crt')], { cwd: folder });

  it('trains a sweep over gRPC with certificates of workers, and over NATS with their own credentials', async () => {
    const common = { '--ca': at('certs', 'ca.crt'), '--token-file': at('worker.token'), '--slots': '1', '--cert': at('certs', 'worker.crt'), '--key': at('certs', 'worker.key') };
    const overGrpc = deployed(unit('trawl-worker'), { ...common, '--coordinator': grpc, '--blobs': url, '--home': at('w1'), '--metrics-port': '0' });
    const compose = trawlLines(readProjectFile('deploy/compose/compose.yaml')).find(({ words }) => words.includes('--nats-creds') && words[0] === 'worker')?.words ?? [];
    const overNats = deployed(compose, { ...common, '--nats': `tls://localhost:${nats.address.split(':')[1] ?? ''}`, '--nats-creds': at('nats', 'worker-nats.creds'), '--blobs': url, '--home': at('w2') });
    mkdirSync(at('w2'));
    copyFileSync(at('nats', 'worker-nats.worker.json'), at('w2', 'worker.json'));
    for (const words of [overGrpc, overNats]) workers.push(new Trawl(words, { cwd: folder, env: trust }));
    writeFileSync(at('sweep.yaml'), "name: fleet\ntrainable: {synthetic: {epochMs: 100, metrics: {val.loss: 'a / (epoch + 1)'}}}\nspace: {a: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], epochs: 4}\nobjective: {minimize: val.loss}\n");
    assert.equal((await ask('submit', 'sweep.yaml')).code, 0);
    const watched = await ask('watch', 'fleet');
    assert.equal(watched.code, 0, watched.stderr);
    const { stdout } = await ask('workers', '--json');
    const { workers: seen } = JSON.parse(stdout) as { workers: readonly { readonly id: string; readonly connected: boolean }[] };
    const { id } = JSON.parse(readFileSync(at('w2', 'worker.json'), 'utf8')) as { id: string };
    assert.ok(seen.some((worker) => worker.id === id), stdout);
    assert.equal(seen.length, 2, stdout);
  });

  it('answers for its health without a token, and says whether it leads', async () => {
    const script = `fetch(${JSON.stringify(`${url}/api/v1/health`)}).then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
    const health = JSON.parse(execFileSync(process.execPath, ['-e', script], { env: { ...process.env, ...trust }, encoding: 'utf8' })) as { status: string; leading: boolean };
    assert.deepEqual([health.status, health.leading], ['ok', true]);
  });

  it('lets no worker in that shows no certificate', async () => {
    const words = deployed(unit('trawl-worker'), { '--ca': at('certs', 'ca.crt'), '--cert': null, '--key': null, '--token-file': at('worker.token'), '--slots': '1', '--coordinator': grpc, '--blobs': url, '--home': at('w3'), '--metrics-port': '0' });
    const stranger = new Trawl(words, { cwd: folder, env: trust });
    await stranger.said(/certificate/i);
    stranger.signal('SIGTERM');
    stranger.signal('SIGTERM');
    await stranger.ended;
  });
});

it('a guide names every step of a fleet in shell that can be read', () => {
  const blocks = [...readProjectFile('docs/five-boxes.md').text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  assert.ok(blocks.length >= 10);
  for (const block of blocks) {
    assert.ok(simpleCommands(block).length > 0, block);
    execFileSync('bash', ['-n'], { input: block });
  }
});

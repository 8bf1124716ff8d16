#!/usr/bin/env node
/**
 * Credentials of a fleet on NATS, without nsc: an operator, an account with limits, and a user for each
 * coordinator and worker. A worker's user may publish and hear its own subjects alone, so that what one box
 * holds opens nothing of another. The server knows the account; new users need no change on it.
 *
 *   node credentials.mjs init DIR [--fleet NAME]       keys, and accounts.conf for the server
 *   node credentials.mjs coordinator DIR               DIR/coordinator.creds
 *   node credentials.mjs worker DIR NAME [--id ID]     DIR/NAME.creds, and the worker's id in DIR/NAME.worker.json
 *   node credentials.mjs revoke DIR NAME               accounts.conf anew, for nats-server --signal reload
 *
 * `--expires 90d` of coordinator and worker: until when they are good.
 */
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createAccount, createOperator, createUser, decode, encodeAccount, encodeOperator, encodeUser, fmtCreds, fromSeed } from '@nats-io/jwt';

/** Of the fleet's account: trawl's one stream has room twice, and nothing else has any. */
const LIMITS = {
  ...{ subs: 100_000, data: -1, payload: 1_048_576, conn: 2_000, leaf: 0, imports: 0, exports: 0, wildcards: true },
  ...{ mem_storage: 0, disk_storage: 536_870_912, streams: 2, consumer: 64, disk_max_stream_bytes: 268_435_456, max_bytes_required: true },
};
/** Of the server's own account, which no client has. */
const UNLIMITED = { subs: -1, data: -1, payload: -1, conn: -1, leaf: -1, imports: -1, exports: -1, wildcards: true };
/** As proto/nats/subjects.ts has it. */
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const WORKER_ID = /^wrk_[0-9a-zA-Z]+$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

class BadInput extends Error {}

/** What a worker may do: the subjects of its own that docs/architecture.md names. */
export function workerPermissions(fleet, worker) {
  return {
    pub: { allow: [`trawl.${fleet}.from.${worker}`, `trawl.${fleet}.ask.${worker}`] },
    sub: { allow: [`trawl.${fleet}.lead`, `trawl.${fleet}.to.${worker}.>`] },
  };
}

/** A coordinator makes and reads the fleet's stream, and hears and answers every worker. */
export function coordinatorPermissions(fleet) {
  return {
    pub: { allow: [`trawl.${fleet}.>`, '$JS.API.>', '$JS.FC.>'] },
    sub: { allow: [`trawl.${fleet}.>`, '_INBOX.>'] },
  };
}

async function init(folder, { fleet }) {
  checked('--fleet', fleet, TOKEN, 'letters, digits, _ and -, 64 at most');
  if (existsSync(join(folder, 'keys.json')) && !existsSync(join(folder, 'accounts.conf'))) {
    // Broken off between the two.
    await writeAccounts(folder, readKeys(folder));
    return [`made ${join(folder, 'accounts.conf')} for the server, of the keys that were there`];
  }
  if (existsSync(join(folder, 'keys.json'))) throw new BadInput(`${join(folder, 'keys.json')} is there already: its users would be good no more; choose another folder`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const seedOf = (pair) => Buffer.from(pair.getSeed()).toString();
  const [operator, system] = [createOperator(), createAccount()];
  const keys = {
    ...{ fleet, operator: seedOf(operator), account: seedOf(createAccount()), revocations: {} },
    // These two stay as they are: a server does not take another operator while it runs.
    operatorJwt: await encodeOperator('trawl', operator, { system_account: system.getPublicKey() }),
    system: system.getPublicKey(),
    systemJwt: await encodeAccount('SYS', system, { limits: UNLIMITED }, { signer: operator }),
  };
  writeKeys(folder, keys);
  await writeAccounts(folder, keys);
  return [`made ${join(folder, 'accounts.conf')} for the server; keep ${join(folder, 'keys.json')} where no worker is`];
}

async function coordinator(folder, { expires }) {
  const keys = readKeys(folder);
  return [await writeUser(folder, keys, { name: 'coordinator', permissions: coordinatorPermissions(keys.fleet), expires })];
}

async function worker(folder, { expires, id }, name) {
  const keys = readKeys(folder);
  checked('NAME', name, NAME, 'a name such as box-3');
  const file = join(folder, `${name}.worker.json`);
  // A name that is known keeps its id: the worker's home has it.
  const worker = id ?? (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).id : `wrk_${randomBytes(10).toString('hex')}`);
  checked('--id', worker, WORKER_ID, "a worker's id, as HOME/worker.json has it: wrk_…");
  const line = await writeUser(folder, keys, { name, permissions: workerPermissions(keys.fleet, worker), expires });
  writeFile(file, `${JSON.stringify({ id: worker })}\n`, 0o644);
  return [line, `made ${file}: it goes into the worker's home as worker.json before its first start`];
}

async function revoke(folder, _, name) {
  const keys = readKeys(folder);
  checked('NAME', name, NAME, 'a name such as box-3');
  const file = join(folder, `${name}.creds`);
  if (!existsSync(file)) throw new BadInput(`NAME: found ${name}, of which there is no ${file}`);
  const jwt = /-+BEGIN NATS USER JWT-+\s+(\S+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  const revoked = { ...keys, revocations: { ...keys.revocations, [decode(jwt).sub]: Math.ceil(Date.now() / 1_000) } };
  writeKeys(folder, revoked);
  await writeAccounts(folder, revoked);
  return [`made ${join(folder, 'accounts.conf')} anew: take it to the server, then: nats-server --signal reload`];
}

async function writeUser(folder, { account }, { name, permissions, expires }) {
  const user = createUser();
  const limits = { subs: 1_000, data: -1, payload: 1_048_576 };
  const jwt = await encodeUser(name, user, pairOf(account), { ...permissions, ...limits }, expires === undefined ? {} : { exp: Math.floor(Date.now() / 1_000) + seconds(expires) });
  const file = join(folder, `${name}.creds`);
  writeFile(file, fmtCreds(jwt, user), 0o600);
  return `made ${file}${expires === undefined ? '' : `, good for ${expires}`}`;
}

async function writeAccounts(folder, { operator, operatorJwt, account, system, systemJwt, revocations, fleet }) {
  const pair = pairOf(account);
  const accountJwt = await encodeAccount(`trawl-${fleet}`, pair, { limits: LIMITS, revocations, default_permissions: { pub: {}, sub: {} } }, { signer: pairOf(operator) });
  const lines = [
    '# Written by credentials.mjs; nothing in here is secret.',
    `operator: ${operatorJwt}`,
    `system_account: ${system}`,
    'resolver: MEMORY',
    'resolver_preload: {',
    `  ${system}: ${systemJwt}`,
    `  ${pair.getPublicKey()}: ${accountJwt}`,
    '}',
  ];
  writeFile(join(folder, 'accounts.conf'), `${lines.join('\n')}\n`, 0o644);
}

function pairOf(seed) {
  return fromSeed(Buffer.from(seed));
}

function readKeys(folder) {
  const file = join(folder, 'keys.json');
  if (!existsSync(file)) throw new BadInput(`DIR: found ${folder}, which has no keys.json; first: node credentials.mjs init ${folder}`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

function writeKeys(folder, keys) {
  writeFile(join(folder, 'keys.json'), `${JSON.stringify(keys, null, 2)}\n`, 0o600);
}

/** Whole or not at all. */
function writeFile(file, content, mode) {
  writeFileSync(`${file}.new`, content, { mode });
  renameSync(`${file}.new`, file);
}

function checked(what, text, pattern, expected) {
  if (text === undefined || !pattern.test(text)) throw new BadInput(`${what}: found ${text === undefined ? 'nothing' : JSON.stringify(text)}, expected ${expected}`);
}

function seconds(text) {
  const [, count = '', unit = 'd'] = /^(\d+)([hd])$/.exec(text) ?? [];
  if (!(Number(count) >= 1)) throw new BadInput(`--expires: found ${JSON.stringify(text)}, expected hours or days, e.g. 90d`);
  return Number(count) * (unit === 'd' ? 86_400 : 3_600);
}

const STEPS = { init, coordinator, worker, revoke };
const USAGE = 'expected init DIR, coordinator DIR, worker DIR NAME or revoke DIR NAME; the head of credentials.mjs explains them';

/** Returns what was made, a line each. Throws BadInput. */
export async function run(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { fleet: { type: 'string', default: 'default' }, id: { type: 'string' }, expires: { type: 'string' } } });
  } catch (error) {
    throw new BadInput(`${error.message.split('\n')[0]}; ${USAGE}`);
  }
  const [step = '', folder, ...names] = parsed.positionals;
  if (!Object.hasOwn(STEPS, step) || folder === undefined || names.length !== (['worker', 'revoke'].includes(step) ? 1 : 0)) throw new BadInput(`found ${JSON.stringify(args.join(' '))}, ${USAGE}`);
  return STEPS[step](folder, parsed.values, ...names);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    for (const line of await run(process.argv.slice(2))) process.stderr.write(`${line}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof BadInput ? error.message : error.stack}\n`);
    process.exitCode = error instanceof BadInput ? 2 : 1;
  }
}

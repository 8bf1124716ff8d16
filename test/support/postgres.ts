import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbedded } from '../../coordinator/store/embedded.js';

export interface TestDatabase {
  /** For openStore; the database is empty. */
  readonly url: string;
  close(): Promise<void>;
}

export interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** An embedded Postgres in a temporary folder: what the test runner starts once and names in TRAWL_TEST_POSTGRES. */
export async function startTestServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'trawl-pg-'));
  const server = await startEmbedded({ dataDir: join(folder, 'db'), runDir: join(folder, 'run'), onLog: () => undefined });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

let own: Promise<TestServer> | null = null;
let users = 0;

/**
 * A database of its own, on the server in TRAWL_TEST_POSTGRES, else on one that starts with the first
 * database of this process and stops with its last.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const shared = process.env.TRAWL_TEST_POSTGRES;
  users += 1;
  const serverUrl = shared ?? (await (own ??= startTestServer())).url;
  const name = `trawl_test_${randomBytes(6).toString('hex')}`;
  await administer(serverUrl, `create database ${name}`);
  return {
    url: serverUrl.replace(/(postgres(?:ql)?:\/\/[^/]*)\/[^?]*/, `$1/${name}`),
    close: async () => {
      await administer(serverUrl, `drop database ${name} with (force)`);
      users -= 1;
      if (shared !== undefined || users > 0 || own === null) return;
      const server = await own;
      own = null;
      await server.stop();
    },
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

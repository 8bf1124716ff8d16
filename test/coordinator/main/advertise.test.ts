/** Where a standby says that the coordinator that leads is reached. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pino } from 'pino';
import { startCoordinator, type RunningCoordinator } from '../../../coordinator/main/coordinator.js';
import { temporaryFolder } from '../../support/images.js';
import { testDatabase } from '../../support/postgres.js';

for (const [what, advertise] of [['the URL that it was given', 'https://sweeps.lan:8080'], ['the name of its machine, where it listens on all addresses', null]] as const) {
  test(`a standby tells ${what}`, async (t) => {
    const database = await testDatabase();
    t.after(() => database.close());
    const blobs = join(temporaryFolder(t), 'blobs');
    const started: RunningCoordinator[] = [];
    const start = async (): Promise<RunningCoordinator> => {
      const outer = { host: '0.0.0.0', grpcPort: 0, httpPort: 0, tls: null, advertise, proxies: [] };
      const running = await startCoordinator({ blobs, home: blobs, loopback: { host: '127.0.0.1', grpcPort: 0, httpPort: 0 }, outer, token: 'secret', databaseUrl: database.url, nats: null, leaseTermMs: null, logger: pino({ level: 'silent' }) });
      started.push(running);
      return running;
    };
    try {
      const first = await start();
      assert.equal(first.standby, null);
      assert.equal(new URL(first.outer?.http ?? '').hostname, hostname().toLowerCase());
      const { standby } = await start();
      assert.equal(standby, advertise ?? first.outer?.http);
    } finally {
      for (const running of started.toReversed()) await running.stop();
    }
  });
}

import { join } from 'node:path';
import { packageRoot } from '../../proto/package-root.js';
import type { Home } from '../home.js';
import { childEnvironment } from './environment.js';
import { SupervisedChild } from './supervised.js';

export interface PostgresEvents {
  /** Each time it is ready, after a restart too; the address may have changed. */
  readonly onReady: (url: string) => void;
  readonly onEnd?: (how: string) => void;
}

/** The embedded Postgres of a home, kept alive once started. */
export function postgresChild(home: Home, events: PostgresEvents): SupervisedChild {
  return new SupervisedChild({
    name: 'embedded Postgres',
    module: join(packageRoot(), 'dist', 'cli', 'host', 'postgres-main.js'),
    logFile: join(home.logs, 'postgres.log'),
    args: () => ['--data', home.postgresData, '--run', home.postgresRun],
    env: () => childEnvironment({}),
    onReady: (message) => events.onReady((message as { url: string }).url),
    ...(events.onEnd === undefined ? {} : { onEnd: events.onEnd }),
  });
}

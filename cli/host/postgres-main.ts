/**
 * Keeps the embedded Postgres of a home as long as its parent lives. Postgres itself would outlive a
 * parent that was killed; this process notices (its IPC channel closes) and shuts it down. When
 * Postgres ends by itself this process ends too, and its parent starts both again.
 */
import { parseArgs } from 'node:util';
import { startEmbedded } from '../../coordinator/store/embedded.js';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { data: { type: 'string' }, run: { type: 'string' } } });
  if (values.data === undefined || values.run === undefined) throw new Error('--data and --run are needed');
  let asked = false;
  let stop: (() => Promise<void>) | null = null;
  const end = (): void => {
    if (asked) return;
    asked = true;
    if (stop === null) return;
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('disconnect', end);
  process.on('SIGTERM', end);
  process.on('SIGINT', () => undefined);
  const postgres = await startEmbedded({ dataDir: values.data, runDir: values.run, onLog: (line) => process.stderr.write(`${line}\n`) });
  stop = () => postgres.stop();
  if (asked) {
    await stop();
    process.exit(0);
  }
  process.send?.({ kind: 'ready', url: postgres.url });
  await postgres.exited;
  if (!asked) {
    process.stderr.write('postgres ended by itself\n');
    process.exit(1);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`postgres: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});

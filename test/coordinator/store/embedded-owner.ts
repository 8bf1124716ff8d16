/**
 * A process that starts an embedded Postgres and stays until it is killed, for tests of what happens
 * then: embedded-owner.js DATADIR RUNDIR. Prints {pid, url} once it is ready, or the error.
 */
import { startEmbedded } from '../../../coordinator/store/embedded.js';

const [dataDir = '', runDir = ''] = process.argv.slice(2);
setInterval(() => undefined, 60_000);
try {
  const { pid, url } = await startEmbedded({ dataDir, runDir, onLog: () => undefined });
  process.stdout.write(`${JSON.stringify({ pid, url })}\n`);
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
  process.exit(1);
}

import { renameSync, statSync } from 'node:fs';
import { pino } from 'pino';
import type { AgentLog } from '../agent/agent.js';

/** A log that has grown past this is set aside (one, as FILE.old) when the next worker starts. */
const ROTATE_BYTES = 16 * 2 ** 20;

function rotate(file: string): void {
  try {
    if (statSync(file).size > ROTATE_BYTES) renameSync(file, `${file}.old`);
  } catch {
    // There is none yet.
  }
}

/** Everything as JSON lines in the file; warnings in a few words on standard error. */
export function openLog(file: string): AgentLog {
  rotate(file);
  // Written at once: the last lines before a kill are those that one wants to read.
  const logger = pino({ base: null }, pino.destination({ dest: file, mkdir: true, sync: true }));
  return {
    info: (facts, line) => logger.info(facts, line),
    warn: (facts, line) => {
      logger.warn(facts, line);
      process.stderr.write(`trawl worker: ${line}\n`);
    },
  };
}

/** What an engine's test came to, kept beside the engines: a stamp holds for the very files that were tested. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { eagerNumerics } from '../eager/numerics.js';
import { graphNumerics } from '../graph/engine.js';
import { CHECK_VERSION } from './conformance.js';
import type { Device, FoundNative, JavaScriptPlace } from './found.js';
import { rewritesGraphs } from './load.js';

/** Of an executor on it. */
const outcomeSchema = z.object({
  /** Null where it may be used. */
  problem: z.object({ found: z.string(), remedy: z.string() }).nullable(),
  /** Whether that is its numbers: whatever else failed (a GPU that was taken, a busy box) may pass. */
  wrong: z.boolean(),
  /** Null where it could not even be loaded. */
  numerics: z.string().nullable(),
  checks: z.array(z.object({ name: z.string(), worst: z.number().nullable(), limit: z.number() })),
  steps: z.array(z.object({ name: z.string(), msPerStep: z.number(), wasmMsPerStep: z.number() })),
});
export type TestOutcome = z.infer<typeof outcomeSchema>;

/** That of the graph executor stands at the top. */
const stampSchema = outcomeSchema.extend({
  check: z.number(),
  fingerprint: z.string(),
  tensorflow: z.string().nullable(),
  /** Null where it has no JavaScript to run eagerly. */
  eager: outcomeSchema.nullable(),
  versions: z.object({ trawl: z.string(), node: z.string(), driver: z.string().nullable() }),
  testedAt: z.string(),
});
export type Stamp = z.infer<typeof stampSchema>;

/** Null where these files were never tested, by other checks, or with executors that had other numerics. */
export function readStamp({ stamp, fingerprint, device, addon, javascript }: Pick<FoundNative, 'stamp' | 'fingerprint' | 'device' | 'addon' | 'javascript'>): Stamp | null {
  try {
    const read = stampSchema.parse(JSON.parse(readFileSync(stamp, 'utf8')));
    return read.check === CHECK_VERSION && read.fingerprint === fingerprint && sameExecutors(read, device, addon, javascript) ? read : null;
  } catch {
    return null;
  }
}

function sameExecutors({ tensorflow, numerics, eager }: Stamp, device: Device, addon: string, javascript: JavaScriptPlace | null): boolean {
  if (tensorflow === null) return true;
  const eagerNow = javascript === null ? null : eagerNumerics({ tensorflow, device, kernels: javascript.version });
  return (numerics === null || numerics === graphNumerics({ version: tensorflow, device, rewrites: rewritesGraphs(addon) })) && (eager?.numerics ?? eagerNow) === eagerNow;
}

/** Whole or not at all. */
export function writeStamp(file: string, stamp: Stamp): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(stamp, null, 2)}\n`);
  renameSync(draft, file);
}

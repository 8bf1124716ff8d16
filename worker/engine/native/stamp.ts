/** What an engine's test came to, kept beside the engines: a stamp holds for the very files that were tested. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { graphNumerics } from '../graph/engine.js';
import { CHECK_VERSION } from './conformance.js';
import type { FoundNative } from './found.js';
import { rewritesGraphs } from './load.js';

const stampSchema = z.object({
  check: z.number(),
  fingerprint: z.string(),
  /** Null where it may be used. */
  problem: z.object({ found: z.string(), remedy: z.string() }).nullable(),
  /** Whether that is its numbers: whatever else failed (a GPU that was taken, a busy box) may pass. */
  wrong: z.boolean(),
  /** Null where it could not even be loaded. */
  numerics: z.string().nullable(),
  tensorflow: z.string().nullable(),
  checks: z.array(z.object({ name: z.string(), worst: z.number().nullable(), limit: z.number() })),
  steps: z.array(z.object({ name: z.string(), msPerStep: z.number(), wasmMsPerStep: z.number() })),
  versions: z.object({ trawl: z.string(), node: z.string(), driver: z.string().nullable() }),
  testedAt: z.string(),
});
export type Stamp = z.infer<typeof stampSchema>;

/** Null where these files were never tested, by other checks, or with an executor that made other graphs. */
export function readStamp({ stamp, fingerprint, device, addon }: Pick<FoundNative, 'stamp' | 'fingerprint' | 'device' | 'addon'>): Stamp | null {
  try {
    const read = stampSchema.parse(JSON.parse(readFileSync(stamp, 'utf8')));
    const sameGraphs = read.tensorflow === null || read.numerics === graphNumerics({ version: read.tensorflow, device, rewrites: rewritesGraphs(addon) });
    return read.check === CHECK_VERSION && read.fingerprint === fingerprint && sameGraphs ? read : null;
  } catch {
    return null;
  }
}

/** Whole or not at all. */
export function writeStamp(file: string, stamp: Stamp): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(stamp, null, 2)}\n`);
  renameSync(draft, file);
}

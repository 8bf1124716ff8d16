/** Work for programs that a test writes: a Node script, or whatever `command` says. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { packed } from '../../../blob/archive.js';
import type { BlobStore } from '../../../blob/store.js';
import { nextKey, rootKey } from '../../../proto/keys.js';
import { PROGRAM_CONTRACT } from '../../../proto/program.js';
import { KEY_FORMAT, type BlobId, type CommandTrajectory, type Json, type ModuleTrajectory, type ProgramTrajectory, type TrainWork } from '../../../proto/work.js';

export interface ProgramChange extends Partial<TrainWork> {
  readonly command?: readonly string[];
  readonly environment?: { readonly [name: string]: string };
  readonly values?: readonly { readonly [name: string]: Json }[];
}

/** What every script has at hand: its settings, and a word for a report. */
const PRELUDE = `
const fs = require('node:fs'), path = require('node:path');
const run = JSON.parse(fs.readFileSync(process.env.TRAWL_SETTINGS, 'utf8'));
const report = (epoch, metrics) => fs.writeSync(1, JSON.stringify({ epoch, metrics }) + '\\n');
const save = (epoch, state) => { const folder = path.join(run.save, String(epoch)); fs.mkdirSync(folder); fs.writeFileSync(path.join(folder, 'state.json'), JSON.stringify(state)); };
`;

export async function storeScript(blobs: BlobStore, script: string): Promise<BlobId> {
  const folder = await mkdtemp(join(tmpdir(), 'trawl-program-'));
  try {
    await writeFile(join(folder, 'train.cjs'), PRELUDE + script);
    return (await blobs.put(Readable.from(packed(folder, ['train.cjs'])))).id;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A script in CommonJS, run by Node. */
export async function scriptWork(blobs: BlobStore, script: string, change: ProgramChange = {}): Promise<TrainWork> {
  const { command = [process.execPath, 'train.cjs'], environment = {}, ...rest } = change;
  return programWork({ ...common, trainable: 'command', command, environment, program: await storeScript(blobs, script) } satisfies CommandTrajectory, rest);
}

/** JavaScript that exports train. */
export async function moduleWork(blobs: BlobStore, code: string, change: ProgramChange = {}): Promise<TrainWork> {
  return programWork({ ...common, trainable: 'module', program: (await blobs.put(Buffer.from(code))).id } satisfies ModuleTrajectory, change);
}

const common = { format: KEY_FORMAT, version: PROGRAM_CONTRACT, numerics: 'none', seed: 5, replicate: 0, salt: null } as const;

function programWork(trajectory: ProgramTrajectory, { values = [{}], ...change }: ProgramChange): TrainWork {
  const from = change.from ?? 0;
  const to = change.to ?? 1;
  const settings = (epoch: number): { readonly values: { readonly [name: string]: Json } } => ({ values: values[epoch] ?? values.at(-1) ?? {} });
  const keys: string[] = [];
  let key = rootKey(trajectory);
  for (let epoch = 0; epoch < to; epoch++) {
    key = nextKey(key, settings(epoch));
    if (epoch >= from) keys.push(key);
  }
  return {
    ...{ kind: 'train', trajectory, from, to, keys, epochs: keys.map((_, index) => settings(from + index)), checkpoint: null, keep: [], evaluate: [] },
    ...{ awaitFrom: to, dataset: null, memoryBytes: 2 ** 30, timeoutMs: null, silenceMs: null, checkpointEveryMs: 3_600_000 },
    ...change,
  };
}

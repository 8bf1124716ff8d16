/** From a command or a module, as a sweep file names it, to the blob that workers get. */
import { accessSync, constants, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { packed, PROGRAM_LIMITS } from '../../blob/archive.js';
import type { BlobStore } from '../../blob/store.js';
import type { Problem } from '../../coordinator/sweep/mistakes.js';
import type { CommandSpec, ModuleSpec } from '../../coordinator/sweep/spec.js';
import type { ProgramSource } from '../../proto/program.js';
import { bundleModule } from '../module/bundle.js';
import { programFiles } from './files.js';

export interface PrepareOptions {
  /** Of the sweep file. */
  readonly base: string;
  readonly blobs: BlobStore;
  /** What is right, but perhaps not meant: `FIELD: …`. */
  readonly onWarning: (line: string) => void;
}

export type PreparedProgram = { readonly source: ProgramSource | undefined } | { readonly problems: readonly Problem[] };

/** The source is undefined for a command without files. Throws BadInput for a module that cannot be bundled, and the blob store's errors. */
export async function prepareProgram(spec: CommandSpec | ModuleSpec, options: PrepareOptions): Promise<PreparedProgram> {
  return spec.kind === 'module' ? { source: await moduleSource(spec, options) } : commandSource(spec, options);
}

async function moduleSource({ path }: ModuleSpec, { base, blobs }: PrepareOptions): Promise<ProgramSource> {
  const folder = await mkdtemp(join(tmpdir(), 'trawl-module-'));
  try {
    const { plain } = await bundleModule(resolve(base, path), folder, { field: 'module', exported: 'train', form: 'export async function* train(run)' });
    return sourceOf(await blobs.put(Buffer.from(plain)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function commandSource(spec: CommandSpec, { base, blobs, onWarning }: PrepareOptions): Promise<PreparedProgram> {
  const { paths, problems } = programFiles(base, spec);
  if (problems.length > 0) return { problems };
  const [name = ''] = spec.command;
  if (!name.includes('/') && !isOnPath(name)) onWarning(`command: found no program ${name} on this machine's PATH; every worker needs it${name === 'python' && isOnPath('python3') ? ' (python3 is here)' : ''}`);
  if (paths.length === 0) {
    onWarning('command: no file of it lies beside the sweep file, so that nothing goes along to the workers, and an edited program is taken for the same');
    return { source: undefined };
  }
  const bytes = paths.reduce((sum, path) => sum + statSync(join(base, path)).size, 0);
  if (bytes > PROGRAM_LIMITS.bytes || paths.length > PROGRAM_LIMITS.files) {
    const found = `${paths.length} files of ${Math.ceil(bytes / 2 ** 20)} MiB`;
    return { problems: [{ path: ['trainable', 'files'], at: 'value', found, expected: `at most ${PROGRAM_LIMITS.files} files of ${PROGRAM_LIMITS.bytes / 2 ** 20} MiB`, suggestion: 'leave data where workers can read them, and name them by their whole path in command' }] };
  }
  return { source: sourceOf(await blobs.put(Readable.from(packed(base, paths)))) };
}

function sourceOf({ id, bytes }: { readonly id: string; readonly bytes: number }): ProgramSource {
  return { blob: id, bytes };
}

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

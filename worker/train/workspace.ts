/** The folders of one attempt of a program: where it runs, what it begins with, what it saves. */
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listFolder, packed, PROGRAM_LIMITS, unpack, type ArchiveLimits } from '../../blob/archive.js';

/** Of one checkpoint. */
const CHECKPOINT_LIMITS: ArchiveLimits = { bytes: 16 * 2 ** 30, files: 20_000 };

export class Workspace {
  /** The program's files, if it has any, and its working directory. */
  readonly work: string;
  /** The checkpoint to begin with; null where it begins anew. */
  readonly load: string | null;
  /** A folder per saved epoch, named by its number. */
  readonly save: string;
  /** A file that is written when the program is to end. */
  readonly stop: string;
  readonly settings: string;

  private constructor(folder: string, load: boolean) {
    this.work = join(folder, 'work');
    this.load = load ? join(folder, 'load') : null;
    this.save = join(folder, 'save');
    this.stop = join(folder, 'stop');
    this.settings = join(folder, 'settings.json');
  }

  /** Made anew. `program` and `checkpoint` are archives, or null. Throws BadArchive and the system's errors. */
  static async open(folder: string, program: string | null, checkpoint: string | null): Promise<Workspace> {
    const workspace = new Workspace(folder, checkpoint !== null);
    for (const path of [workspace.work, workspace.save, ...(workspace.load === null ? [] : [workspace.load])]) await mkdir(path, { recursive: true });
    if (program !== null) await unpack(program, workspace.work, PROGRAM_LIMITS);
    if (checkpoint !== null && workspace.load !== null) await unpack(checkpoint, workspace.load, CHECKPOINT_LIMITS);
    return workspace;
  }

  async askToStop(): Promise<void> {
    await writeFile(this.stop, '');
  }

  savedAt(epoch: number): string {
    return join(this.save, String(epoch));
  }

  /** What was saved at the end of an epoch, as an archive; null where nothing was. Throws BadArchive. */
  async checkpoint(epoch: number): Promise<AsyncIterable<Uint8Array> | null> {
    const folder = this.savedAt(epoch);
    if ((await stat(folder).catch(() => null))?.isDirectory() !== true) return null;
    const { paths } = await listFolder(folder, CHECKPOINT_LIMITS);
    return paths.length === 0 ? null : packed(folder, paths);
  }

  /** What was saved before an epoch is of no more use. */
  async forgetBefore(epoch: number): Promise<void> {
    for (const name of await readdir(this.save)) {
      if (/^\d+$/.test(name) && Number(name) < epoch) await rm(join(this.save, name), { recursive: true, force: true });
    }
  }
}

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FolderBlobStore } from '../../blob/folder.js';
import { blobStoreContract, filesUnder, inFolder } from './contract.js';

const run = promisify(execFile);
const writer = fileURLToPath(new URL('./folder-writer.js', import.meta.url));

describe('blobs in a folder', () => {
  let root: string;
  let folder: string;
  let store: FolderBlobStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trawl-blob-'));
    folder = join(root, 'blobs');
    await mkdir(join(root, 'scratch'));
    store = new FolderBlobStore(folder);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  blobStoreContract(() => ({ store, ...inFolder(folder), scratch: join(root, 'scratch') }));

  it('a writer killed in the middle of a put leaves no blob, and its temporary file goes at the next open', async () => {
    const child = spawn(process.execPath, [writer, folder, 'stall'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    assert.equal((await filesUnder(folder)).length, 1, 'the temporary file of the writer');
    const other = new FolderBlobStore(folder);
    await other.put(Buffer.from('abc'));
    assert.equal((await readdir(join(folder, 'incoming'))).length, 1, 'a living writer keeps its file');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { id } = await store.put(Buffer.from('abd'));
    assert.deepEqual(await readdir(join(folder, 'incoming')), []);
    assert.equal((await filesUnder(folder)).length, 2);
    assert.equal((await buffer(await store.open(id))).toString(), 'abd');
  });

  it('says DiskFull where a file may not grow, and leaves nothing incomplete', async () => {
    // A file size limit of 64 blocks fails the write in the middle of the blob, as a full disk does (EFBIG).
    const { stdout } = await run('/bin/sh', ['-c', 'ulimit -f 64; exec "$0" "$1" "$2" large', process.execPath, writer, folder]);
    assert.match(stdout, /^DiskFull no room left to write .*incoming.* \(EFBIG\): free some space there/);
    assert.deepEqual(await filesUnder(folder), []);
  });

  it('says DiskFull on a disk that is really full, and leaves what was there intact', async (test) => {
    // A tmpfs of 256 KiB in a mount namespace of the writer's own.
    await mkdir(folder);
    const script = 'mount -t tmpfs -o size=256k none "$1" && exec "$0" "$2" "$1" fill';
    const mounted = await run('unshare', ['-rm', '/bin/sh', '-c', script, process.execPath, folder, writer]).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    if (mounted instanceof Error) {
      test.skip(`this machine allows no mount of a small disk: ${mounted.message.split('\n')[1] ?? mounted.message}`);
      return;
    }
    assert.match(mounted.stdout, /^DiskFull no room left to write .* \(ENOSPC\)/);
    assert.match(mounted.stdout, /first blob intact, 0 temporary files/);
  });

  it('deleting a blob that is not there is no error', async () => {
    const { id } = await store.put(Buffer.from('abc'));
    await store.delete(id);
    await store.delete(id);
    assert.equal(await store.has(id), false);
  });

  it('says that a folder cannot be used', async () => {
    await writeFile(join(root, 'file'), '');
    await assert.rejects(new FolderBlobStore(join(root, 'file')).put(Buffer.from('abc')), { code: /EEXIST|ENOTDIR/ });
  });
});

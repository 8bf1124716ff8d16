/**
 * Files that appear whole or not at all: bytes go to a temporary file, are hashed on the way, synced,
 * and take their name by rename. The temporary name carries the writer's process, so that what a
 * killed writer left can be told from what a living one is busy with.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import type { BlobId } from '../proto/work.js';
import { BlobCorruptError, asDiskFull } from './errors.js';
import type { StoredBlob } from './store.js';

const temporary = /^\.blob-(\d+)-[0-9a-f]{16}\.tmp$/;

export function temporaryName(): string {
  return `.blob-${process.pid}-${randomBytes(8).toString('hex')}.tmp`;
}

/**
 * Writes the bytes to a new file of this path, synced to disk, and returns their hash and length. On
 * any failure the file is gone again. Throws DiskFullError.
 */
export async function writeHashed(bytes: Uint8Array | Readable, path: string): Promise<StoredBlob> {
  const hash = createHash('sha256');
  let length = 0;
  try {
    if (bytes instanceof Readable) heldErrors(bytes);
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const part of bytes instanceof Readable ? (bytes as AsyncIterable<Uint8Array>) : [bytes]) {
        hash.update(part);
        length += part.byteLength;
        await writeAll(file, part);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { id: hash.digest('hex'), bytes: length };
  } catch (error) {
    await rm(path, { force: true });
    throw asDiskFull(error, path);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) done += (await file.write(bytes, done)).bytesWritten;
}

/** Gives a finished temporary file its name, durably. */
export async function publish(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncFolder(dirname(to));
  } catch (error) {
    await rm(from, { force: true });
    throw asDiskFull(error, to);
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Copies a blob's stream to a file that appears only if the bytes are the blob's. */
export async function fetchVerified(source: Readable, id: BlobId, toFile: string): Promise<void> {
  const draft = join(dirname(toFile), temporaryName());
  const written = await writeHashed(source, draft);
  if (written.id !== id) {
    await rm(draft, { force: true });
    throw new BlobCorruptError(id, written.id);
  }
  await publish(draft, toFile);
}

/** Of a whole blob, where its bytes were damaged on the way, or never came. */
const FETCHES = 3;

/** As `fetchVerified`, over and over. `isPassing`: what may go better another time; damaged bytes may in any case. */
export async function fetchRepeatedly(open: () => Promise<Readable>, id: BlobId, toFile: string, isPassing: (error: unknown) => boolean = () => false): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await fetchVerified(await open(), id, toFile);
      return;
    } catch (error) {
      const passing = error instanceof BlobCorruptError || isPassing(error);
      if (!passing || tries === FETCHES) throw error;
    }
  }
}

/** Passes bytes through and fails at the end where they are not the blob's. */
export function verifying(id: BlobId, corrupt: (found: BlobId) => Promise<void> = async () => undefined): Transform {
  const hash = createHash('sha256');
  const checked = new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done: TransformCallback): void {
      const found = hash.digest('hex');
      if (found === id) {
        done();
        return;
      }
      const fail = (): void => done(new BlobCorruptError(id, found));
      corrupt(found).then(fail, fail);
    },
  });
  return heldErrors(checked);
}

/** A stream may fail before its reader begins; the reader still learns of it, and nothing is uncaught till then. */
export function heldErrors<Stream extends Readable>(stream: Stream): Stream {
  return stream.on('error', () => undefined);
}

/** Hash and length of a file's bytes. */
export async function hashFile(path: string): Promise<StoredBlob> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(part);
    bytes += part.byteLength;
  }
  return { id: hash.digest('hex'), bytes };
}

/** Removes temporary files in a folder whose writer is gone. */
export async function removeAbandoned(folder: string): Promise<void> {
  const startedAt = Date.now() - process.uptime() * 1000;
  for (const name of await readdir(folder)) {
    const writer = temporary.exec(name)?.[1];
    if (writer === undefined) continue;
    const path = join(folder, name);
    const pid = Number(writer);
    const facts = await stat(path).catch(() => null);
    if (facts === null) continue;
    // A process number is used again after a restart of the container: then the file is older than we are.
    const abandoned = pid === process.pid ? facts.mtimeMs < startedAt - 1000 : !isAlive(pid);
    if (abandoned) await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A process that puts blobs, for tests that kill it or let its disk run full: folder-writer.js FOLDER stall|large|fill */
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DiskFullError } from '../../blob/errors.js';
import { FolderBlobStore } from '../../blob/folder.js';

const [folder = '', mode] = process.argv.slice(2);
const store = new FolderBlobStore(folder);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function putUntilFull(bytes: Uint8Array): Promise<void> {
  await store.put(bytes).then(
    () => say('stored'),
    (error: unknown) => say(error instanceof DiskFullError ? `${error.code} ${error.message}` : String(error)),
  );
}

if (mode === 'stall') {
  setInterval(() => undefined, 60_000);
  let sent = false;
  const source = new Readable({
    read(): void {
      // Asked again: the first bytes are written.
      if (sent) say('stalled');
      else this.push(randomBytes(100_000));
      sent = true;
    },
  });
  await store.put(source);
} else if (mode === 'large') {
  await putUntilFull(randomBytes(1_000_000));
} else {
  const first = await store.put(randomBytes(50_000));
  await putUntilFull(randomBytes(500_000));
  await store.fetch(first.id, join(folder, 'copy'));
  say(`first blob intact, ${(await readdir(join(folder, 'incoming'))).length} temporary files`);
}

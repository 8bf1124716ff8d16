/**
 * Members of a wheel onto disk. A wheel is a zip whose RECORD names every member's SHA-256 (PEP 427);
 * each byte that is kept is checked against it, so a wheel that was fetched by other means is too.
 * Members are streamed: memory does not grow with the wheel.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { isNoSpace } from './download.js';
import { BadWheel, NoRoom, WrongHash } from './errors.js';

export interface Unpacking {
  /** Whether a member is wanted, by its name. */
  readonly wants: (name: string) => boolean;
  readonly into: string;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

export class Wheel {
  readonly file: string;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(file: string, zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.file = file;
    this.#zip = zip;
    this.#entries = entries;
  }

  /** Throws BadWheel. Close it afterwards. */
  static async open(file: string): Promise<Wheel> {
    let zip: ZipFile | null = null;
    try {
      zip = await openPromise(file, { autoClose: false });
      const entries = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
      return new Wheel(file, zip, entries);
    } catch (error) {
      zip?.close();
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new BadWheel(file, 'no such file');
      throw new BadWheel(file, `which cannot be read as a wheel (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  close(): void {
    this.#zip.close();
  }

  /** The lines of METADATA that begin with a name, e.g. `Requires-Dist`. */
  async metadata(name: string): Promise<string[]> {
    const text = await this.#text('METADATA');
    const prefix = `${name}: `;
    return text.split('\n').flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length).trim()] : []));
  }

  /** Returns the bytes that were written. Throws BadWheel, WrongHash, NoRoom, and the signal's reason. */
  async unpack({ wants, into, onProgress, signal }: Unpacking): Promise<number> {
    const hashes = await this.#record();
    const wanted = [...this.#entries.values()].filter(({ fileName }) => !fileName.endsWith('/') && wants(fileName));
    const total = wanted.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
    let done = 0;
    for (const entry of wanted) {
      const expected = hashes.get(entry.fileName);
      if (expected === undefined) throw new BadWheel(this.file, `whose RECORD does not name ${entry.fileName}`);
      const found = await this.#write(entry, into, signal, (length) => onProgress((done += length), total));
      if (found !== expected) throw new WrongHash(`${basename(this.file)}: ${entry.fileName}`, hex(found), hex(expected), 'the wheel is damaged; fetch it again');
    }
    return total;
  }

  /** The member's SHA-256, as RECORD writes it. */
  async #write(entry: Entry, into: string, signal: AbortSignal, onBytes: (length: number) => void): Promise<string> {
    // yauzl has refused names that lead elsewhere (.., absolute); normalize takes away what is left of such.
    const file = join(into, normalize(entry.fileName));
    await mkdir(dirname(file), { recursive: true });
    const hash = createHash('sha256');
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        hash.update(chunk);
        onBytes(chunk.length);
        next(null, chunk);
      },
    });
    try {
      await pipeline(await this.#zip.openReadStreamPromise(entry), counted, createWriteStream(file), { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (isNoSpace(error)) throw new NoRoom(`no room left to unpack ${basename(this.file)}; make room and run the same command again`);
      if (error instanceof Error && 'syscall' in error) throw error;
      throw new BadWheel(this.file, `whose ${entry.fileName} is damaged (${error instanceof Error ? error.message : String(error)})`);
    }
    return hash.digest('base64url');
  }

  async #record(): Promise<Map<string, string>> {
    const hashes = new Map<string, string>();
    for (const line of (await this.#text('RECORD')).split('\n')) {
      // A name with a comma in it stands in quotes; no library's has one.
      const match = /^([^",]+),sha256=([\w-]+),\d+\s*$/.exec(line);
      if (match?.[1] !== undefined && match[2] !== undefined) hashes.set(match[1], match[2]);
    }
    return hashes;
  }

  async #text(name: string): Promise<string> {
    const entry = [...this.#entries.values()].find(({ fileName }) => /^[^/]+\.dist-info\/[A-Z]+$/.test(fileName) && fileName.endsWith(`/${name}`));
    if (entry === undefined) throw new BadWheel(this.file, `in which there is no ${name}`);
    try {
      return (await buffer(await this.#zip.openReadStreamPromise(entry))).toString('utf8');
    } catch (error) {
      throw new BadWheel(this.file, `whose ${name} is damaged (${error instanceof Error ? error.message : String(error)})`);
    }
  }
}

function hex(base64url: string): string {
  return Buffer.from(base64url, 'base64url').toString('hex');
}

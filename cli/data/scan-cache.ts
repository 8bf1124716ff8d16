/**
 * What the last scans of a folder found out about each file, so that an unchanged folder is not read
 * again: one JSON line per file, appended as files are read, so an interrupted scan is not lost. A
 * file is known again by its stamp: of an image size, modification and change time; the last also moves when
 * a copy brings its old modification time along. Torn or foreign lines are ignored, and later lines win.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decoderVersion } from '../../worker/data/decoder-version.js';

/** How verdicts stand in a line, behind name and stamp. */
export interface VerdictCodec<Verdict> {
  /** Tells the caches of one folder apart; empty for that of its images. */
  readonly kind: string;
  readonly encode: (verdict: Verdict) => readonly unknown[];
  /** Null for what it did not write. */
  readonly decode: (fields: readonly unknown[]) => Verdict | null;
}

/** Size and times of a file, as one text to compare. Throws the system's errors. */
export async function stampOf(path: string): Promise<{ readonly bytes: number; readonly text: string }> {
  const { size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { bytes: Number(size), text: `${size} ${mtimeNs} ${ctimeNs}` };
}

const LINES_PER_APPEND = 256;

export class ScanCache<Verdict> {
  readonly #path: string;
  readonly #codec: VerdictCodec<Verdict>;
  readonly #known: Map<string, { readonly stamp: string; readonly verdict: Verdict }>;
  #lines: number;
  #pending: string[] = [];
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, codec: VerdictCodec<Verdict>, known: Map<string, { stamp: string; verdict: Verdict }>, lines: number) {
    this.#path = path;
    this.#codec = codec;
    this.#known = known;
    this.#lines = lines;
  }

  /** The cache of the data folder `folder` (a resolved path); another decoder's verdicts are not taken over. */
  static async open<Verdict>(cacheDir: string, folder: string, codec: VerdictCodec<Verdict>): Promise<ScanCache<Verdict>> {
    const name = createHash('sha256').update(`${decoderVersion()}\n${folder}${codec.kind === '' ? '' : `\n${codec.kind}`}`).digest('hex').slice(0, 24);
    const path = join(cacheDir, 'scans', `${name}.jsonl`);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const known = new Map<string, { stamp: string; verdict: Verdict }>();
    const text = await readFile(path, 'utf8').catch(() => '');
    const lines = text.split('\n');
    for (const line of lines) {
      const entry = parseLine(line, codec);
      if (entry !== null) known.set(entry.name, entry);
    }
    return new ScanCache(path, codec, known, lines.length);
  }

  find(name: string, stamp: string): Verdict | null {
    const entry = this.#known.get(name);
    return entry !== undefined && entry.stamp === stamp ? entry.verdict : null;
  }

  add(name: string, stamp: string, verdict: Verdict): void {
    this.#known.set(name, { stamp, verdict });
    this.#pending.push(lineOf(name, stamp, this.#codec.encode(verdict)));
    if (this.#pending.length >= LINES_PER_APPEND) this.#append();
  }

  /** Writes what is pending; rewrites the file where most of it is out of date. */
  async close(current: ReadonlySet<string>): Promise<void> {
    this.#append();
    await this.#writing;
    if (this.#lines <= 2 * current.size + LINES_PER_APPEND) return;
    const kept = [...this.#known].filter(([name]) => current.has(name));
    const draft = `${this.#path}.${process.pid}.tmp`;
    await writeFile(draft, kept.map(([name, entry]) => lineOf(name, entry.stamp, this.#codec.encode(entry.verdict))).join(''));
    await rename(draft, this.#path);
  }

  #append(): void {
    if (this.#pending.length === 0) return;
    const text = this.#pending.join('');
    this.#lines += this.#pending.length;
    this.#pending = [];
    // A leading line end closes whatever torn line a killed writer left.
    this.#writing = this.#writing.then(() => appendFile(this.#path, `\n${text}`));
    // The failure is reported by `close`; without a handler here it would end the process first.
    this.#writing.catch(() => undefined);
  }
}

function lineOf(name: string, stamp: string, fields: readonly unknown[]): string {
  return `${JSON.stringify([name, stamp, ...fields])}\n`;
}

function parseLine<Verdict>(line: string, codec: VerdictCodec<Verdict>): { name: string; stamp: string; verdict: Verdict } | null {
  if (line === '') return null;
  try {
    const [name, stamp, ...fields] = JSON.parse(line) as unknown[];
    if (typeof name !== 'string' || typeof stamp !== 'string') return null;
    const verdict = codec.decode(fields);
    return verdict === null ? null : { name, stamp, verdict };
  } catch {
    return null;
  }
}

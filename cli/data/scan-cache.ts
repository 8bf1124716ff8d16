/**
 * What the last scans of a folder found out about each file, so that an unchanged folder is not read
 * again: one JSON line per file, appended as files are read, so an interrupted scan is not lost. A
 * file is known again by size, modification and change time; the last also moves when a copy brings
 * its old modification time along. Torn or foreign lines are ignored, and later lines win.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decoderVersion } from '../../worker/data/decoder-version.js';

/** The digest of a readable image, or why the file is none. */
export type Verdict = { readonly digest: string } | { readonly why: string };

export interface Stamp {
  readonly size: number;
  /** Size and times as one text to compare. */
  readonly text: string;
}

const LINES_PER_APPEND = 256;

export class ScanCache {
  readonly #path: string;
  readonly #known: Map<string, { readonly stamp: string; readonly verdict: Verdict }>;
  #lines: number;
  #pending: string[] = [];
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, known: Map<string, { stamp: string; verdict: Verdict }>, lines: number) {
    this.#path = path;
    this.#known = known;
    this.#lines = lines;
  }

  /** The cache of the data folder `folder` (a resolved path); another decoder's verdicts are not taken over. */
  static async open(cacheDir: string, folder: string): Promise<ScanCache> {
    const name = createHash('sha256').update(`${decoderVersion()}\n${folder}`).digest('hex').slice(0, 24);
    const path = join(cacheDir, 'scans', `${name}.jsonl`);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const known = new Map<string, { stamp: string; verdict: Verdict }>();
    const text = await readFile(path, 'utf8').catch(() => '');
    const lines = text.split('\n');
    for (const line of lines) {
      const entry = parseLine(line);
      if (entry !== null) known.set(entry.name, entry);
    }
    return new ScanCache(path, known, lines.length);
  }

  find(name: string, stamp: Stamp): Verdict | null {
    const entry = this.#known.get(name);
    return entry !== undefined && entry.stamp === stamp.text ? entry.verdict : null;
  }

  add(name: string, stamp: Stamp, verdict: Verdict): void {
    this.#known.set(name, { stamp: stamp.text, verdict });
    this.#pending.push(lineOf(name, stamp.text, verdict));
    if (this.#pending.length >= LINES_PER_APPEND) this.#append();
  }

  /** Writes what is pending; rewrites the file where most of it is out of date. */
  async close(current: ReadonlySet<string>): Promise<void> {
    this.#append();
    await this.#writing;
    if (this.#lines <= 2 * current.size + LINES_PER_APPEND) return;
    const kept = [...this.#known].filter(([name]) => current.has(name));
    const draft = `${this.#path}.${process.pid}.tmp`;
    await writeFile(draft, kept.map(([name, entry]) => lineOf(name, entry.stamp, entry.verdict)).join(''));
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

function lineOf(name: string, stamp: string, verdict: Verdict): string {
  return `${JSON.stringify('digest' in verdict ? [name, stamp, verdict.digest] : [name, stamp, null, verdict.why])}\n`;
}

function parseLine(line: string): { name: string; stamp: string; verdict: Verdict } | null {
  if (line === '') return null;
  try {
    const [name, stamp, digest, why] = JSON.parse(line) as unknown[];
    if (typeof name !== 'string' || typeof stamp !== 'string') return null;
    if (typeof digest === 'string') return { name, stamp, verdict: { digest } };
    return typeof why === 'string' ? { name, stamp, verdict: { why } } : null;
  } catch {
    return null;
  }
}

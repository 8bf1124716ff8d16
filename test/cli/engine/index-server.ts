/** A package index and registry on loopback, as real as they come, that can be made to fail. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Served {
  readonly content: Buffer;
  /** Connections for this file that end once so many bytes have arrived (see `arrived`), in turn; then whole ones. */
  readonly cuts?: number[];
  /** Answers every request with the whole file. */
  readonly ignoresRange?: boolean;
  /** Sends so many bytes and then nothing, for ever. */
  readonly hangsAfter?: number;
  /** What the index says of it. */
  readonly sha256?: string;
}

export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export class IndexServer {
  readonly url: string;
  readonly asked: Asked[] = [];
  readonly #files: Map<string, Served>;
  readonly #onSent = new Map<string, () => void>();
  /** A connection to be cut off when the file has grown to so many bytes. */
  #cut: { readonly at: number; readonly response: ServerResponse } | null = null;

  private constructor(port: number, files: Map<string, Served>) {
    this.url = `http://127.0.0.1:${port}`;
    this.#files = files;
  }

  /** `files` by name: wheels stand in the index, everything else is to be had by its path. */
  static async start(t: TestContext, files: { readonly [name: string]: Served }): Promise<IndexServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const here = new IndexServer((server.address() as AddressInfo).port, new Map(Object.entries(files)));
    server.on('request', (request, response) => here.#answer(request, response));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return here;
  }

  /** The requests for one file. */
  askedFor(name: string): Asked[] {
    return this.asked.filter(({ path }) => path.endsWith(`/${name}`));
  }

  /** What a cut connection had sent must be known to be on disk first: a stream that breaks off forgets what nobody has read yet. */
  arrived(bytes: number): void {
    if (this.#cut !== null && bytes >= this.#cut.at) this.#cut.response.destroy();
  }

  /** From now on another content, or another way to give it. */
  serve(name: string, file: Served): void {
    this.#files.set(name, file);
  }

  /** Settles when a file that hangs was sent as far as it goes. */
  sent(name: string): Promise<void> {
    return new Promise((resolve) => this.#onSent.set(name, resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url ?? '');
    this.asked.push({ path, range: request.headers.range, authorization: request.headers.authorization });
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1];
    if (project !== undefined) {
      this.#index(project, response);
      return;
    }
    const file = this.#files.get(path.replace(/^\/files\//, '')) ?? this.#files.get(path);
    if (file === undefined) response.writeHead(404).end();
    else this.#send(path.split('/').at(-1) ?? '', file, request.headers.range, response);
  }

  #index(project: string, response: ServerResponse): void {
    const files = [...this.#files]
      .filter(([name]) => name.endsWith('.whl') && name.toLowerCase().startsWith(`${project.replaceAll('-', '_')}-`))
      .map(([filename, { content, sha256 }]) => ({ filename, url: `/files/${filename}`, size: content.length, hashes: { sha256: sha256 ?? digest(content) }, yanked: false }));
    if (files.length === 0) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'application/vnd.pypi.simple.v1+json' }).end(JSON.stringify({ files }));
  }

  #send(name: string, { content, cuts, ignoresRange, hangsAfter }: Served, range: string | undefined, response: ServerResponse): void {
    const from = ignoresRange === true ? 0 : Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    if (from >= content.length) {
      response.writeHead(416).end();
      return;
    }
    const partial = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from, ...partial });
    const cut = cuts?.shift();
    if (cut === 0) response.destroy();
    else if (cut !== undefined) {
      this.#cut = { at: from + cut, response };
      response.write(content.subarray(from, from + cut));
    } else if (hangsAfter !== undefined) response.write(content.subarray(from, from + hangsAfter), () => this.#onSent.get(name)?.());
    else response.end(content.subarray(from));
  }
}

export function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A zip whose members are stored as they are (PKWARE APPNOTE 4.3), with the RECORD and METADATA of a wheel. */
export function wheelOf(name: string, members: { readonly [path: string]: Buffer | string }, changes: { readonly record?: (path: string, sha256: string) => string } = {}): Buffer {
  const info = `${name}.dist-info`;
  const contents = Object.entries(members).map(([path, content]) => [path, Buffer.from(content)] as const);
  const record = contents.map(([path, content]) => {
    const sha256 = createHash('sha256').update(content).digest('base64url');
    return `${path},sha256=${changes.record?.(path, sha256) ?? sha256},${content.length}\n`;
  });
  const metadata = members[`${info}/METADATA`] === undefined ? [[`${info}/METADATA`, Buffer.from('Metadata-Version: 2.1\n')] as const] : [];
  return zip([...contents, ...metadata, [`${info}/RECORD`, Buffer.from(record.join(''))]]);
}

function zip(members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of members) {
    const name = Buffer.from(path);
    // Version 2.0, no flags, stored, 1980-01-01, no checksum (RECORD has better ones), both sizes, lengths of name and extra field.
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(0x21, 8);
    facts.writeUInt32LE(content.length, 14);
    facts.writeUInt32LE(content.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const entry = [Buffer.from('PK\x03\x04', 'latin1'), facts, name, content];
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), facts, rest, name);
    parts.push(...entry);
    offset += entry.reduce((sum, part) => sum + part.length, 0);
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/**
 * The dashboard's files, as `npm run build` leaves them in dist/page. Read once: a build under a
 * running coordinator changes nothing of what it serves, so a page never mixes two builds. Whatever a
 * browser asks for that is no file and no route of the API is a view of the page: its index answers.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { accepts } from './compressed.js';

const TYPES: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Names of assets hold a digest of their content. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly cache: string;
  readonly bytes: Buffer;
  /** By content encoding, the smallest first. */
  readonly compressed: readonly { readonly encoding: 'br' | 'gzip'; readonly bytes: Buffer }[];
}

export type PageFiles = ReadonlyMap<string, PageFile>;

/** By URL path. Throws where the page was not built. */
export function readPage(folder: string): PageFiles {
  if (!existsSync(join(folder, 'index.html'))) throw new Error(`the dashboard is missing: found no index.html in ${folder}; npm run build makes it`);
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  return new Map(paths.flatMap((path) => {
    const type = TYPES[extname(path)];
    return type === undefined ? [] : [[`/${path}`, readPageFile(join(folder, path), type, path.startsWith('assets/') ? IMMUTABLE : 'no-cache')]];
  }));
}

function readPageFile(file: string, type: string, cache: string): PageFile {
  const bytes = readFileSync(file);
  const compressed = ([['br', '.br'], ['gzip', '.gz']] as const).flatMap(([encoding, ending]) => (existsSync(`${file}${ending}`) ? [{ encoding, bytes: readFileSync(`${file}${ending}`) }] : []));
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { type, etag, cache, bytes, compressed };
}

/** `files`: of readPage. Every path that is no route of its own comes here. */
export function registerPage(app: FastifyInstance, files: PageFiles): void {
  app.setNotFoundHandler(async (request, reply) => {
    const file = fileFor(request, files);
    if (file !== null) return send(file, request, reply);
    return reply.status(404).send({ code: 'NoSuchRoute', message: `there is no ${request.method} ${request.url}` });
  });
}

/** The file at a path, or the index for a view of the page; null for neither. */
function fileFor(request: FastifyRequest, files: PageFiles): PageFile | null {
  if (request.method !== 'GET' && request.method !== 'HEAD') return null;
  const path = request.url.replace(/[?#].*$/s, '');
  const isElsewhere = /^\/(api|assets|metrics)(\/|$)/.test(path);
  // Views are paths of words without an ending; a browser says that it takes HTML, other programs do not.
  const isView = !isElsewhere && /\btext\/html\b/.test(request.headers.accept ?? '');
  return files.get(path === '/' ? '/index.html' : path) ?? (isView ? (files.get('/index.html') ?? null) : null);
}

function send({ type, etag, cache, bytes, compressed }: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({
    'content-type': type,
    'cache-control': cache,
    etag,
    vary: 'accept-encoding',
  });
  if (request.headers['if-none-match'] === etag) return reply.status(304).send();
  const chosen = compressed.find(({ encoding }) => accepts(request, encoding));
  if (chosen !== undefined) reply.header('content-encoding', chosen.encoding);
  return reply.status(200).send(chosen?.bytes ?? bytes);
}

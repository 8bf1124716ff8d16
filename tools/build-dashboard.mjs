/**
 * Bundles dashboard/ into dist/dashboard, compresses it, and holds it to its size. Does nothing where what
 * it is made from has not changed. Run by build.mjs; the types are checked there.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Compressed, of all that is transferred before a chart is opened. */
const LIMIT_BYTES = 60_000;
/** The chunk of the charts, which is fetched when one is opened (dashboard/components/plot.ts). */
const CHARTS = /^assets\/plot-/;
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg']);

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'dashboard');
const out = join(root, 'dist', 'dashboard');
/** Holds the digest of what was bundled. */
const stamp = join(out, '.built');

export function dashboardSources() {
  if (!existsSync(source)) return [];
  const entries = readdirSync(source, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
}

function inputDigest() {
  const hash = createHash('sha256');
  for (const file of [...dashboardSources(), join(root, 'package-lock.json'), fileURLToPath(import.meta.url)]) {
    const bytes = readFileSync(file);
    hash.update(`${relative(root, file)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/** Returns the compressed size of each file, in bytes. */
function compress() {
  const sizes = new Map();
  for (const path of readdirSync(out, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!COMPRESSED.has(extname(path))) continue;
    const bytes = readFileSync(join(out, path));
    const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
    writeFileSync(join(out, `${path}.br`), brotli);
    writeFileSync(join(out, `${path}.gz`), gzipSync(bytes, { level: 9 }));
    sizes.set(path.replaceAll('\\', '/'), brotli.length);
  }
  return sizes;
}

async function bundle() {
  const digest = inputDigest();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  // Not at the top: dashboardSources is asked before anything is installed.
  const { build } = await import('vite');
  await build({ configFile: join(source, 'vite.config.mjs'), logLevel: 'warn' });
  const sizes = compress();
  const transferred = [...sizes].filter(([path]) => !CHARTS.test(path));
  const total = transferred.reduce((sum, [, size]) => sum + size, 0);
  if (total > LIMIT_BYTES) {
    const list = transferred.map(([path, size]) => `  ${path}: ${size}`).join('\n');
    throw new Error(`dashboard: ${total} bytes are transferred before a chart is opened, expected at most ${LIMIT_BYTES}:\n${list}`);
  }
  writeFileSync(stamp, digest);
  process.stderr.write(`dashboard: ${total} bytes compressed before charts are opened, ${[...sizes.values()].reduce((sum, size) => sum + size, 0)} with them\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();

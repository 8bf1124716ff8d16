/**
 * Bundles dashboard/ into dist/page, compresses it, and holds it to its size. Does nothing where what
 * it is made from has not changed. Run by build.mjs; the types are checked there.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Compressed, of all that a page transfers before a chart or a dialog is opened. */
const LIMIT_BYTES = 60_000;
const COMPRESSED = new Set(['.html', '.js', '.css', '.svg']);

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'dashboard');
const out = join(root, 'dist', 'page');
/** Its modules one by one, as the compiler writes those that test/dashboard imports: for builds without the compiler. */
const modules = join(root, 'dist', 'dashboard');
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

/** What a browser that opens one page first fetches, by Vite's manifest: the page with what it imports, and the shell. */
function pagesBySize(sizes) {
  const manifest = JSON.parse(readFileSync(join(out, '.vite', 'manifest.json'), 'utf8'));
  const shell = ['index.html', 'icon.svg'];
  const filesOf = (name, seen = new Set()) => {
    if (seen.has(name)) return [];
    seen.add(name);
    const { file, css = [], imports = [] } = manifest[name];
    return [file, ...css, ...imports.flatMap((imported) => filesOf(imported, seen))];
  };
  const pages = Object.keys(manifest).filter((name) => /^pages\/[^/]+$/.test(name));
  return pages
    .map((page) => ({ page, bytes: [...new Set([...shell, ...filesOf('index.html'), ...filesOf(page)])].reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0) }))
    .sort((a, b) => b.bytes - a.bytes);
}

async function bundle() {
  const digest = inputDigest();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  // Not at the top: dashboardSources is asked before anything is installed.
  const [{ build }, esbuild] = await Promise.all([import('vite'), import('esbuild')]);
  await build({ configFile: join(source, 'vite.config.mjs'), logLevel: 'warn' });
  const sizes = compress();
  const [largest, ...others] = pagesBySize(sizes);
  if (largest.bytes > LIMIT_BYTES) throw new Error(`dashboard: ${largest.page} transfers ${largest.bytes} bytes before a chart is opened, expected at most ${LIMIT_BYTES}; then come ${others.map(({ page, bytes }) => `${page} ${bytes}`).join(', ')}`);
  await esbuild.build({ entryPoints: dashboardSources().filter((file) => extname(file) === '.ts'), outdir: modules, outbase: source, format: 'esm', target: 'node20', logLevel: 'error' });
  writeFileSync(stamp, digest);
  process.stderr.write(`dashboard: ${largest.bytes} bytes compressed for ${largest.page}, the largest page, ${[...sizes.values()].reduce((sum, size) => sum + size, 0)} with everything\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();

/**
 * The native engines of this machine, without loading any: those that `trawl engine install` put into
 * a home, and tfjs-node packages that the user has installed himself.
 *
 * HOME/engines
 *   tensorflow-2.21.0-cpu/        one installation; whole, as it was renamed into its place
 *     engine.json                 what it is
 *     addon/tfjs_binding.node
 *     tfjs-node/                  its JavaScript, for the eager executor
 *     site/tensorflow/            the libraries; CUDA's own in site/nvidia/, where TensorFlow looks for them
 *   tested/                       what their tests came to
 *   downloads/                    parts of files that were not fetched to the end
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writableByOthers } from './owned.js';

export type Device = 'cpu' | 'gpu';

/** What `engine.json` says. */
export const nativeRecord = z.object({
  format: z.literal(1),
  tensorflow: z.string(),
  device: z.enum(['cpu', 'gpu']),
  /** The npm package whose addon it is, and what built it here. */
  addon: z.object({ package: z.string(), version: z.string(), compiler: z.string() }),
  wheels: z.array(z.object({ file: z.string(), sha256: z.string() })),
  bytes: z.number(),
  installedAt: z.string(),
});
export type NativeRecord = z.infer<typeof nativeRecord>;

/** tfjs-node's JavaScript, which the eager executor runs: its package's folder, with `dist` in it. */
export interface JavaScriptPlace {
  readonly folder: string;
  readonly version: string;
}

export interface FoundNative {
  /** E.g. tensorflow-2.21.0-gpu, or the name of the user's own package. */
  readonly name: string;
  readonly device: Device;
  /** Of libtensorflow; null where only loading tells. */
  readonly tensorflow: string | null;
  /** tfjs_binding.node. */
  readonly addon: string;
  /** Null where there is none: an older trawl did not install it. */
  readonly javascript: JavaScriptPlace | null;
  /** The installation's folder, or the package's. */
  readonly folder: string;
  readonly from: 'home' | 'package';
  readonly bytes: number | null;
  /** Where what its tests came to is kept. */
  readonly stamp: string;
  /** Moves when its files do: an engine that was tested is the same engine. */
  readonly fingerprint: string;
  /** False where it was found only from the folder in which the user stands: it is code, and is not run before he has asked for its test. */
  readonly trusted: boolean;
  /** A file or folder on the way to it that others can write to; null where there is none. */
  readonly writable: string | null;
}

/** Of the user's own packages; the GPU's first. */
const PACKAGES = [
  { name: 'tfjs-node-gpu', device: 'gpu' },
  { name: 'tfjs-node', device: 'cpu' },
] as const;

export interface Places {
  /** `engines` folders of homes; those that do not exist are passed over. What is found first wins its name; stamps of packages lie in the first. */
  readonly folders: readonly [string, ...string[]];
  /** Where the user stands: his own packages are looked for beside this program, and then from here. */
  readonly cwd: string;
}

/** Whether an engine of this name is a package of the user's own. */
export function isPackage(name: string): boolean {
  return PACKAGES.some((known) => known.name === name);
}

/** The best first: GPU before CPU, then the newest TensorFlow, installations before packages. */
export function findNatives(places: Places): FoundNative[] {
  const found = new Map<string, FoundNative>();
  for (const native of [...places.folders.flatMap(installedIn), ...packagesFrom(places)]) if (!found.has(native.name)) found.set(native.name, native);
  return [...found.values()].sort((a, b) => rank(b) - rank(a) || (b.tensorflow ?? '').localeCompare(a.tensorflow ?? '', 'en', { numeric: true }));
}

function rank({ device, from }: FoundNative): number {
  return (device === 'gpu' ? 2 : 0) + (from === 'home' ? 1 : 0);
}

function installedIn(folder: string): FoundNative[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const record = readRecord(join(folder, name));
      if (record === null) return [];
      const at = join(folder, name);
      const addon = join(at, 'addon', 'tfjs_binding.node');
      const { tensorflow, device, bytes } = record;
      const javascript = javascriptIn(join(at, 'tfjs-node'));
      const fingerprint = fingerprintOf(addon, join(at, 'site', 'tensorflow'), javascript);
      return [{ name, device, tensorflow, addon, javascript, folder: at, from: 'home', bytes, stamp: stampFile(folder, name), fingerprint, trusted: true, writable: null } satisfies FoundNative];
    });
}

/** Null where the folder is no installation. */
export function readRecord(folder: string): NativeRecord | null {
  try {
    return nativeRecord.parse(JSON.parse(readFileSync(join(folder, 'engine.json'), 'utf8')));
  } catch {
    return null;
  }
}

function stampFile(folder: string, name: string): string {
  return join(folder, 'tested', `${name}.json`);
}

function packagesFrom({ folders, cwd }: Places): FoundNative[] {
  return PACKAGES.flatMap(({ name, device }) => {
    const beside = packageFolder(`@tensorflow/${name}`, import.meta.url);
    const folder = beside ?? packageFolder(`@tensorflow/${name}`, join(cwd, 'any.js'));
    const addon = folder === null ? null : addonOf(folder);
    if (folder === null || addon === null) return [];
    const libraries = join(folder, 'deps', 'lib');
    const javascript = javascriptIn(folder);
    const place = { name, device, tensorflow: null, addon, javascript, folder, from: 'package', bytes: null, stamp: stampFile(folders[0], name) } as const;
    const code = [addon, libraries, ...(javascript === null ? [] : javascriptFiles(javascript))];
    return [{ ...place, fingerprint: fingerprintOf(addon, libraries, javascript), trusted: beside !== null, writable: writableByOthers(code) } satisfies FoundNative];
  });
}

/** As Node resolves it for a module of that name or URL; null where it finds none. */
function packageFolder(name: string, from: string): string | null {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

/** Null where the package's addon was never built or downloaded. */
function addonOf(folder: string): string | null {
  const lib = join(folder, 'lib');
  if (!existsSync(lib)) return null;
  const files = readdirSync(lib)
    .filter((name) => name.startsWith('napi-v'))
    .map((name) => join(lib, name, 'tfjs_binding.node'))
    .filter((file) => existsSync(file));
  return files[0] ?? null;
}

/** Null where the folder has no JavaScript of tfjs-node. */
export function javascriptIn(folder: string): JavaScriptPlace | null {
  try {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    return existsSync(join(folder, 'dist', 'register_all_kernels.js')) ? { folder, version } : null;
  } catch {
    return null;
  }
}

/** What is run of it. */
function javascriptFiles({ folder }: JavaScriptPlace): string[] {
  const scripts = (within: string): string[] => (existsSync(within) ? readdirSync(within).filter((name) => name.endsWith('.js')).map((name) => join(within, name)) : []);
  return [...scripts(join(folder, 'dist')), ...scripts(join(folder, 'dist', 'kernels'))];
}

/** Of the addon, the libraries beside it and its JavaScript: where they lie, their sizes and times. */
function fingerprintOf(addon: string, libraries: string, javascript: JavaScriptPlace | null): string {
  const shared = existsSync(libraries) ? readdirSync(libraries).filter((name) => /\.(so|dylib)/.test(name)).map((name) => join(libraries, name)) : [];
  const facts = [addon, ...shared, ...(javascript === null ? [] : javascriptFiles(javascript))].sort().map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return [file, stat?.size ?? null, stat?.mtimeMs ?? null];
  });
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16);
}

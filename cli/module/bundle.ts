/** A user's module with all that it imports as one file. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build, type BuildFailure, type Message } from 'esbuild';
import { BadInput } from '../exit.js';
import { near } from '../program-name.js';

export interface Bundle {
  readonly code: string;
  /** The same without its source map, which names the folder that it lies in. */
  readonly plain: string;
  /** SHA-256 of the code, whatever folder it lies in. */
  readonly digest: string;
}

/** Packages that were written for Node may still ask for its own modules by `require`. */
const BANNER = "import { createRequire as trawlRequire } from 'node:module';\nconst require = trawlRequire(import.meta.url);";
const SOURCE_MAP = /\n?\/\/# sourceMappingURL=\S+\s*$/;

/** What the sweep file wants of the module. */
export interface Purpose {
  /** Of the sweep file. */
  readonly field: 'model' | 'module';
  readonly exported: string;
  /** How that is written, where it is looked for here; null where the module is loaded before it is submitted, which tells more. */
  readonly form: string | null;
}

const MODEL: Purpose = { field: 'model', exported: 'build', form: null };

/**
 * Packages are looked for from the module's folder upwards; Node's own modules may be imported. `into`
 * is the folder that the code will lie in. Throws BadInput, a line per mistake.
 */
export async function bundleModule(file: string, into: string, purpose = MODEL): Promise<Bundle> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true) throw new BadInput(`${near(file)}:1:1: ${purpose.field}: found ${found === null ? 'no such file' : 'no file'}, expected a module that exports ${purpose.exported}; its path is relative to the sweep file`);
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      outfile: join(into, 'bundle.mjs'),
      ...{ bundle: true, write: false, metafile: true, format: 'esm', platform: 'node', target: 'node20', mainFields: ['module', 'main'] },
      ...{ sourcemap: 'inline', sourcesContent: false, logLevel: 'silent', charset: 'utf8' },
      // Settings of a project round about are no part of what a model means.
      tsconfigRaw: {},
      banner: { js: BANNER },
    });
    const exports = Object.values(metafile.outputs)[0]?.exports ?? [];
    if (purpose.form !== null && !exports.includes(purpose.exported)) throw new BadInput(`${near(file)}:1:1: ${purpose.field}: found no export ${purpose.exported}, expected ${purpose.form}`);
    const code = outputFiles[0]?.text ?? '';
    const plain = code.replace(SOURCE_MAP, '');
    return { code, plain, digest: createHash('sha256').update(plain).digest('hex') };
  } catch (error) {
    if (!isFailure(error)) throw error;
    throw new BadInput(error.errors.map((message) => mistake(message, file, purpose.field)).join('\n'));
  }
}

function isFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function mistake({ text, location }: Message, file: string, field: Purpose['field']): string {
  const path = location === null ? file : resolve(dirname(file), location.file);
  const unresolved = /^Could not resolve "(.*)"$/.exec(text)?.[1];
  const said = unresolved === undefined ? `found ${JSON.stringify(text)}, expected JavaScript or TypeScript` : `found the import of ${JSON.stringify(unresolved)}, which is not there; ${remedy(unresolved)}`;
  return `${near(path)}:${location?.line ?? 1}:${(location?.column ?? 0) + 1}: ${field}: ${said}`;
}

function remedy(name: string): string {
  return name.startsWith('.') || name.startsWith('/') ? 'mend its path' : `install it beside the module: npm install ${name}`;
}

/** A user's module with all that it imports as one file. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build, type BuildFailure, type Message } from 'esbuild';
import { BadInput } from '../exit.js';
import { near } from '../program-name.js';

export interface Bundle {
  readonly code: string;
  /** SHA-256 of the code, whatever folder it lies in. */
  readonly digest: string;
}

/** Packages that were written for Node may still ask for its own modules by `require`. */
const BANNER = "import { createRequire as trawlRequire } from 'node:module';\nconst require = trawlRequire(import.meta.url);";
const SOURCE_MAP = /\n?\/\/# sourceMappingURL=\S+\s*$/;

/**
 * Packages are looked for from the module's folder upwards; Node's own modules may be imported. `into`
 * is the folder that the code will lie in. Throws BadInput, a line per mistake.
 */
export async function bundleModule(file: string, into: string): Promise<Bundle> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile() !== true) throw new BadInput(`${near(file)}:1:1: model: found ${found === null ? 'no such file' : 'no file'}, expected a module that exports build; its path is relative to the sweep file`);
  try {
    const { outputFiles } = await build({
      entryPoints: [file],
      absWorkingDir: dirname(file),
      outfile: join(into, 'bundle.mjs'),
      ...{ bundle: true, write: false, format: 'esm', platform: 'node', target: 'node20', mainFields: ['module', 'main'] },
      ...{ sourcemap: 'inline', sourcesContent: false, logLevel: 'silent', charset: 'utf8' },
      // Settings of a project round about are no part of what a model means.
      tsconfigRaw: {},
      banner: { js: BANNER },
    });
    const code = outputFiles[0]?.text ?? '';
    return { code, digest: createHash('sha256').update(code.replace(SOURCE_MAP, '')).digest('hex') };
  } catch (error) {
    if (!isFailure(error)) throw error;
    throw new BadInput(error.errors.map((message) => mistake(message, file)).join('\n'));
  }
}

function isFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

function mistake({ text, location }: Message, file: string): string {
  const path = location === null ? file : resolve(dirname(file), location.file);
  const unresolved = /^Could not resolve "(.*)"$/.exec(text)?.[1];
  const said = unresolved === undefined ? `found ${JSON.stringify(text)}, expected JavaScript or TypeScript` : `found the import of ${JSON.stringify(unresolved)}, which is not there; ${remedy(unresolved)}`;
  return `${near(path)}:${location?.line ?? 1}:${(location?.column ?? 0) + 1}: model: ${said}`;
}

function remedy(name: string): string {
  return name.startsWith('.') || name.startsWith('/') ? 'mend its path' : `install it beside the module: npm install ${name}`;
}

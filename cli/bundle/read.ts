/** Opens a bundle: every file is read once and held against the manifest before anything is made of it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadBundle, decodeBundleManifest, MANIFEST_NAME, sha256, type BundleManifest } from './format.js';

export interface Bundle {
  readonly folder: string;
  readonly manifest: BundleManifest;
  /** The bytes of a file that the manifest lists. */
  file(name: string): Uint8Array;
}

/** Throws BadBundle naming the file that is missing or was changed. */
export async function openBundle(folder: string): Promise<Bundle> {
  const manifest = decodeBundleManifest(folder, await read(folder, MANIFEST_NAME));
  const files = new Map<string, Uint8Array>();
  await Promise.all(
    Object.entries(manifest.files).map(async ([name, { sha256: expected }]) => {
      const bytes = await read(folder, name);
      if (sha256(bytes) !== expected) throw new BadBundle(folder, `${name} was changed since it was written; pull it again`);
      files.set(name, bytes);
    }),
  );
  const file = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new BadBundle(folder, `${MANIFEST_NAME} needs ${name} and does not list it; pull it again`);
    return bytes;
  };
  return { folder, manifest, file };
}

async function read(folder: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, name));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new BadBundle(folder, name === MANIFEST_NAME ? `found no ${name}, expected a folder that \`trawl pull\` made` : `${name} is missing; pull it again`, { cause: error });
    }
    throw new BadBundle(folder, `${name} cannot be read (${code})`, { cause: error });
  }
}

/**
 * The npm packages that the addon is built from. They are fetched by themselves: nothing of theirs is
 * run, and above all not tfjs-node's own install script, which downloads an old TensorFlow from a file
 * host and can hang behind a firewall. Version and content are fixed here.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the tarball, in base64, as the registry's `dist.integrity` says it. */
  readonly sha512: string;
  /** Members that are wanted. */
  readonly wants: RegExp;
}

export const TFJS_NODE: NpmPackage = {
  name: '@tensorflow/tfjs-node',
  version: '4.22.0',
  sha512: 'uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
  wants: /^package\/binding\/\w+\.(cc|h)$/,
};

/** Of the same tarball: what the eager executor runs on the addon. */
export const TFJS_NODE_JAVASCRIPT: NpmPackage = { ...TFJS_NODE, wants: /^package\/(package\.json|dist\/(kernels\/)?\w+\.js)$/ };

export const NODE_API_HEADERS: NpmPackage = {
  name: 'node-api-headers',
  version: '1.9.0',
  sha512: '2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
  wants: /^package\/include\/\w+\.h$/,
};

export function tarballUrl(registry: string, { name, version }: NpmPackage): string {
  return `${registry}/${name}/-/${basename(name)}-${version}.tgz`;
}

/** As `npm pack` names it. */
export function tarballNames({ name, version }: NpmPackage): string[] {
  return [`${name.replace('@', '').replace('/', '-')}-${version}.tgz`, `${basename(name)}-${version}.tgz`];
}

/** Writes the wanted members, without the `package/` that all begin with. The tarball's hash was checked. */
export async function unpackTarball(tarball: string, { wants }: NpmPackage, into: string): Promise<void> {
  for (const [name, content] of tarMembers(gunzipSync(await readFile(tarball)))) {
    if (!wants.test(name)) continue;
    const file = join(into, name.replace(/^package\//, ''));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

const BLOCK = 512;

/** Regular files of a ustar archive (POSIX.1-1988): a header block, then the content, padded to blocks. */
function* tarMembers(archive: Buffer): Generator<readonly [string, Buffer]> {
  const text = (from: number, length: number): string => archive.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8);
    const prefix = text(at + 345, 155);
    const name = `${prefix === '' ? '' : `${prefix}/`}${text(at, 100)}`;
    const kind = text(at + 156, 1);
    if (kind === '0' || kind === '') yield [name, archive.subarray(at + BLOCK, at + BLOCK + size)];
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

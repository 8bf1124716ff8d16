import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, link, mkdir, readFile, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { create } from 'tar';
import { listFolder, packed, unpack } from '../../blob/archive.js';
import { temporaryFolder } from '../support/images.js';

const LIMITS = { bytes: 10_000, files: 10 };

async function filled(t: TestContext): Promise<string> {
  const folder = join(temporaryFolder(t), 'in');
  await mkdir(join(folder, 'b', 'empty'), { recursive: true });
  await writeFile(join(folder, 'b', 'two.txt'), 'two');
  await writeFile(join(folder, 'a.sh'), '#!/bin/sh\n');
  await chmod(join(folder, 'a.sh'), 0o700);
  await writeFile(join(folder, '@at'), 'at');
  return folder;
}

async function bytesOf(folder: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of packed(folder, (await listFolder(folder, LIMITS)).paths)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('what was packed is unpacked: files, folders, and which of them can be run', async (t) => {
  const folder = await filled(t);
  const out = temporaryFolder(t);
  await writeFile(join(out, 'archive'), await bytesOf(folder));
  await mkdir(join(out, 'to'));
  await unpack(join(out, 'archive'), join(out, 'to'), LIMITS);
  assert.deepEqual((await readdir(join(out, 'to'), { recursive: true })).sort(), ['@at', 'a.sh', 'b', join('b', 'empty'), join('b', 'two.txt')]);
  assert.equal(await readFile(join(out, 'to', 'b', 'two.txt'), 'utf8'), 'two');
  assert.ok(((await stat(join(out, 'to', 'a.sh'))).mode & 0o100) !== 0, 'a.sh can be run');
});

test('the same content is the same bytes, whatever the times, rights, links and order of making', async (t) => {
  const folder = await filled(t);
  const first = await bytesOf(folder);
  // Pins the form: other bytes would make every program another one.
  assert.equal(createHash('sha256').update(first).digest('hex'), 'fecb60e286afaf0d57c227c23a80f194eb49671013d69dcc840fcdbb7c4d60df');
  await utimes(join(folder, 'a.sh'), 1, 1);
  await chmod(join(folder, 'b', 'two.txt'), 0o600);
  await link(join(folder, 'b', 'two.txt'), join(temporaryFolder(t), 'elsewhere'));
  assert.deepEqual(await bytesOf(folder), first);
});

test('two names of one file, and a link to a file, are files of their own', async (t) => {
  const folder = await filled(t);
  await link(join(folder, 'b', 'two.txt'), join(folder, 'again.txt'));
  await symlink('b/two.txt', join(folder, 'linked.txt'));
  const out = temporaryFolder(t);
  await writeFile(join(out, 'archive'), await bytesOf(folder));
  await mkdir(join(out, 'to'));
  await unpack(join(out, 'archive'), join(out, 'to'), LIMITS);
  for (const name of ['again.txt', 'linked.txt']) assert.equal(await readFile(join(out, 'to', name), 'utf8'), 'two');
});

test('links to nothing and to folders, too much and too many are refused', async (t) => {
  const folder = await filled(t);
  await assert.rejects(listFolder(folder, { bytes: 10, files: 10 }), { code: 'BadArchive', message: /more than 0 MiB/ });
  await assert.rejects(listFolder(folder, { bytes: 10_000, files: 2 }), { code: 'BadArchive', message: /more than 2 files/ });
  await symlink('/etc', join(folder, 'etc'));
  await assert.rejects(listFolder(folder, LIMITS), { code: 'BadArchive', message: /found etc, a link that leads to no file/ });
});

test('an archive that leads out of its folder, or holds links, leaves nothing outside', async (t) => {
  const out = temporaryFolder(t);
  await mkdir(join(out, 'in', 'below'), { recursive: true });
  await mkdir(join(out, 'to'));
  await writeFile(join(out, 'in', 'outside'), 'outside');
  await symlink('/etc/hostname', join(out, 'in', 'below', 'link'));
  await create({ cwd: join(out, 'in', 'below'), file: join(out, 'up'), preservePaths: true }, ['../outside']);
  await assert.rejects(unpack(join(out, 'up'), join(out, 'to'), LIMITS), { code: 'BadArchive', message: /leads out of its folder/ });
  await create({ cwd: join(out, 'in', 'below'), file: join(out, 'linking') }, ['link']);
  await assert.rejects(unpack(join(out, 'linking'), join(out, 'to'), LIMITS), { code: 'BadArchive', message: /files and folders alone/ });
  assert.deepEqual((await readdir(out)).sort(), ['in', 'linking', 'to', 'up']);
  assert.deepEqual(await readdir(join(out, 'to')), []);
});

test('an archive of more than is allowed is refused', async (t) => {
  const folder = await filled(t);
  const out = temporaryFolder(t);
  await writeFile(join(out, 'archive'), await bytesOf(folder));
  await mkdir(join(out, 'to'));
  await assert.rejects(unpack(join(out, 'archive'), join(out, 'to'), { bytes: 10_000, files: 1 }), { code: 'BadArchive' });
});

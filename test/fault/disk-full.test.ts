import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { packageRoot } from '../../proto/package-root.js';
import { leaderboard, writeSweep, type RunDocument } from './run.js';

/** A mount of our own needs a namespace, and that needs root here: elsewhere the blob store's own tests stand for it. */
const canMount = process.platform === 'linux' && spawnSync('unshare', ['-m', 'sh', '-c', `mount -t tmpfs -o size=64k none ${tmpdir()}`]).status === 0;

test('a disk that is full while checkpoints are written pauses the sweep with one clear line, and corrupts nothing', { skip: canMount ? false : 'no private mount can be made here (needs root on Linux)' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-full-'));
  try {
    const file = await writeSweep(folder);
    const home = join(folder, 'home');
    mkdirSync(join(home, 'blobs'), { recursive: true });
    const run = (name: string): string => `"${process.execPath}" "${join(packageRoot(), 'dist', 'cli', 'main.js')}" run "${file}" --home "${home}" --slots 2 --json --test > "${join(folder, name)}" 2> "${join(folder, name)}.err"`;
    const steps = [`mount -t tmpfs -o size=900k none "${join(home, 'blobs')}"`, run('first'), 'echo "first $?"', `mount -o remount,size=200m "${join(home, 'blobs')}"`, run('second'), 'echo "second $?"'];
    const { stdout } = spawnSync('unshare', ['-m', 'sh', '-c', steps.join('\n')], { encoding: 'utf8', timeout: 120_000 });
    const said = readFileSync(join(folder, 'first.err'), 'utf8');
    assert.match(stdout, /first (1|130)\n/, said);
    assert.match(said, /no space left|disk is full|full disk/i);
    assert.doesNotMatch(said, /\n\s+at /, 'no stack trace');
    assert.match(stdout, /second 0\n/, readFileSync(join(folder, 'second.err'), 'utf8'));
    const document = JSON.parse(readFileSync(join(folder, 'second'), 'utf8')) as RunDocument;
    assert.equal(document.sweep.state, 'completed');
    assert.ok([...leaderboard(document).values()].length === 8);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

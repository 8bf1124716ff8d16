/** A short chaos run on both carriers: `npm run chaos` runs longer ones. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { packageRoot } from '../../proto/package-root.js';

test('90 seconds of faults over 8 workers on both carriers lose nothing, double nothing, and change no result', async () => {
  const child = spawn(process.execPath, [join(packageRoot(), 'dist', 'test', 'chaos', 'main.js'), '--minutes', '1.5', '--seed', '1'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.match(stdout.trim().split('\n').at(-1) ?? '', /^chaos: \d+ trials, \d+ epochs, 0 lost, 0 doubled, leaderboard equal$/, `${stdout}\n${stderr}`);
  assert.equal(code, 0);
});

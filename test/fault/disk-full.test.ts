/** A full disk, wherever it is, stops work with one line that says where, corrupts nothing, and is over once there is room. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import { leaderboard, RealRun, writeSweep, type RunDocument } from './run.js';
import { canMount, SmallDisk, type Run } from './small-disk.js';

const LIMIT = { timeout: 600_000, skip: canMount ? false : 'no private mount can be made here (needs root on Linux)' };
const folder = mkdtempSync(join(tmpdir(), 'trawl-full-'));
let file = '';
let calm: RunDocument;

before(async () => {
  if (!canMount) return;
  file = await writeSweep(folder);
  calm = await new RealRun(file, join(folder, 'calm')).document();
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A home of which one folder is a small disk, and `trawl run` on it. */
async function homeWith(context: TestContext, name: string, part: string, size: string): Promise<{ readonly disk: SmallDisk; readonly run: () => Run }> {
  const home = join(folder, name);
  const disk = await SmallDisk.at(join(home, part), size);
  const run = (): Run => disk.trawl('run', file, '--home', home, '--slots', '2', '--json', '--test');
  context.after(() => disk.close());
  return { disk, run };
}

/** One line says it, and the same command resumes. */
async function assertPaused(run: Run, line: RegExp): Promise<void> {
  const { code } = await run.ended;
  assert.ok(code === 1 || code === 130, `${code}: ${run.stderr()}`);
  assert.match(run.stderr(), line);
  assert.doesNotMatch(run.stderr(), /\n\s+at /, 'no stack trace');
}

async function assertSame(run: Run): Promise<void> {
  const { code, stdout } = await run.ended;
  assert.equal(code, 0, run.stderr());
  const document = JSON.parse(stdout) as RunDocument;
  assert.equal(document.sweep.state, 'completed');
  assert.deepEqual(leaderboard(document), leaderboard(calm));
}

test('of the blob store, while checkpoints are written', LIMIT, async (context) => {
  const { disk, run } = await homeWith(context, 'blobs', 'blobs', '900k');
  await assertPaused(run(), /no space left|disk is full|full disk/i);
  disk.makeRoom('200m');
  await assertSame(run());
});

test('of a worker, which was to decode images', LIMIT, async (context) => {
  const { disk, run } = await homeWith(context, 'decoding', 'worker', '256k');
  await assertPaused(run(), /^paused: no room left to write \S+\.pixels \(ENOSPC\): free some space there, or move the home with --home DIR$/m);
  disk.makeRoom('200m');
  await assertSame(run());
});

test('of a worker in the middle of training, where not even its log can be written', LIMIT, async (context) => {
  const { disk, run } = await homeWith(context, 'training', 'worker', '16m');
  const first = run();
  await first.said(/; [2-9] of 24 epochs/);
  disk.fill();
  await assertPaused(first, /^paused: .*(no room left|ENOSPC|no space left)/im);
  disk.makeRoom('200m');
  await assertSame(run());
});

test('of the database: nothing is lost or doubled, and the run goes on by itself once there is room', LIMIT, async (context) => {
  const { disk, run } = await homeWith(context, 'database', 'postgres', '300m');
  const only = run();
  await only.said(/; [2-9] of 24 epochs/);
  disk.fill();
  await only.said(/\(the disk of the database at \S* is full \(could not extend file .*: No space left on device\): make room there; sweeps go on by themselves then\)/);
  disk.makeRoom('400m');
  await assertSame(only);
});

test('of a program of a user\'s own, which cannot save its checkpoint', LIMIT, async (context) => {
  const program = join(folder, 'program.sh');
  // Without room dd says so and fails, and so does the program.
  writeFileSync(program, ['set -e', 'for epoch in 0 1 2 3; do', '  mkdir -p "$TRAWL_SAVE/$epoch"', '  dd if=/dev/zero of="$TRAWL_SAVE/$epoch/weights" bs=64k count=20 2>&1', '  echo "{\\"epoch\\": $epoch, \\"metrics\\": {\\"val.loss\\": 0.$epoch}}"', 'done', ''].join('\n'));
  writeFileSync(join(folder, 'program.yaml'), `name: saving\ntrainable: {command: [sh, ${program}]}\nspace: {a: [1], epochs: 4}\nobjective: {minimize: val.loss}\n`);
  const home = join(folder, 'program');
  const disk = await SmallDisk.at(join(home, 'worker'), '1m');
  context.after(() => disk.close());
  const run = (): Run => disk.trawl('run', join(folder, 'program.yaml'), '--home', home, '--slots', '1', '--json');
  await assertPaused(run(), /^paused: the program exited with code 1 in epoch \d with no room left on the disk of \S+/m);
  disk.makeRoom('200m');
  const { code, stdout } = await run().ended;
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as RunDocument).trials[0]?.state, 'completed');
});

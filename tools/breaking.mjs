// Checks that proto/trawl.proto can still be read by what is deployed: workers and coordinators of one
// protocol version are not updated at the same moment. Compared with the last commit of main,
// offline. A change that breaks raises PROTOCOL_VERSION: the other side then
// says so in one line. With an argument, looks at that folder in place of this repository (a test does).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const buf = join(dirname(require.resolve('@bufbuild/buf/package.json')), 'bin', 'buf');

/** What git says; null where it has nothing to say. */
function git(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

/** The last commit of main that this stands on; where that is this commit, its parent too: it may be what has just become main. */
function bases() {
  const head = git('rev-parse', 'HEAD');
  const base = git('merge-base', 'HEAD', 'origin/main') ?? git('merge-base', 'HEAD', 'main') ?? head;
  return [base, base === head ? git('rev-parse', '--verify', 'HEAD^') : null].filter((commit) => commit !== null);
}

const versionIn = (text) => /PROTOCOL_VERSION = (\d+)/.exec(text)?.[1];

function check(base) {
  const before = git('show', `${base}:proto/messages.ts`);
  if (before === null) return;
  if (versionIn(before) !== versionIn(readFileSync(join(root, 'proto', 'messages.ts'), 'utf8'))) {
    console.error(`protocol: PROTOCOL_VERSION was raised from ${versionIn(before)}, so proto/trawl.proto may break`);
    return;
  }
  // Its files, and not the repository: a shallow or detached checkout, as CI has, is no source that buf can read.
  const folder = mkdtempSync(join(tmpdir(), 'trawl-protocol-'));
  try {
    mkdirSync(join(folder, 'proto'));
    for (const file of ['buf.yaml', join('proto', 'trawl.proto')]) writeFileSync(join(folder, file), git('show', `${base}:${file}`) ?? '');
    const { status } = spawnSync(process.execPath, [buf, 'breaking', '--against', folder], { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const found = bases();
if (found.length === 0) console.error('protocol: there is no earlier commit to compare proto/trawl.proto with');
for (const base of found) check(base);

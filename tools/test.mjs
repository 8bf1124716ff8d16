/**
 * Runs the tests in dist/test, or those whose path contains one of the words given:
 * `npm test -- parse store`. Starts one embedded Postgres for the whole run (each test file makes a
 * database of its own on it). A file that does not end by itself, because of a leaked process,
 * socket or timer, is ended at the limit and counts as failed.
 */
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const FILE_LIMIT_MS = 15 * 60_000;
const CONCURRENCY = 2;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tests = join(root, 'dist', 'test');

function testFiles(words) {
  const all = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.js'));
  const chosen = words.length === 0 ? all : all.filter((file) => words.some((word) => file.includes(word)));
  return chosen.sort().map((file) => join(tests, file));
}

/** Without it every test file that needs a database starts one of its own: slower, and just as good. */
async function startPostgres() {
  const { startTestServer } = await import(new URL('../dist/test/support/postgres.js', import.meta.url).href);
  return startTestServer();
}

/** Counts tests, not suites and not the entries that stand for a whole file. */
function countInto(counts, stream) {
  const isCounted = (event) => event.details?.type !== 'suite' && event.name !== event.file && !event.name.endsWith('.test.js');
  stream.on('test:pass', (event) => {
    if (!isCounted(event)) return;
    if (event.skip !== undefined && event.skip !== false) counts.skipped += 1;
    else counts.passed += 1;
  });
  stream.on('test:fail', (event) => {
    // A failing file entry without a failing test inside: it did not load, leaked, or was ended.
    const isEcho = event.details?.error?.failureType === 'subtestsFailed';
    if (isEcho) return;
    counts.failed += 1;
    counts.names.push(`${relative(root, event.file ?? '')}: ${event.name}`);
  });
}

async function runAll(files) {
  const counts = { passed: 0, failed: 0, skipped: 0, names: [] };
  const stream = run({ files, concurrency: CONCURRENCY, timeout: FILE_LIMIT_MS });
  countInto(counts, stream);
  const reporter = new spec();
  stream.compose(reporter).pipe(process.stdout, { end: false });
  await new Promise((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
  });
  await new Promise((resolve) => setImmediate(resolve));
  return counts;
}

const words = process.argv.slice(2);
const files = testFiles(words);
if (files.length === 0) {
  process.stderr.write(`no test file has ${words.map((word) => `"${word}"`).join(' or ')} in its path\n`);
  process.exit(2);
}
let postgres;
try {
  postgres = await startPostgres();
  process.env.TRAWL_TEST_POSTGRES = postgres.url;
  const counts = await runAll(files);
  for (const name of counts.names) process.stdout.write(`failed: ${name}\n`);
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
} finally {
  await postgres?.stop();
}

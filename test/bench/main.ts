/** `npm run bench -- NAME [--quick] [--against PYTHON] [--case CASE] [--minutes N]`: measurements as JSON lines on stdout. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../proto/package-root.js';
import { emitter, type Bench } from './bench.js';
import { MODELS, NETWORKS } from './engine-models.js';

const folder = join(packageRoot(), 'dist', 'test', 'bench');
/** Files beside the benches that are none. */
const SUPPORT = ['main', 'bench', 'filled-store', 'engine-child', 'engine-models', 'engine-pixels', 'fleet-workers', 'fleet-load', 'browser-page', 'local-fleet', 'native'];

/** Of the benches of which some can be run alone. */
const CASES: { readonly [bench: string]: readonly string[] } = { engine: MODELS.map((model) => model.name), zoo: NETWORKS.map((model) => model.name) };

function benchNames(): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
  return files.map((file) => file.slice(0, -3)).filter((name) => !SUPPORT.includes(name));
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, against: { type: 'string' }, case: { type: 'string', multiple: true, default: [] }, minutes: { type: 'string' } },
  });
  const name = positionals[0];
  if (name === undefined || positionals.length > 1 || !benchNames().includes(name)) {
    process.stderr.write(`bench: found ${name ?? 'no name'}, expected one of ${benchNames().join(', ')}: npm run bench -- NAME [--quick] [--against PYTHON] [--case CASE] [--minutes N]\n`);
    return 2;
  }
  if (values.against !== undefined && !existsSync(values.against)) {
    process.stderr.write(`bench: --against: found ${values.against}, expected the path of a Python program\n`);
    return 2;
  }
  const cases = CASES[name] ?? [];
  const unknown = values.case.filter((one) => !cases.includes(one));
  if (unknown.length > 0) {
    const known = Object.entries(CASES).map(([bench, of]) => `cases of ${bench}: ${of.join(', ')}`);
    process.stderr.write(`bench: --case: found ${unknown.join(', ')} of ${name}, expected ${cases.length > 0 ? cases.join(', ') : known.join('; ')}\n`);
    return 2;
  }
  const minutes = values.minutes === undefined ? null : Number(values.minutes);
  if (minutes !== null && !(minutes > 0 && minutes <= 1_440)) {
    process.stderr.write(`bench: --minutes: found ${values.minutes}, expected a number above 0, at most 1440\n`);
    return 2;
  }
  const { run } = (await import(pathToFileURL(join(folder, `${name}.js`)).href)) as { run: Bench };
  await run({ quick: values.quick, against: values.against ?? null, cases: values.case, minutes }, emitter(name));
  return 0;
}

process.exitCode = await main();

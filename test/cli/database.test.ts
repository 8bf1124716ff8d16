import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { databaseOf, rememberDatabase } from '../../cli/database.js';
import { homeAt } from '../../cli/home.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-database-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const home = homeAt(join(folder, 'home'));
const file = join(folder, 'database');
const environment = { TRAWL_DATABASE_FILE: file };

it('a file that the environment names goes before what the home remembers, and --database before both', () => {
  rememberDatabase(home, 'postgres://remembered/trawl');
  writeFileSync(file, 'postgres://trawl:secret@db:5432/trawl\n');
  assert.equal(databaseOf(home, undefined, {}), 'postgres://remembered/trawl');
  assert.equal(databaseOf(home, undefined, environment), 'postgres://trawl:secret@db:5432/trawl');
  assert.equal(databaseOf(home, 'postgres://given/trawl', environment), 'postgres://given/trawl');
});

it('a file that is missing, or holds something else, is told without what it holds', () => {
  assert.throws(() => databaseOf(home, undefined, { TRAWL_DATABASE_FILE: join(folder, 'nowhere') }), /^BadInput: TRAWL_DATABASE_FILE: found .*nowhere, which cannot be read/);
  writeFileSync(file, 'my-password');
  assert.throws(() => databaseOf(home, undefined, environment), (error: Error) => /TRAWL_DATABASE_FILE: found .*which holds no address/.test(error.message) && !error.message.includes('my-password'));
});

it('a socket is named by a parameter, with no host beside the login; anything else without a host is no address', () => {
  const socket = 'postgresql://ada:secret@/trawl?host=/run/postgresql';
  assert.equal(databaseOf(home, socket), socket);
  writeFileSync(file, socket);
  assert.equal(databaseOf(home, undefined, environment), socket);
  for (const text of ['postgresql://ada:secret@/trawl', 'mysql://ada:secret@/trawl?host=/run/mysql']) {
    assert.throws(() => databaseOf(home, text), (error: Error) => error.name === 'BadInput' && !error.message.includes('secret'), text);
  }
});

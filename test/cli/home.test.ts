import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../support/images.js';
import { trawl } from './trawl.js';

/** A place in the folder where no home can be, each with what is said of it. */
const PLACES: readonly { readonly name: string; readonly make: (folder: string) => string; readonly said: RegExp }[] = [
  { name: 'a file', make: (folder) => join(folder, 'file'), said: /file", which is no folder, expected a folder that can be written to/ },
  { name: 'inside a file', make: (folder) => join(folder, 'file', 'a', 'b'), said: /b" in ".*file", which is no folder, expected/ },
  { name: 'a link to nothing', make: (folder) => join(folder, 'link'), said: /which is a link to nothing, expected/ },
  { name: 'nothing', make: () => '', said: /found "", expected/ },
  ...(process.platform === 'linux' ? [{ name: '/proc', make: () => '/proc/foo', said: /in "\/proc", which is a folder of the kernel, expected/ }] : []),
];

describe('a home that cannot be is bad input, found before anything is made', () => {
  for (const { name, make, said } of PLACES) {
    it(name, async (t) => {
      const folder = temporaryFolder(t);
      writeFileSync(join(folder, 'file'), '');
      symlinkSync(join(folder, 'gone'), join(folder, 'link'));
      mkdirSync(join(folder, 'images'));
      const home = make(folder);
      const before = readdirSync(folder);
      for (const args of [['run', join(folder, 'images')], ['ls'], ['up']]) {
        const { code, stderr } = await trawl([...args, '--home', home]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, said);
        assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
      }
      const { code, stdout } = await trawl(['doctor', '--home', home]);
      assert.equal(code, 1, stdout);
      assert.match(stdout, /^problem {2}home: .*expected a folder that can be written to\n {9}make it a folder of yours/m);
      assert.deepEqual(readdirSync(folder), before);
    });
  }
});

describe('a database server that cannot be used', () => {
  for (const args of [['run', 'sweep.yaml'], ['ls'], ['up']]) {
    it(`trawl ${args.join(' ')} says so in one line and leaves no home behind`, async (t) => {
      const folder = temporaryFolder(t);
      writeFileSync(join(folder, 'sweep.yaml'), "name: s\ntrainable: {synthetic: {epochMs: 20, metrics: {val.loss: 'a / (epoch + 1)'}}}\nspace: {a: [0.1, 0.2], epochs: [2]}\nobjective: {minimize: val.loss}\n");
      const { code, stderr } = await trawl([...args, '--home', 'home', '--database', 'postgres://nobody:secret@127.0.0.1:9/none'], { cwd: folder });
      assert.equal(code, 1, stderr);
      assert.match(stderr, /the database at postgres:\/\/\*\*\*@127\.0\.0\.1:9\/none cannot be used: connect ECONNREFUSED/);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
      assert.deepEqual(readdirSync(folder), ['sweep.yaml']);
    });
  }
});
